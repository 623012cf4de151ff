"""Starts and stops a Kamailio of Debian's on a free port, with a configuration and a folder of its own."""

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.pbx.asterisk import free_port

PROGRAM = "kamailio"
MODULES = ("tls.so", "websocket.so", "auth.so")
DOMAIN = "pbx.test"
_CONFIGURATION = Path(__file__).with_name("kamailio.cfg")
_LIBRARIES = Path("/usr/lib")


def program() -> str | None:
    """The path of an installed Kamailio that has what the configuration needs, or None."""
    found = shutil.which(PROGRAM, path="/usr/sbin:/usr/local/sbin:/usr/bin")
    folders = [*_LIBRARIES.glob("*/kamailio/modules"), *_LIBRARIES.glob("kamailio/modules")]
    complete = any(all((folder / module).exists() for module in MODULES) for folder in folders)
    return found if complete else None


@dataclass(frozen=True)
class Kamailio:
    """One that runs. ``ca`` is the PEM of its authority."""

    url: str
    ca: str
    folder: Path

    def log(self) -> str:
        return (self.folder / "log").read_text(errors="replace")


@asynccontextmanager
async def running() -> AsyncIterator[Kamailio]:
    """Raises `RuntimeError` with its log where it does not start within 20 s."""
    found = program()
    if found is None:
        raise RuntimeError("Kamailio with WebSocket and TLS is not installed")
    with tempfile.TemporaryDirectory(prefix="ramal-kamailio-") as name:
        folder, port, authority = Path(name), free_port(), trustme.CA()
        issued = authority.issue_cert("localhost", "127.0.0.1")
        issued.private_key_pem.write_to_path(str(folder / "pbx.key"))
        for index, certificate in enumerate(issued.cert_chain_pems):
            certificate.write_to_path(str(folder / "pbx.crt"), append=index > 0)
        text = _CONFIGURATION.read_text().replace("@PORT@", str(port)).replace("@FOLDER@", name)
        (folder / "kamailio.cfg").write_text(text)
        here = Kamailio(f"wss://localhost:{port}/ws", authority.cert_pem.bytes().decode(), folder)
        options = ("-f", str(folder / "kamailio.cfg"), "-DD", "-E", "-m", "32", "-M", "4", "-Y", name, "-w", name)
        with (folder / "log").open("wb") as log:
            process = await asyncio.create_subprocess_exec(
                found, *options, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
            try:
                await _listens(port, process, here)
                yield here
            finally:
                await _end(process)


async def _listens(port: int, process: asyncio.subprocess.Process, here: Kamailio) -> None:
    for _ in range(200):
        with contextlib.suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        if process.returncode is not None:
            break
        await asyncio.sleep(0.1)
    raise RuntimeError(f"Kamailio did not start:\n{here.log()}")


async def _end(process: asyncio.subprocess.Process) -> None:
    """Its first process ends the others."""
    if process.returncode is not None:
        return
    process.terminate()
    try:
        async with asyncio.timeout(10):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()
