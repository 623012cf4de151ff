"""The routes that answer with a page, and the files that pages load."""

from aiohttp import web
from yarl import URL

from ..i18n import LANGUAGES, catalog_json, catalog_version
from ..keys import ASSETS, RENDERER, SESSIONS, SETTINGS
from ..security import IMMUTABLE
from .assets import pack, packed_response

PHONE = "static/src/main.ts"
LOGIN = "static/src/login.ts"
PHONE_PATHS = ("/", "/calls", "/calls/{call}", "/settings", "/lines")


async def phone(request: web.Request) -> web.StreamResponse:
    """The same shell for every place of the phone: the front end routes. Holds no data of anybody."""
    visitor = await request.app[SESSIONS].visitor(request)
    if visitor is None:
        target = request.rel_url.path
        return _see(URL("/login") if target == "/" else URL("/login").with_query(next=target))
    renderer = request.app[RENDERER]
    language = renderer.language(request, visitor.user)
    return renderer.page("phone.html", language=language, entry=PHONE, theme=visitor.user.theme)


async def login(request: web.Request) -> web.StreamResponse:
    """``?language=`` chooses a language for this browser; ``?next=`` is a place of the phone to go to after."""
    renderer = request.app[RENDERER]
    if await request.app[SESSIONS].visitor(request) is not None:
        return _see(URL("/"))
    chosen = request.query.get("language")
    language = chosen if chosen in LANGUAGES else renderer.language(request)
    response = renderer.page("login.html", language=language, entry=LOGIN, next=_inside(request.query.get("next", "/")))
    if chosen in LANGUAGES:
        renderer.remember_language(response, chosen)
    return response


def error_page(request: web.Request, status: int) -> web.Response:
    """An error in the reader's language, for who came with a browser."""
    renderer = request.app[RENDERER]
    language = renderer.language(request)
    title = renderer.text(language, _title(status))
    detail = request.app[SETTINGS].public_url if status == 421 else ""
    return renderer.page(
        "error.html", language=language, entry=LOGIN, status=status, title=title, detail=detail, next="/"
    )


async def asset(request: web.Request) -> web.StreamResponse:
    return request.app[ASSETS].respond(request, request.match_info["name"])


async def catalog(request: web.Request) -> web.StreamResponse:
    """A language's texts; the version in the name changes with the content, so it is kept for ever."""
    language, version = request.match_info["language"], request.match_info["version"]
    if language not in LANGUAGES or version != catalog_version(language):
        raise web.HTTPNotFound
    body = catalog_json(language)
    headers = {"Cache-Control": IMMUTABLE, "Content-Type": "application/json"}
    return packed_response(request, body, pack(body), headers)


def add(app: web.Application) -> None:
    for path in PHONE_PATHS:
        app.router.add_get(path, phone)
    app.router.add_get("/login", login)
    app.router.add_get(r"/static/{name:[A-Za-z0-9_./-]+}", asset)
    app.router.add_get(r"/locale/{language:[A-Za-z-]+}.{version:[0-9a-f]+}.json", catalog)


def _see(target: URL) -> web.Response:
    return web.Response(status=303, headers={"Location": str(target)})


def _inside(target: str) -> str:
    """A path of this site, never another site: ``//host`` and ``/\\host`` lead away."""
    good = target.startswith("/") and not target.startswith(("//", "/\\")) and target.isprintable()
    return target if good else "/"


def _(message: str) -> str:
    """Marks a message for the catalogue; it is translated where it is shown."""
    return message


_TITLES = {
    403: _("This is not allowed here."),
    404: _("There is no such page."),
    405: _("There is no such page."),
    421: _("This phone has another address."),
}


def _title(status: int) -> str:
    return _TITLES.get(status) or (_("Something is wrong with this request.") if status < 500 else _SERVER_ERROR)


_SERVER_ERROR = _("Something went wrong on our side. Please try again.")
