"""A PBX is killed and started again: how long until every line is registered, and how fast they came.

    python -m bench.storm [--lines 500] [--down 20] [--rate 20]

Gateway, PBX and pages are three processes on loopback, TLS on both sides; each line challenges once, as Asterisk does.
"""

import argparse
import asyncio
import socket
import time
from pathlib import Path

from .sip_process import Process, certificate, running

LONGEST = 300.0  # seconds for all lines to come


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def ready(gateway: Process, lines: int) -> float:
    """The seconds until so many lines are registered."""
    began = time.monotonic()
    while await gateway.ask("lines") < lines:  # noqa: ASYNC110 - it is another process
        if time.monotonic() - began > LONGEST:
            raise TimeoutError(f"{await gateway.ask('lines')} of {lines} lines are registered")
        await asyncio.sleep(0.1)
    return time.monotonic() - began


def fastest(times: list[float]) -> int:
    """The most of them in any one second."""
    return max((sum(first <= at < first + 1.0 for at in times[i:]) for i, first in enumerate(times)), default=0)


async def measure(lines: int, down: float, rate: int, authority: Path, chain: Path) -> None:
    pbx_port, port = free_port(), free_port()
    url = f"wss://localhost:{pbx_port}/ws"
    async with running("sip_gateway", port, chain, url, authority, rate) as gateway:
        async with (
            running("sip_pbx", pbx_port, chain) as pbx,
            running("sip_pages", f"wss://localhost:{port}/sip", authority) as pages,
        ):
            began = time.monotonic()
            await pages.ask("open", lines, "register")
            await ready(gateway, lines)
            print(f"{lines} pages and their lines for the first time in {time.monotonic() - began:.1f} s", flush=True)
            pbx.process.kill()
            await pbx.process.wait()
            await asyncio.sleep(down)
            before = gateway.cpu
            async with running("sip_pbx", pbx_port, chain) as again:
                seconds = await ready(gateway, lines)
                times = (await again.ask("dump"))["registers"]
            print(
                f"PBX killed, {down:.0f} s away, started again: {lines} lines back in {seconds:.1f} s; "
                f"{len(times)} REGISTER, {fastest(times)} in the fastest second (limit {rate}); "
                f"{gateway.cpu - before:.1f} s of the gateway's CPU",
                flush=True,
            )


async def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.storm")
    parser.add_argument("--lines", type=int, default=500)
    parser.add_argument("--down", type=float, default=20.0)
    parser.add_argument("--rate", type=int, default=20)
    wanted = parser.parse_args()
    async with certificate() as (authority, chain):
        await measure(wanted.lines, wanted.down, wanted.rate, authority, chain)


if __name__ == "__main__":
    asyncio.run(main())
