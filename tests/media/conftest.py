"""A hub, a writer and calls in the test's own event loop: what a worker holds, without the process."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from media.call import Call
from media.dtls import Role
from media.engine import Description, Happening, Report
from media.hub import Hub
from media.writer import Writer

from .peer import Peer, until

# A busy machine is no flaw. The same profile as in tests/signaling: the one that is loaded last holds for all.
settings.register_profile("ramal", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ramal")


@dataclass
class Bench:
    """``reports`` are in the order of their arrival."""

    hub: Hub
    writer: Writer
    captures: Path
    reports: list[Report] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)

    def call(self, name: str = "call") -> Call:
        call = Call(name, self.hub, self.writer, self.captures, self.reports.append)
        self.calls.append(call)
        return call

    def peer(self, *, lite: bool = False) -> Peer:
        peer = Peer(lite=lite)
        self.peers.append(peer)
        return peer

    def happened(self, what: Happening, leg: str | None = None) -> int:
        return sum(report.what is what and (leg is None or report.leg == leg) for report in self.reports)

    async def outgoing(self, call: Call, near: Peer, far: Peer, leg: str = "near") -> Description:
        """The near peer calls the far one, which answers as a PBX does: active. Both are connected at the end."""
        offered = call.offer(leg, near.describe(), "far")
        far.connect(offered.sdp, Role.CLIENT)
        answered = call.answer("far", far.describe("active"), leg)
        near.connect(answered.sdp, Role.SERVER)
        await until(lambda: near.connected and far.connected)
        await until(lambda: self.happened(Happening.LEG_CONNECTED) >= 2)
        return answered

    def ticked(self) -> None:
        for call in self.calls:
            call.flush()


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    hub = Hub(("127.0.0.1",), ("127.0.0.1",), 0)
    writer = Writer(asyncio.get_running_loop().call_soon_threadsafe, min_free_bytes=0)
    bench = Bench(hub, writer, tmp_path)
    hub.start(bench.ticked)
    yield bench
    for call in bench.calls:
        call.release()
    for peer in bench.peers:
        peer.close()
    hub.close()
    assert writer.stop()
    await asyncio.sleep(0)
