"""The PBX that the scenarios call through: the sandbox as a process, or Asterisk. Both answer the same numbers."""

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Protocol

from sandbox.authenticator import REALM
from tests.pbx.asterisk import Asterisk, asterisk, free_port


class Exchange(Protocol):
    """What a scenario must know of the PBX, and may do to it."""

    name: str
    profile: str
    realm: str

    @property
    def url(self) -> str: ...
    @property
    def ca(self) -> Path: ...
    def secret(self, number: str) -> str: ...
    def log(self) -> str:
        """Everything it has logged so far."""
        ...

    def wrong_secrets(self, number: str) -> int:
        """How many times a REGISTER of this extension was signed with a wrong secret."""
        ...

    async def crash(self) -> None: ...
    async def restore(self) -> None: ...


@dataclass
class AsteriskExchange:
    pbx: Asterisk
    name: str = "asterisk"
    profile: str = "asterisk"
    realm: str = "asterisk"

    @property
    def url(self) -> str:
        return self.pbx.url

    @property
    def ca(self) -> Path:
        return self.pbx.ca

    def secret(self, number: str) -> str:
        return f"s3nha-{number}"

    def log(self) -> str:
        return self.pbx.log()

    def wrong_secrets(self, number: str) -> int:
        refused = re.compile(rf"'REGISTER' from '[^']*sip:{number}@[^']*' failed for .* - Failed to authenticate")
        return len(refused.findall(self.pbx.log()))

    async def crash(self) -> None:
        self.pbx.kill()

    async def restore(self) -> None:
        await self.pbx.stop()
        await self.pbx.start()
        await self.pbx.command("pjsip set logger on")


@asynccontextmanager
async def asterisk_exchange() -> AsyncIterator[Exchange]:
    async with asterisk() as pbx:
        await pbx.command("pjsip set logger on")
        yield AsteriskExchange(pbx)


@dataclass
class SandboxExchange:
    """``python -m sandbox`` with its log in a file. Its authority and its port outlive a crash."""

    folder: Path
    port: int = field(default_factory=free_port)
    name: str = "sandbox"
    profile: str = "unknown"
    realm: str = REALM
    process: asyncio.subprocess.Process | None = None

    @property
    def url(self) -> str:
        return f"wss://localhost:{self.port}/ws"

    @property
    def ca(self) -> Path:
        return self.folder / "ca.pem"

    def secret(self, number: str) -> str:
        return f"s3nha-{number}"

    @property
    def log_file(self) -> Path:
        return self.folder / "sandbox.log"

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    def wrong_secrets(self, number: str) -> int:
        return self.log().count(f"WRONG SECRET REGISTER {number}")

    async def crash(self) -> None:
        assert self.process is not None
        self.process.kill()
        await self.process.wait()

    async def restore(self) -> None:
        """Starts it, and waits until it listens."""
        started = self.log().count("\nurl ")
        with contextlib.closing(_appending(self.log_file)) as log:
            log.write(b"\n")
            log.flush()
            self.process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "sandbox", "--port", str(self.port), "--ca", str(self.ca)),
                *("--keys", str(self.folder / "keys.pem")),
                stdout=log,
                stderr=log,
            )
        await until(lambda: self.log().count("\nurl ") > started, 20, "the sandbox listens")

    async def stop(self) -> None:
        assert self.process is not None
        self.process.terminate()
        async with asyncio.timeout(10):
            await self.process.wait()


def _appending(path: Path) -> IO[bytes]:
    return open(path, "ab")


@asynccontextmanager
async def sandbox_exchange(folder: Path) -> AsyncIterator[Exchange]:
    sandbox = SandboxExchange(folder)
    await sandbox.restore()
    try:
        yield sandbox
    finally:
        await sandbox.stop()


async def until(condition: Callable[[], bool | Awaitable[bool]], seconds: float, what: str) -> None:
    """Waits for ``condition``, and fails in words when it does not come."""
    try:
        async with asyncio.timeout(seconds):
            while True:
                found = condition()
                if await found if isinstance(found, Awaitable) else found:
                    return
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise AssertionError(f"{what}: not within {seconds} s") from None
