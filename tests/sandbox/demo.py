"""The demo as a process: a gateway, a media worker and the sandbox, from one command."""

import asyncio
import re
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from pathlib import Path
from typing import IO

import pytest

from web.pages.assets import Assets

ROOT = Path(__file__).parents[2]
needs_front_end = pytest.mark.skipif(not Assets().is_built, reason="needs the built front end: `make run` builds it")


class Demo:
    """A demo, and the file of what it prints."""

    def __init__(self, process: asyncio.subprocess.Process, file: Path) -> None:
        self.process = process
        self._file = file

    @property
    def said(self) -> str:
        return self._file.read_text(errors="replace")

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
        return await self.ended()

    async def ended(self) -> int:
        """The exit status, once it has ended by itself."""
        try:
            async with asyncio.timeout(30):
                return await self.process.wait()
        except TimeoutError:
            self.process.kill()
            raise AssertionError(f"the demo does not end; it said:\n{self.said}") from None


@asynccontextmanager
async def demo(folder: Path, port: int, **settings: str) -> AsyncIterator[Demo]:
    """A demo with its data in ``folder``, as soon as it is ready or has ended; ended by SIGINT if it still runs."""
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}  # this very checkout, wherever that is
    environment |= {"RAMAL_DATA": str(folder / "data"), "PORT": str(port), **settings}
    said = folder / f"said-{port}"
    with closing(_writing(said)) as out:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "web", "demo"), cwd=folder, env=environment, stdout=out, stderr=out
        )
    it = Demo(process, said)
    try:
        async with asyncio.timeout(60):
            while True:
                if process.returncode is not None or "Ctrl-C ends it." in it.said:
                    break
                await asyncio.sleep(0.05)
        yield it
    finally:
        if process.returncode is None:
            await it.stop()


def _writing(path: Path) -> IO[bytes]:
    return open(path, "wb")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
