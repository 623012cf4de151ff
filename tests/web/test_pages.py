"""The pages: who is sent where, in which language, with which files."""

import gzip
import json
import os
import re
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from yarl import URL

from web.pages.assets import Assets, Entry
from web.pages.views import _inside

from .house import House, house

MANIFEST = {
    "static/src/main.ts": {"file": "assets/main-1.js", "css": ["assets/main-2.css"], "imports": ["_shared.js"]},
    "static/src/login.ts": {"file": "assets/login-3.js", "imports": ["_shared.js"]},
    "_shared.js": {"file": "assets/shared-4.js", "css": ["assets/shared-5.css"], "imports": ["_deep.js"]},
    "_deep.js": {"file": "assets/deep-6.js", "imports": ["_shared.js"]},
}
SCRIPT = "export const answer = 42;\n" * 50


def build(folder: Path) -> Path:
    (folder / ".vite").mkdir(parents=True)
    (folder / "assets").mkdir()
    for chunk in MANIFEST.values():
        for name in (chunk["file"], *chunk.get("css", ())):
            assert isinstance(name, str)
            (folder / name).write_text(SCRIPT)
    (folder / "assets" / "font.woff2").write_bytes(b"wOF2")
    (folder / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    return folder


@pytest.fixture
async def built(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[House]:
    build(tmp_path / "no-build")
    async with house(tmp_path, unused_tcp_port_factory()) as made:
        yield made


def test_an_entry_brings_what_it_imports(tmp_path: Path) -> None:
    assets = Assets(build(tmp_path / "b"))
    assert assets.is_built
    assert assets.entry("static/src/main.ts") == Entry(
        js=("/static/assets/main-1.js",),
        css=("/static/assets/main-2.css", "/static/assets/shared-5.css"),
        preloads=("/static/assets/shared-4.js", "/static/assets/deep-6.js"),
    )
    assert assets.entry("static/src/other.ts") == Entry()


def test_a_new_build_is_noticed(tmp_path: Path) -> None:
    folder = build(tmp_path / "b")
    assets = Assets(folder)
    manifest = folder / ".vite" / "manifest.json"
    manifest.write_text(json.dumps({"static/src/main.ts": {"file": "assets/main-9.js"}}))
    os.utime(manifest, (1, 1))
    assert assets.entry("static/src/main.ts").js == ("/static/assets/main-9.js",)


def test_without_a_build_there_is_nothing_and_that_is_said(tmp_path: Path) -> None:
    assets = Assets(tmp_path)
    assert not assets.is_built and assets.entry("static/src/main.ts") == Entry()


async def test_files_are_packed_where_that_helps(built: House) -> None:
    async with built.page() as page:
        packed = await page.get("/static/assets/main-1.js", headers={"Accept-Encoding": "gzip"})
        assert packed.headers["Content-Encoding"] == "gzip" and packed.headers["Vary"] == "Accept-Encoding"
        assert packed.content_type == "text/javascript" and await packed.text() == SCRIPT
        assert int(packed.headers["Content-Length"]) == len(gzip.compress(SCRIPT.encode(), 9, mtime=0))
        plain = await page.get("/static/assets/main-1.js", headers={"Accept-Encoding": "identity"})
        assert "Content-Encoding" not in plain.headers and await plain.text() == SCRIPT
        font = await page.get("/static/assets/font.woff2", headers={"Accept-Encoding": "gzip"})
        assert "Content-Encoding" not in font.headers and font.content_type == "font/woff2"


@pytest.mark.parametrize(
    "path", ["/static/../secret", "/static/%2e%2e/ramal.db", "/static/.vite/manifest.json", "/static/", "/static/x//y"]
)
async def test_only_built_files_are_served(built: House, path: str) -> None:
    async with built.page() as page:
        response = await page.session.get(URL(built.origin + path, encoded=True), allow_redirects=False)
        assert response.status == 404


@pytest.mark.parametrize("path", ["/", "/calls", "/calls/c1", "/settings", "/lines"])
async def test_without_a_session_a_page_leads_to_the_log_in(built: House, path: str) -> None:
    async with built.page() as page:
        response = await page.get(path)
        assert response.status == 303
        assert response.headers["Location"] == ("/login" if path == "/" else f"/login?next={path}")
    async with built.logged_in() as page:
        response = await page.get(path)
        text = await response.text()
        assert response.status == 200 and 'src="/static/assets/main-1.js"' in text
        assert 'href="/static/assets/main-2.css"' in text and "login-3" not in text
        assert built.here.users["ana"] not in text and "Ana" not in text  # a shell without anybody's data


async def test_who_is_logged_in_needs_no_log_in_page(built: House) -> None:
    async with built.logged_in() as page:
        response = await page.get("/login")
        assert (response.status, response.headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("headers", "language"),
    [
        ({}, "pt-BR"),
        ({"Accept-Language": "es-AR,es;q=0.9,en;q=0.8"}, "es"),
        ({"Accept-Language": "en-US"}, "en"),
        ({"Accept-Language": "ja"}, "pt-BR"),
        ({"Accept-Language": "en", "Cookie": "ramal-language=es"}, "es"),
        ({"Accept-Language": "en", "Cookie": "ramal-language=xx"}, "en"),
    ],
)
async def test_the_log_in_speaks_the_language_of_the_browser(
    built: House, headers: dict[str, str], language: str
) -> None:
    async with built.page() as page:
        response = await page.get("/login", headers=headers)
        assert f'<html lang="{language}"' in await response.text()
        assert "Accept-Language" in response.headers["Vary"]


async def test_a_chosen_language_is_remembered(built: House) -> None:
    async with built.page() as page:
        response = await page.get("/login?language=en")
        assert '<html lang="en"' in await response.text()
        assert "ramal-language=en" in response.headers["Set-Cookie"]
        assert '<html lang="en"' in await (await page.get("/login")).text()
        wrong = await page.get("/login?language=fr")
        assert "Set-Cookie" not in wrong.headers


async def test_the_own_language_and_theme_win(built: House) -> None:
    async with built.logged_in() as page:
        await page.send("PATCH", "/me", {"language": "es", "theme": "dark"})
        text = await (await page.get("/", headers={"Accept-Language": "en"})).text()
        assert '<html lang="es" data-theme="dark"' in text


async def test_every_language_has_its_catalogue_for_ever(built: House) -> None:
    async with built.page() as page:
        text = await (await page.get("/login")).text()
        urls = set(re.findall(r"/locale/[A-Za-z-]+\.[0-9a-f]+\.json", text))
        assert {url.split("/")[2].partition(".")[0] for url in urls} == {"pt-BR", "es", "en"}
        for url in urls:
            catalog = await page.get(url)
            assert catalog.status == 200 and "immutable" in catalog.headers["Cache-Control"]
            assert (await catalog.json())["messages"]
        assert (await page.get("/locale/pt-BR.000000000000.json")).status == 404
        assert (await page.get("/locale/xx.000000000000.json")).status == 404


@pytest.mark.parametrize(
    ("target", "inside"),
    [
        ("/calls/c1", "/calls/c1"),
        ("https://evil.example", "/"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("/\tevil", "/"),
        ("javascript:alert(1)", "/"),
        ("", "/"),
    ],
)
def test_after_the_log_in_nobody_is_led_away(target: str, inside: str) -> None:
    assert _inside(target) == inside
