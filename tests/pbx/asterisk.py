"""Starts and stops the Asterisk of this folder's scripts, on free ports, one test run at a time."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import IO

HERE = Path(__file__).resolve().parent
PATIENCE = 900.0  # seconds to wait for another test run that uses the same root


def installed_root() -> Path:
    """Where Asterisk lies: ``RAMAL_PBX_ROOT``, else the user's cache, which clones share."""
    named = os.environ.get("RAMAL_PBX_ROOT")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return Path(named) if named else cache / "ramal" / "pbx"


def free_port() -> int:
    """A TCP port of 127.0.0.1 that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Asterisk:
    """One PBX in ``root``. Blocking work is done by the scripts, so nothing here keeps the event loop waiting."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wss = free_port()
        self.environment = {**os.environ, "WSS": str(self.wss), "HTTP": str(free_port()), "SIP": str(free_port())}

    @property
    def url(self) -> str:
        return f"wss://localhost:{self.wss}/ws"

    @property
    def ca(self) -> Path:
        """The certificate, which is its own authority."""
        return self.root / "etc" / "asterisk" / "keys" / "pbx.crt"

    async def start(self) -> None:
        """Raises `RuntimeError` with what the script said."""
        await self._run(str(HERE / "start"), str(self.root))

    async def stop(self) -> None:
        await self._run(str(HERE / "stop"), str(self.root))

    def kill(self) -> None:
        """As a power cut does: no BYE, no un-registration."""
        os.kill(int((self.root / "run" / "asterisk" / "asterisk.pid").read_text()), signal.SIGKILL)

    async def command(self, line: str) -> str:
        """What the PBX's console says to ``line``."""
        return await self._run("chroot", str(self.root), "asterisk", "-rx", line)

    @property
    def log_file(self) -> Path:
        return self.root / "var" / "log" / "asterisk" / "messages.log"

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    async def _run(self, *command: str) -> str:
        # To a file, not to a pipe: the daemon that `start` leaves behind would keep a pipe open for ever.
        with tempfile.TemporaryFile() as out:
            process = await asyncio.create_subprocess_exec(
                *command, env=self.environment, stdin=asyncio.subprocess.DEVNULL, stdout=out, stderr=out
            )
            async with asyncio.timeout(60):
                code = await process.wait()
            out.seek(0)
            said = out.read().decode(errors="replace")
        if code != 0:
            raise RuntimeError(f"{' '.join(command)} failed: {said}")
        return said


@asynccontextmanager
async def asterisk() -> AsyncIterator[Asterisk]:
    """A running PBX; the root is locked while it is up, and what a broken run left behind is stopped first."""
    root = installed_root()
    with contextlib.closing(_open_lock(root)) as lock:
        await _locked(lock)
        pbx = Asterisk(root)
        await pbx.stop()
        pbx.log_file.unlink(missing_ok=True)
        await pbx.start()
        try:
            yield pbx
        finally:
            await pbx.stop()


def _open_lock(root: Path) -> IO[str]:
    return open(f"{root}.lock", "w")


async def _locked(lock: IO[str]) -> None:
    async with asyncio.timeout(PATIENCE):
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError:
                await asyncio.sleep(0.5)
