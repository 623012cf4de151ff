"""What the gateway's signaling costs, beside nginx of Debian, which passes the same messages on.

    python -m bench.signaling [--lines 1000 5000] [--calls 50] [--seconds 8]

TLS on both sides, uvloop, every peer a process of its own, loopback only; SDP passes untouched. The load is cycles of
re-INVITE (about 700 bytes), 200 and ACK: three messages through whoever stands between. ``direct`` are the same pages
at the same PBX; nginx passes the WebSockets through; what is not installed is said and left out. CPU is the process's
own, user and system; the way to the PBX is timed by the monotonic clock, from the page's send to the PBX's receipt.
"""

import argparse
import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from . import storm
from .__main__ import machine
from .sip_pages import MESSAGES
from .sip_process import Process, certificate, cpu_of, running

RATE = 500  # messages a second
IDLE = 20.0  # seconds
FAST = 1000  # REGISTER a second: the pace is not what is measured here


@dataclass(frozen=True, slots=True)
class Between:
    """Whoever stands between pages and PBX. ``pids`` are its processes that do the work; none: it is the direct way."""

    name: str
    url: str
    pids: tuple[int, ...] = ()
    gateway: Process | None = None  # ours: its lines register first

    @property
    def cpu(self) -> float:
        return sum(cpu_of(pid) for pid in self.pids)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(share * len(values)))] if values else float("nan")


async def idle(lines: int, authority: Path, chain: Path) -> None:
    """Memory and CPU of so many registered lines with a page each."""
    pbx_port, port = storm.free_port(), storm.free_port()
    url = f"wss://localhost:{pbx_port}/ws"
    async with (
        running("sip_pbx", pbx_port, chain),
        running("sip_gateway", port, chain, url, authority, FAST) as gateway,
        running("sip_pages", f"wss://localhost:{port}/sip", authority) as pages,
    ):
        await pages.ask("open", 20, "register")  # what is made once is made now
        await storm.ready(gateway, 20)
        empty = gateway.memory
        await pages.ask("open", lines, "register")
        await storm.ready(gateway, lines + 20)
        used = (gateway.memory - empty) / lines
        before = gateway.cpu
        await asyncio.sleep(IDLE)
        busy = (gateway.cpu - before) / IDLE
        print(
            f"{lines} idle lines: {used / 1000:.0f} kB a line, {100 * busy:.1f} % of a core (over {IDLE:.0f} s)",
            flush=True,
        )


async def load(between: Between, pages: Process, pbx: Process, calls: int, seconds: float) -> None:
    await pages.ask("open", calls, "register" if between.gateway else "plain")
    if between.gateway:
        await storm.ready(between.gateway, calls)
    await pages.ask("talk", calls)
    await pbx.ask("dump")
    took = await pages.ask("load", RATE, seconds)
    delays = (await pbx.ask("dump"))["delays"]
    print(
        f"{between.name}, {RATE} messages/s: to the PBX p50 {1e3 * percentile(delays, 0.5):.2f} ms, "
        f"p99 {1e3 * percentile(delays, 0.99):.2f} ms; to the 200 p50 {1e3 * percentile(took, 0.5):.2f} ms, "
        f"p99 {1e3 * percentile(took, 0.99):.2f} ms ({len(took)} cycles)",
        flush=True,
    )
    before = between.cpu
    done = MESSAGES * await pages.ask("flood", seconds)
    used = between.cpu - before
    cost = f"; {1e6 * used / done:.0f} µs of CPU a message, {done / used:.0f} messages/s on one core" if used else ""
    print(f"{between.name}, as many as {calls} calls can: {done / seconds:.0f} messages/s{cost}", flush=True)


@asynccontextmanager
async def nginx(pbx_port: int, chain: Path) -> AsyncIterator[Between]:
    """One worker that passes WebSockets on, TLS on both sides."""
    port = storm.free_port()
    with tempfile.TemporaryDirectory(prefix="ramal-bench-") as folder:
        os.chmod(folder, 0o755)
        config = Path(folder, "nginx.conf")
        text = (
            f"daemon off; master_process off; pid {folder}/pid; error_log stderr error;\n"
            "events { worker_connections 8192; }\n"
            f"http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b;\n"
            f"fastcgi_temp_path {folder}/c; uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;\n"
            f"server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {chain}; ssl_certificate_key {chain};\n"
            f"location / {{ proxy_pass https://127.0.0.1:{pbx_port}; proxy_http_version 1.1; proxy_read_timeout 600s;\n"
            'proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade"; } } }\n'
        )
        await asyncio.to_thread(config.write_text, text)
        process = await asyncio.create_subprocess_exec("nginx", "-p", folder, "-c", str(config))
        try:
            await listening(port)
            yield Between("nginx (pass-through)", f"wss://localhost:{port}/ws", (process.pid,))
        finally:
            process.terminate()
            await process.wait()


async def listening(port: int) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                return


@asynccontextmanager
async def ramal(pbx_port: int, authority: Path, chain: Path) -> AsyncIterator[Between]:
    port = storm.free_port()
    async with running("sip_gateway", port, chain, f"wss://localhost:{pbx_port}/ws", authority, FAST) as gateway:
        yield Between("Ramal", f"wss://localhost:{port}/sip", (gateway.process.pid,), gateway)


@asynccontextmanager
async def direct(pbx_port: int) -> AsyncIterator[Between]:
    yield Between("direct", f"wss://localhost:{pbx_port}/ws")


async def compare(calls: int, seconds: float, authority: Path, chain: Path) -> None:
    port = storm.free_port()
    async with running("sip_pbx", port, chain) as pbx:
        ways = [direct(port), ramal(port, authority, chain)]
        if shutil.which("nginx"):
            ways.append(nginx(port, chain))
        else:
            print("nginx is not installed: left out (Debian: nginx-light)")
        for way in ways:
            async with way as between, running("sip_pages", between.url, authority) as pages:
                await load(between, pages, pbx, calls, seconds)


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.signaling")
    parser.add_argument("--lines", type=int, nargs="*", default=[1000, 5000])
    parser.add_argument("--calls", type=int, default=50)
    parser.add_argument("--storm", type=int, default=500, help="lines; 0: none")
    parser.add_argument("--seconds", type=float, default=8.0)
    wanted = parser.parse_args()
    print(machine(), flush=True)
    async with certificate() as (authority, chain):
        await compare(wanted.calls, wanted.seconds, authority, chain)
        for lines in wanted.lines:
            await idle(lines, authority, chain)
        if wanted.storm:
            await storm.measure(wanted.storm, 20.0, 20, authority, chain)


if __name__ == "__main__":
    asyncio.run(main())
