"""Translations: the PO files of ``web/locale`` are the only source, for Python, for the templates and for the page.

The page gets its part, every message that occurs under ``static/``, as JSON. Server codes (``error.busy``) are messages
like any other: `static/src/i18n/codes.ts` lists those, so that the extraction sees them.
"""

import gettext
import hashlib
import io
import json
from functools import cache
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: dict[str, str] = {"pt-BR": "Português (Brasil)", "es": "Español", "en": "English"}
"""Language tag (BCP 47) to its own name, in the order in which a page offers them."""

DEFAULT_LANGUAGE = "pt-BR"

_LOCALE = Path(__file__).parent / "locale"
_MAX_ACCEPT_LANGUAGE = 1000  # characters; browsers send fewer than 200


def po_path(language: str) -> Path:
    """Where the catalogue of ``language`` is. Raises `KeyError` for a language that is not in `LANGUAGES`."""
    if language not in LANGUAGES:
        raise KeyError(language)
    return _LOCALE / language.replace("-", "_") / "LC_MESSAGES" / "messages.po"


@cache
def catalog(language: str) -> Catalog:
    """The catalogue of ``language``, read once. Raises `KeyError` for an unknown language."""
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language.replace("-", "_"))


@cache
def translations(language: str) -> gettext.GNUTranslations:
    """What Jinja's ``install_gettext_translations`` takes. Raises `KeyError` for an unknown language."""
    compiled = io.BytesIO()
    write_mo(compiled, catalog(language))
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


@cache
def catalog_json(language: str) -> bytes:
    """The page's messages as a JSON object: ``{"language", "messages": {msgid: text or [one, other]}}``.

    Raises `KeyError` for an unknown language.
    """
    messages: dict[str, str | list[str]] = {}
    for message in catalog(language):
        if not any(file.startswith("static/") for file, _line in message.locations):
            continue
        if isinstance(message.id, str):
            messages[message.id] = str(message.string)
        else:
            messages[message.id[0]] = [str(form) for form in message.string or ()]
    payload = {"language": language, "messages": messages}
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode()


@cache
def catalog_version(language: str) -> str:
    """Changes whenever `catalog_json` does: 12 hexadecimal digits, for a URL that is cached for ever."""
    return hashlib.sha256(catalog_json(language)).hexdigest()[:12]


def negotiate(accept_language: str) -> str:
    """The language of `LANGUAGES` that an ``Accept-Language`` value (RFC 9110 section 12.5.4) wants most.

    Never raises: what is malformed is skipped, and `DEFAULT_LANGUAGE` is the answer to nothing.
    """
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for item in accept_language[:_MAX_ACCEPT_LANGUAGE].split(","):
        tag, _, parameter = item.partition(";")
        language = _by_primary_subtag(tag.strip())
        quality = _quality(parameter.strip())
        if language is not None and quality > best_quality:
            best, best_quality = language, quality
    return best


def _by_primary_subtag(tag: str) -> str | None:
    primary = tag.partition("-")[0].lower()
    return next((language for language in LANGUAGES if language.partition("-")[0] == primary), None)


def _quality(parameter: str) -> float:
    if not parameter:
        return 1.0
    name, _, value = parameter.partition("=")
    if name.strip().lower() != "q":
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if 0.0 <= quality <= 1.0 else 0.0
