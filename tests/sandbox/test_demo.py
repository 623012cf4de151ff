"""The demo as a process: what it prints, what it keeps, how it ends."""

import asyncio
import re
import signal
import socket
import stat
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from web.pages.assets import Assets

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(not Assets().is_built, reason="needs the built front end: `make run` builds it"),
]


class Demo:
    """A running demo and everything that it printed until it was ready."""

    def __init__(self, process: asyncio.subprocess.Process, said: str) -> None:
        self.process = process
        self.said = said

    @property
    def address(self) -> str:
        found = re.search(r"http://\S+", self.said)
        assert found is not None
        return found[0]

    def password(self, login: str) -> str:
        found = re.search(rf"^\s*{login}\s+(\S+)", self.said, re.MULTILINE)
        assert found is not None
        return found[1]

    async def stop(self) -> int:
        self.process.send_signal(signal.SIGINT)
        async with asyncio.timeout(30):
            return await self.process.wait()


@asynccontextmanager
async def demo(folder: Path, port: int | None) -> AsyncIterator[Demo]:
    environment = {"PATH": "/usr/bin:/bin", "RAMAL_DATA": str(folder / "data")} | ({"PORT": str(port)} if port else {})
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "web", "demo"),
        cwd=folder,
        env=environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    said = ""
    try:
        async with asyncio.timeout(60):
            while "Ctrl-C ends it." not in said and (line := await process.stdout.readline()):
                said += line.decode()
        yield Demo(process, said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def log_in(address: str, login: str, password: str) -> int:
    """The status of the log-in."""
    async with aiohttp.ClientSession() as session:
        answer = await session.post(
            f"{address}/api/v1/session",
            json={"login": login, "password": password},
            headers={"X-Ramal-Request": "1", "Origin": address},
        )
        return answer.status


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_people_log_in_with_what_it_prints_and_find_it_again_the_next_time(tmp_path: Path) -> None:
    port = free_port()
    async with demo(tmp_path, port) as first:
        assert first.address == f"http://localhost:{port}"
        for login in ("ana", "bruno", "carla", "supervisor", "admin"):
            assert await log_in(first.address, login, first.password(login)) == 200
        assert await log_in(first.address, "ana", "wrong-password") == 401
        assert await first.stop() == 0
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    for name in ("key", "passwords"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
    async with demo(tmp_path, free_port()) as second:
        assert second.password("ana") == first.password("ana")
        assert await log_in(second.address, "ana", second.password("ana")) == 200


async def test_a_second_demo_in_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    async with demo(tmp_path, free_port()) as first, demo(tmp_path, free_port()) as second:
        assert "another demo runs with" in second.said
        assert await second.process.wait() == 1
        assert await first.stop() == 0


async def test_a_port_that_was_asked_for_and_is_taken_is_refused_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        async with demo(tmp_path, port) as refused:
            assert f"port {port} is taken" in refused.said
            assert await refused.process.wait() == 1
