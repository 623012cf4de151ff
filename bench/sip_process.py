"""The processes of `bench.storm` and `bench.signaling`: each has a command loop on stdin and answers in JSON lines."""

import asyncio
import contextlib
import json
import os
import resource
import ssl
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trustme
import uvloop

Command = Callable[[list[str]], Awaitable[Any]]


class Process:
    """A module of the bench as a process; `ask` sends a line and gives what the answer holds."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def ask(self, *words: object) -> Any:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        line = await self.process.stdout.readline()
        if not line:
            raise RuntimeError("a process of the bench has ended")
        return json.loads(line)

    @property
    def cpu(self) -> float:
        return cpu_of(self.process.pid)

    @property
    def memory(self) -> int:
        return memory_of(self.process.pid)


@asynccontextmanager
async def running(module: str, *arguments: object) -> AsyncIterator[Process]:
    """``bench.<module>``, ready for commands."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"bench.{module}", *map(str, arguments)),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=64 * 1024 * 1024,
    )
    try:
        made = Process(process)
        await made.ask("ready")
        yield made
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def serve(work: Callable[[], contextlib.AbstractAsyncContextManager[dict[str, Command]]]) -> None:
    """The main of such a process: opens ``work`` and does its commands until stdin ends. Anybody may ask ``ready``."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        reader = asyncio.StreamReader()
        await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
        async with work() as commands:
            while line := await reader.readline():
                name, *rest = line.decode().split()
                answer = "ready" if name == "ready" else await commands[name](rest)
                sys.stdout.write(json.dumps(answer) + "\n")
                sys.stdout.flush()

    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    uvloop.run(main())


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> int:
    """Resident bytes of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@asynccontextmanager
async def certificate() -> AsyncIterator[tuple[Path, Path]]:
    """PEM files for localhost: the authority, and the key with its chain."""
    with tempfile.TemporaryDirectory(prefix="ramal-bench-") as folder:
        authority, chain = Path(folder, "ca.pem"), Path(folder, "server.pem")
        ca = trustme.CA()
        ca.cert_pem.write_to_path(authority)
        ca.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(chain)
        yield authority, chain


def server_context(chain: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context
