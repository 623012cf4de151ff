"""The catalogues are complete, and the page, the templates and Python read the same ones."""

import json
import re
from pathlib import Path

import pytest

from signaling.causes import Cause
from signaling.views import LineState, RecordingState
from web import catalogs
from web.i18n import LANGUAGES, catalog, catalog_json, catalog_version, negotiate, po_path, translations

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_sources_is_translated(language: str) -> None:
    known = catalog(language)
    missing, fuzzy, strange = [], [], []
    for message in catalogs.extract():
        if not message.id:
            continue
        translated = known.get(message.id)
        if translated is None or not catalogs.filled(translated.string):
            missing.append(message.id)
        elif translated.fuzzy:
            fuzzy.append(message.id)
        elif _placeholders(message.id) != _placeholders(translated.string):
            strange.append(message.id)
    assert (missing, fuzzy, strange) == ([], [], [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_catalogue_has_nothing_else_and_is_as_the_tool_writes_it(language: str) -> None:
    assert po_path(language).read_bytes() == catalogs.update(language), "run: python -m web.catalogs"


def test_the_extraction_misses_no_call_in_the_typescript() -> None:
    found = {
        one for message in catalogs.extract() for one in (message.id if isinstance(message.id, tuple) else [message.id])
    }
    for path in (ROOT / "static" / "src").rglob("*.ts"):
        source = re.sub(r"/\*.*?\*/|//.*", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        calls = re.findall(r"(?<![\w.#])[tn]\(\s*([^)\s])", source)
        if path.parts[-2:] != ("i18n", "index.ts"):
            assert set(calls) <= {'"'}, f"{path.name}: t() and n() take literals in double quotes"
        for text in re.findall(r'(?<![\w.#])t\(\s*("(?:[^"\\]|\\.)*")', source):
            assert json.loads(text) in found


def test_every_code_that_the_server_sends_has_words() -> None:
    for language in LANGUAGES:
        messages = json.loads(catalog_json(language))["messages"]
        codes = [f"cause.{cause}" for cause in Cause] + [f"line.state.{state}" for state in LineState]
        codes += [f"recording.{state}" for state in RecordingState] + [f"error.{code}" for code in _error_codes()]
        codes += [f"line.reason.{reason}" for reason in _line_reasons()]
        assert [code for code in codes if not messages.get(code)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_gets_its_own_texts_as_json(language: str) -> None:
    payload = json.loads(catalog_json(language))
    assert payload["language"] == language
    assert payload["messages"]["{count} page open"][1].startswith("{count} ")
    assert "There is no such page." not in payload["messages"]
    assert re.fullmatch(r"[0-9a-f]{12}", catalog_version(language))


def test_versions_differ_by_content() -> None:
    assert len({catalog_version(language) for language in LANGUAGES}) == len(LANGUAGES)


def test_templates_speak_the_language() -> None:
    assert translations("pt-BR").gettext("Log in") == "Entrar"
    assert translations("es").gettext("Log in") == "Iniciar sesión"
    assert translations("pt-BR").ngettext("{count} page open", "{count} pages open", 0) == "{count} página aberta"
    assert translations("es").ngettext("{count} page open", "{count} pages open", 0) == "{count} páginas abiertas"


def test_an_unknown_language_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        catalog_json("fr")


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "pt-BR"),
        ("pt-BR,pt;q=0.9,en;q=0.8", "pt-BR"),
        ("es-AR,es;q=0.9,en;q=0.8", "es"),
        ("fr-FR,fr;q=0.9,en-GB;q=0.5", "en"),
        ("en;q=0.2, es;q=0.7", "es"),
        ("EN", "en"),
        ("es;q=0", "pt-BR"),
        ("en;q=abc, es;q=0.1", "es"),
        ("en;q=7, es;q=0.1", "es"),
        ("en;level=1", "en"),
        ("fr, de", "pt-BR"),
        ("*", "pt-BR"),
        (";;,,=;q", "pt-BR"),
        ("en," * 100_000, "en"),
    ],
)
def test_the_browser_is_asked_which_language(header: str, language: str) -> None:
    assert negotiate(header) == language


def _placeholders(text: catalogs.Text | None) -> set[str]:
    joined = text if isinstance(text, str) else " ".join(text or ())
    return set(re.findall(r"\{\w+\}", joined))


def _error_codes() -> set[str]:
    """Every ``Problem(status, "code"`` of the web room."""
    found: set[str] = set()
    for path in (ROOT / "web").rglob("*.py"):
        found |= set(re.findall(r'Problem\(\s*\d{3},\s*"(\w+)"', path.read_text(encoding="utf-8")))
    assert "bad_credentials" in found
    return found


def _line_reasons() -> set[str]:
    """The codes that `signaling.views.LineView` documents."""
    source = (ROOT / "signaling" / "views.py").read_text(encoding="utf-8")
    match = re.search(r"``reason`` is a code in snake case \((.*?)\)", source, re.DOTALL)
    assert match is not None
    return set(re.findall(r"``(\w+)``", match[1]))
