"""Clone, ``make run``, call: what the README promises, on a machine without Node and without a cache of ours."""

import asyncio
import contextlib
import os
import re
import signal
import subprocess
import zipfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import pytest
from playwright.async_api import async_playwright

from tests.browser.chromium import launch, write_tone
from tests.browser.exchange import until
from tests.browser.phone import Phone
from tests.pbx.asterisk import free_port

from .machine import environment

ROOT = Path(__file__).resolve().parents[2]
SET_UP = 420.0  # seconds; a minute on a good line
pytestmark = [pytest.mark.fresh, pytest.mark.timeout(600)]


ADDRESS = r"(http://\S+)"
INSTALLED = "Python packages"  # the step of the Makefile
LOGIN = r"^\s*ana\s+\W*(\S+)"  # the agent's name and password


@dataclass
class Demo:
    """What ``make run`` prints, kept in a file."""

    said: Path

    def found(self, pattern: str) -> str | None:
        match = re.search(pattern, self.said.read_text(errors="replace"), re.MULTILINE)
        return match[1] if match is not None else None


@asynccontextmanager
async def make_run(clone: Path, env: dict[str, str], said: Path) -> AsyncIterator[Demo]:
    """``make run`` until the address and a log-in are printed; interrupted at the end, as by Ctrl-C."""
    demo = Demo(said)
    with contextlib.closing(_open(said)) as out:
        process = await asyncio.create_subprocess_exec(
            "make", "run", cwd=clone, env=env, stdout=out, stderr=out, start_new_session=True
        )

    def printed() -> bool:
        assert process.returncode is None, f"make run ended: {said.read_text(errors='replace')[-4000:]}"
        return demo.found(ADDRESS) is not None and demo.found(LOGIN) is not None

    try:
        await until(printed, SET_UP, "make run prints an address and a log-in")
        yield demo
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGINT)
        async with asyncio.timeout(30):
            await process.wait()


def _open(path: Path) -> IO[bytes]:
    return open(path, "wb")


async def call(url: str, login: str, password: str, tone: Path) -> None:
    async with async_playwright() as playwright:
        browser = await launch(playwright, tone)
        context = await browser.new_context(permissions=["microphone"], locale="pt-BR")
        phone = Phone(await context.new_page(), url.rstrip("/"), login, password)
        await phone.log_in()
        await phone.ready()
        await phone.dial("602")
        await phone.call("active")
        await phone.hears(1004)
        await phone.press("call-hangup")
        await phone.ended("ended")
        await browser.close()


def git(*arguments: str) -> str:
    return subprocess.run(["git", *arguments], capture_output=True, text=True, check=True).stdout


def wheel(clone: Path, env: dict[str, str], folder: Path) -> set[str]:
    """The names in the wheel of the clone."""
    build = [str(clone / ".venv" / "bin" / "python"), "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=clone, env=env, capture_output=True, check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as files:
        return set(files.namelist())


async def test_a_clone_makes_a_call(tmp_path: Path) -> None:
    clone = tmp_path / "ramal"
    git("clone", "-q", str(ROOT), str(clone))
    env = environment(tmp_path) | {"PORT": str(free_port())}
    tone = tmp_path / "tone.wav"
    write_tone(tone, 440)
    async with make_run(clone, env, tmp_path / "first.out") as demo:
        address, password = demo.found(ADDRESS), demo.found(LOGIN)
        assert address and password
        await call(address, "ana", password, tone)
    assert INSTALLED in (tmp_path / "first.out").read_text()
    async with make_run(clone, env, tmp_path / "second.out"):
        assert INSTALLED not in (tmp_path / "second.out").read_text(), "nothing has changed, and it is set up again"
    carried = wheel(clone, env, tmp_path / "dist")
    assert any(re.fullmatch(r"static/build/assets/.*\.js", name) for name in carried)
    for part in (
        "static/build/.vite/manifest.json",
        "web/templates/phone.html",
        "web/locale/es/LC_MESSAGES/messages.po",
    ):
        assert part in carried
    assert any(re.fullmatch(r"web/store/migrations/versions/.*\.py", name) for name in carried)
    assert git("-C", str(clone), "status", "--porcelain") == "", "make run leaves files that git does not ignore"
