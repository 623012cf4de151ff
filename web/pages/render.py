"""Templates in the reader's language."""

from pathlib import Path
from typing import Any

from aiohttp import hdrs, web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from ..i18n import LANGUAGES, catalog_version, negotiate, translations
from ..store.tables import User
from .assets import Assets

_TEMPLATES = Path(__file__).parents[1] / "templates"
LANGUAGE_COOKIE = "ramal-language"
_YEAR = 31_536_000  # seconds


class Renderer:
    """One environment for each language: a template is compiled once, with its translations."""

    def __init__(self, assets: Assets, *, secure: bool) -> None:
        self._assets = assets
        self._secure = secure
        self._environments = {language: _environment(language) for language in LANGUAGES}

    def language(self, request: web.BaseRequest, user: User | None = None) -> str:
        """The user's own, else the cookie's, else what the browser wants most, else Portuguese."""
        if user is not None and user.language in LANGUAGES:
            return user.language
        cookie = request.cookies.get(LANGUAGE_COOKIE)
        if cookie in LANGUAGES:
            return cookie
        return negotiate(request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))

    def remember_language(self, response: web.StreamResponse, language: str) -> None:
        """So that the log-in page of this browser speaks it too. Holds no secret and is no session."""
        response.set_cookie(
            LANGUAGE_COOKIE, language, path="/", max_age=_YEAR, samesite="Lax", secure=self._secure, httponly=True
        )

    def text(self, language: str, message: str) -> str:
        """A message of the catalogue."""
        return translations(language).gettext(message)

    def page(
        self,
        template: str,
        *,
        language: str,
        entry: str,
        theme: str = "system",
        status: int = 200,
        **values: Any,
    ) -> web.Response:
        """``entry`` is the source of Vite's entry, such as ``static/src/main.ts``."""
        body = (
            self._environments[language]
            .get_template(template)
            .render(
                language=language,
                languages=LANGUAGES,
                theme=theme,
                status=status,
                catalogs={tag: f"/locale/{tag}.{catalog_version(tag)}.json" for tag in LANGUAGES},
                assets=self._assets.entry(entry),
                **values,
            )
        )
        response = web.Response(status=status, text=body, content_type="text/html")
        response.headers[hdrs.VARY] = f"{hdrs.COOKIE}, {hdrs.ACCEPT_LANGUAGE}"
        return response


def _environment(language: str) -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        extensions=["jinja2.ext.i18n"],
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    return environment
