"""The gateway as a process, with one company of four people on the PBX under test."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import aiohttp

from tests.pbx.asterisk import free_port
from web.auth.passwords import Passwords
from web.seed import ensure_account, ensure_line, ensure_user
from web.settings import load
from web.store import open_store
from web.store.scope import Role
from web.store.vault import make_key_file

from .exchange import Exchange, until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class User:
    """A person; ``tone`` is what the microphone of its browser plays. ``secret`` replaces the right SIP secret."""

    login: str
    name: str
    role: Role
    tone: float
    number: str | None = None
    secret: str | None = None

    @property
    def password(self) -> str:
        return f"entra-{self.login}-2026"

    @property
    def extension(self) -> str:
        assert self.number is not None
        return self.number


WRONG = "wr0ng-s3cret-of-carla"
USERS = {
    user.login: user
    for user in (
        User("ana", "Ana Souza", Role.AGENT, 440, "1001"),
        User("bruno", "Bruno Lima", Role.AGENT, 660, "1002"),
        User("carla", "Carla Dias", Role.AGENT, 440, "1003", secret=WRONG),
        User("adm", "Alice Prado", Role.ADMIN, 660),
    )
}


class Gateway:
    """Its data lie in ``folder``; everything it says goes to one log file there."""

    def __init__(self, folder: Path) -> None:
        self.data = folder / "data"
        self.log_file = folder / "gateway.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        key = folder / "master.key"
        make_key_file(key)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("RAMAL_")}
        self.environment = {
            **kept,
            "PYTHONUNBUFFERED": "1",
            "RAMAL_PUBLIC_URL": self.url,
            "RAMAL_PORT": str(self.port),
            "RAMAL_DATA": str(self.data),
            "RAMAL_MASTER_KEY_FILE": str(key),
            "RAMAL_MEDIA_WORKERS": "1",
            "RAMAL_LOG_LEVEL": "debug",
            "RAMAL_TIMING__DRAIN": "0",  # a call that a test leaves behind does not hold the end
            # `test_survival` waits for what these give up.
            "RAMAL_TIMING__DETACHED": "15",
            "RAMAL_TIMING__ELSEWHERE": "2",
            "RAMAL_TIMING__OFFERED": "60",  # pictures are taken while a page is offered a call
            # Every test logs in, all from one address.
            "RAMAL_LIMITS__LOGIN_PER_ADDRESS": "1000",
            "RAMAL_LIMITS__LOGIN_PER_USER": "1000",
            "RAMAL_LIMITS__SOCKETS_PER_ADDRESS": "1000",
            "RAMAL_LIMITS__TICKETS": "1000",
            "RAMAL_LIMITS__TICKETS_BURST": "1000",
        }
        self._process: asyncio.subprocess.Process | None = None

    def log(self) -> str:
        return self.log_file.read_text(errors="replace") if self.log_file.exists() else ""

    async def set_up(self, exchange: Exchange) -> None:
        """Makes the database, the company and its people."""
        await self._spawn("migrate")
        assert self._process is not None
        async with asyncio.timeout(60):
            code = await self._process.wait()
        assert code == 0, self.log()
        passwords = Passwords()
        async with open_store(load(self.environment)) as store:
            account = await ensure_account(
                store,
                name="Padaria Central",
                pbx_url=exchange.url,
                pbx_domain="localhost",
                pbx_profile=exchange.profile,
                pbx_ca=exchange.ca.read_text(),
                record=True,
            )
            for user in USERS.values():
                who = await ensure_user(
                    store,
                    passwords,
                    account=account,
                    login=user.login,
                    name=user.name,
                    role=user.role,
                    password=user.password,
                )
                if user.number is not None:
                    await ensure_line(
                        store,
                        account=account,
                        user=who,
                        number=user.number,
                        name=user.name,
                        sip_user=user.number,
                        secret=user.secret or exchange.secret(user.number),
                    )

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        """Up between start and SIGTERM; the exit status must be 0."""
        await self._spawn("serve")
        assert self._process is not None
        process = self._process
        try:
            await until(self._answers, 30, f"the gateway answers; it says: {self.log_file}")
            yield
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(20):
                    code = await process.wait()
            except TimeoutError:
                process.kill()
                code = await process.wait()
        assert code == 0, self.log()[-4000:]

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.returncode is None, f"the gateway ended at once: {self.log()[-4000:]}"
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{self.url}/login") as reply:
                return reply.status == 200
        except aiohttp.ClientConnectionError:
            return False

    async def _spawn(self, command: str) -> None:
        with self._log_for_writing() as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "web", command, cwd=ROOT, env=self.environment, stdout=log, stderr=log
            )

    def _log_for_writing(self) -> IO[bytes]:
        return open(self.log_file, "ab")
