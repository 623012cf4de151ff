"""The commands as a person types them, over a real database and with a real PBX to look at. Those that serve are
processes; the others run in this one, which takes a tenth of the time.
"""

import asyncio
import json
import os
import signal
import ssl
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import aiohttp
import pytest
import trustme
from typer.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from web.__main__ import cli
from web.auth.passwords import Passwords
from web.settings import load
from web.store import open_store
from web.store.scope import Role

from .house import KEY, eventually

ROOT = Path(__file__).parents[2]


class Shell:
    """Runs ``python -m web …`` with settings of its own."""

    def __init__(self, data: Path, **more: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RAMAL_", "PORT"))}
        self.environment = {
            **kept,
            "RAMAL_PUBLIC_URL": "http://127.0.0.1:8080",
            "RAMAL_MASTER_KEYS": KEY,
            "RAMAL_DATA": str(data),
            "RAMAL_MEDIA_ADDRESS": "127.0.0.1",
            **more,
        }

    async def start(self, *words: str) -> asyncio.subprocess.Process:
        pipe = asyncio.subprocess.PIPE
        return await asyncio.create_subprocess_exec(
            sys.executable, "-m", "web", *words, cwd=ROOT, env=self.environment, stdin=pipe, stdout=pipe, stderr=pipe
        )

    async def finish(self, *words: str) -> tuple[int, str, str]:
        """Exit status, standard output, standard error of a process that ends by itself."""
        process = await self.start(*words)
        async with asyncio.timeout(60):
            out, err = await process.communicate()
        assert process.returncode is not None
        return process.returncode, out.decode(), err.decode()

    def run(self, *words: str, typed: str = "") -> tuple[int, str, str]:
        """The same in this process."""
        gone = {name: None for name in os.environ if name not in self.environment}
        result = CliRunner().invoke(cli, words, input=typed, env={**gone, **self.environment})
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exc_info
        return result.exit_code, result.stdout, result.stderr

    def good(self, *words: str, typed: str = "") -> str:
        status, out, err = self.run(*words, typed=typed)
        assert status == 0, err
        return out


@asynccontextmanager
async def wss(authority: trustme.CA, protocol: str = "sip") -> AsyncIterator[str]:
    """A PBX's door: TLS with a certificate of that authority for localhost, and a WebSocket."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)

    async def handle(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve(handle, "127.0.0.1", 0, ssl=context, subprotocols=[Subprotocol(protocol)]) as server:
        yield f"wss://localhost:{server.sockets[0].getsockname()[1]}/ws"


@contextmanager
def standing(server: AbstractAsyncContextManager[str]) -> Iterator[str]:
    """A server in a loop and a thread of its own, for commands that have a loop of their own."""
    with asyncio.Runner() as runner:
        url = runner.run(server.__aenter__())
        loop = runner.get_loop()
        thread = threading.Thread(target=loop.run_forever, name="server")
        thread.start()
        try:
            yield url
        finally:
            loop.call_soon_threadsafe(loop.stop)
            thread.join()
            runner.run(server.__aexit__(None, None, None))


def test_an_install_is_set_up_by_hand(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    status, _, err = shell.run("user", "list")
    assert status == 1 and "python -m web migrate" in err
    assert "revision" in shell.good("migrate")
    shell.good("account", "add", "Padaria", "--pbx-url", "wss://pbx.example:8089/ws", "--record")
    shell.good("user", "add", "Ana", "--account", "Padaria", "--name", "Ana Souza", typed="uma frase longa\n")
    line = ("line", "add", "1001", "--account", "Padaria", "--user", "ana")
    shell.good(*line, typed="sip-s3cret\n")
    assert "wss://pbx.example:8089/ws" in shell.good("account", "list")
    assert "ana  agent  Ana Souza  Padaria" in shell.good("user", "list")
    listed = shell.good("line", "list")
    assert "1001  Ana Souza  ana  Padaria  records" in listed and "sip-s3cret" not in listed
    shell.good("line", "set-secret", "1001", "--account", "Padaria", typed="another\n")
    shell.good("account", "set", "Padaria", "--no-record", "--pbx-profile", "asterisk")
    shell.good("user", "passwd", "ana", typed="outra frase longa\n")

    async def look() -> None:
        async with open_store(load(shell.environment)) as store:
            (row,) = await store.lines.all()
            assert row.account.pbx_domain == "pbx.example" and row.account.pbx_profile == "asterisk" and not row.record
            opened = await store.secrets.get(account=row.account.id, kind="sip", owner=row.line.id)
            assert opened is not None and (opened.value, opened.version) == ("another", 2)
            user = await store.users.by_login("ana")
            assert user is not None and user.role == Role.AGENT
            assert await Passwords().verify(user.password, "outra frase longa")
            assert await store.audit.broken_at(row.account.id) is None

    asyncio.run(look())
    database = b"".join(path.read_bytes() for path in tmp_path.glob("ramal.db*"))
    for secret in (b"sip-s3cret", b"another", b"uma frase longa", b"outra frase longa"):
        assert secret not in database


@pytest.mark.parametrize(
    ("words", "typed", "said"),
    [
        (("user", "add", "bia", "--account", "Nowhere"), "uma frase longa\n", "there is no account 'Nowhere'"),
        (("user", "add", "bia", "--account", "Padaria"), "short\n", "10 to 128 characters"),
        (("user", "add", "bia", "--account", "Padaria"), "", "standard input is empty"),
        (("user", "passwd", "nobody"), "uma frase longa\n", "there is no user 'nobody'"),
        (("line", "add", "1", "--account", "Padaria", "--user", "nobody"), "x\n", "there is no user 'nobody'"),
        (("line", "set-secret", "9", "--account", "Padaria"), "x\n", "there is no line 9"),
        (("account", "add", "Padaria", "--pbx-url", "wss://x/ws"), "", "there is an account 'Padaria' already"),
        (("account", "add", "B", "--pbx-url", "https://x"), "", "is no WebSocket address"),
        (("account", "set", "Padaria", "--time-zone", "Mars/Base"), "", "no time zone"),
        (("account", "set", "Padaria", "--engine", "x"), "", "hub, none"),
        (("account", "set", "Padaria"), "", "nothing to change"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path: Path, words: tuple[str, ...], typed: str, said: str) -> None:
    shell = Shell(tmp_path, COLUMNS="200")
    shell.good("migrate")
    shell.good("account", "add", "Padaria", "--pbx-url", "wss://pbx.example:8089/ws")
    status, out, err = shell.run(*words, typed=typed)
    assert status != 0 and said in err and "Traceback" not in err + out


def test_a_wrong_setting_stops_every_command_by_its_name(tmp_path: Path) -> None:
    for command in (("serve",), ("check",), ("migrate",), ("user", "list")):
        status, out, err = Shell(tmp_path, RAMAL_PORT="many").run(*command)
        assert status == 1 and err.startswith("RAMAL_PORT: ") and "Traceback" not in err + out


def test_check_says_that_all_is_well(tmp_path: Path) -> None:
    authority = trustme.CA()
    pem = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(pem))
    shell = Shell(tmp_path)
    shell.good("migrate")
    with standing(wss(authority)) as url:
        shell.good("account", "add", "Padaria", "--pbx-url", url, "--pbx-ca", str(pem))
        status, out, err = shell.run("check")
    for words in (
        "The master key can be read.",
        "The database answers and is up to date.",
        f"The PBX of Padaria ({url}) takes SIP over WebSocket; its certificate is trusted.",
        "is loopback: no browser on another machine",
        "is plain http",
    ):
        assert words in out, out + err
    failures = [line for line in out.splitlines() if line.startswith("FAILURE")]
    built = (ROOT / "static" / "build" / ".vite" / "manifest.json").exists()
    assert (status, failures) == ((0, []) if built else (1, [failures[0]]))


def test_check_says_what_cannot_work(tmp_path: Path) -> None:
    shell = Shell(tmp_path, RAMAL_PUBLIC_URL="https://phone.invalid")
    status, out, _ = shell.run("check")
    assert status == 1 and "python -m web migrate" in out
    shell.good("migrate")
    stranger = trustme.CA()
    with standing(wss(stranger)) as untrusted, standing(wss(stranger, "other")) as deaf:
        pem = tmp_path / "ca.pem"
        stranger.cert_pem.write_to_path(str(pem))
        shell.good("account", "add", "Untrusted", "--pbx-url", untrusted)
        shell.good("account", "add", "Deaf", "--pbx-url", deaf, "--pbx-ca", str(pem))
        shell.good("account", "add", "Gone", "--pbx-url", "wss://localhost:9/ws")
        shell.good("line", "add", "1", "--account", "Gone", typed="x\n")
        other = Shell(
            tmp_path, RAMAL_PUBLIC_URL="https://phone.invalid", RAMAL_MASTER_KEYS="k2:" + "QUJD" * 10 + "QUI="
        )
        status, out, _ = other.run("check")
    assert status == 1
    lines = {line for line in out.splitlines() if line.startswith("FAILURE")}
    for words in (
        "The SIP secrets of these lines do not open with the master key: 1.",
        "The PBX of Untrusted",
        "The PBX of Deaf",
        "The PBX of Gone",
        "The media address 127.0.0.1 is loopback",
    ):
        assert any(words in line for line in lines), out
    assert any("certificate is not trusted" in line for line in lines)


async def test_serve_migrates_answers_and_stops(tmp_path: Path, unused_tcp_port: int) -> None:
    url = f"http://127.0.0.1:{unused_tcp_port}"
    shell = Shell(tmp_path, RAMAL_PUBLIC_URL=url, PORT=str(unused_tcp_port), RAMAL_MEDIA_WORKERS="1")
    process = await shell.start("serve")
    assert process.stderr is not None

    async def ready() -> bool:
        assert process.returncode is None
        try:
            async with aiohttp.ClientSession() as session, session.get(f"{url}/readyz") as answer:
                return answer.status == 200
        except aiohttp.ClientConnectionError:
            return False

    try:
        await eventually(ready, within=30)
    finally:
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(20):
            _, err = await process.communicate()
    lines = [json.loads(line) for line in err.decode().splitlines()]
    assert process.returncode == 0
    assert [line["event"] for line in lines if line["event"] in ("listening", "stopping")] == ["listening", "stopping"]
    assert not [line for line in lines if line["level"] in ("error", "critical") and "front end" not in line["event"]]


async def test_serve_refuses_a_database_that_is_behind_where_it_may_not_migrate(tmp_path: Path) -> None:
    status, _, err = await Shell(tmp_path, RAMAL_MIGRATE="false", RAMAL_PORT="0").finish("serve")
    assert status == 1 and "python -m web migrate" in err and "Traceback" not in err


async def test_serve_says_that_its_port_is_taken(tmp_path: Path) -> None:
    async with serve(lambda connection: connection.wait_closed(), "127.0.0.1", 0) as taken:
        port = taken.sockets[0].getsockname()[1]
        status, _, err = await Shell(tmp_path, RAMAL_PORT=str(port)).finish("serve")
    assert status == 1 and "The gateway cannot start" in err and "Traceback" not in err
