"""Brings the catalogues of ``web/locale`` up to date with the sources: ``python -m web.catalogs``, for developers.

New messages come in empty, messages that are gone go, and a test fails until the empty ones are translated. In the
English catalogue a message is its own translation, unless it is a code (``cause.busy``).
"""

import io
import json
import re
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po, write_po

from .i18n import LANGUAGES, po_path

_ROOT = Path(__file__).parent.parent
_FOLDERS = (_ROOT / "static" / "src", _ROOT / "web")
_CODE = re.compile(r"[a-z]+(?:[._][a-z0-9]+)*\.[a-z0-9_]+\Z")
_STRING = r'"(?:[^"\\]|\\.)*"'
_TEXT = re.compile(rf"(?<![\w.])(?:t\(\s*(?P<text>{_STRING})|n\(\s*(?P<one>{_STRING})\s*,\s*(?P<other>{_STRING}))")

Text = str | list[str] | tuple[str, ...]


def extract() -> Catalog:
    """Every message of the sources with the files it occurs in. Needs a checkout: an installed wheel has no sources."""
    with (_ROOT / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file)  # type: ignore[no-untyped-call]
    template = Catalog()
    for path, _line, message, comments, context in extract_from_dir(
        _ROOT, methods, options, directory_filter=_holds_texts
    ):
        template.add(message, None, [(path, 0)], auto_comments=comments, context=context)
    return template


def extract_typescript(
    file: IO[bytes], _keywords: Mapping[str, Any], _tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[tuple[int, str, str | tuple[str, str], list[str]]]:
    """A Babel extraction method: ``t("…")`` and ``n("…", "…")`` with literals in double quotes, as this project writes
    them. Babel's own method for JavaScript misses calls in templates that are nested in templates.
    """
    source = file.read().decode()
    for match in _TEXT.finditer(source):
        line = source.count("\n", 0, match.start()) + 1
        if match["text"] is not None:
            yield line, "gettext", json.loads(match["text"]), []
        else:
            yield line, "ngettext", (json.loads(match["one"]), json.loads(match["other"])), []


def update(language: str) -> bytes:
    """The catalogue of ``language`` as it should be: the messages of the sources with the translations that it has."""
    locale = language.replace("-", "_")
    path = po_path(language)
    known = read_po(io.BytesIO(path.read_bytes() if path.exists() else b""), locale=locale)
    fresh = Catalog(locale=locale)
    for message in extract():
        if not message.id:
            continue
        old = known.get(message.id)
        text = old.string if old is not None and filled(old.string) else _untranslated(message.id, language)
        fresh.add(message.id, text, sorted({(file, 0) for file, _line in message.locations}))
    body = io.BytesIO()
    write_po(body, fresh, width=0, omit_header=True, sort_output=True, include_lineno=False)
    return _header(fresh) + body.getvalue()


def filled(text: Text | None) -> bool:
    """Whether a translation, with all its plural forms, is there."""
    if text is None or isinstance(text, str):
        return bool(text)
    return all(text)


def _holds_texts(folder: str) -> bool:
    path = Path(folder)
    return any(path.is_relative_to(wanted) or wanted.is_relative_to(path) for wanted in _FOLDERS)


def _untranslated(message: Text, language: str) -> Text:
    if language == "en" and not (isinstance(message, str) and _CODE.match(message)):
        return message
    return "" if isinstance(message, str) else ("", "")


def _header(catalog: Catalog) -> bytes:
    """Only what a reader needs: a date in it would change at every update."""
    return (
        f'msgid ""\nmsgstr ""\n"Language: {catalog.locale_identifier}\\n"\n'
        f'"Plural-Forms: {catalog.plural_forms}\\n"\n'
        '"MIME-Version: 1.0\\n"\n"Content-Type: text/plain; charset=utf-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n\n'
    ).encode()


def main() -> None:
    for language in LANGUAGES:
        content = update(language)
        path = po_path(language)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


if __name__ == "__main__":
    main()
