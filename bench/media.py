"""What a media worker costs: CPU ms per call-second of recorded calls, and whether it loses packets.

    python -m bench.media [--calls 1 20 40] [--seconds 8]

A real pool worker on loopback; in this process two real peers per call (ICE, DTLS, SRTP), which send packets that were
encrypted beforehand: 50 a second each way and a sender report every second, spread over ten slots of 2 ms. CPU is that
of all threads of the worker, from /proc/<pid>/task/*/schedstat.
"""

import argparse
import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from media.dtls import Role
from media.engine import Happening, Report
from media.pool import MediaSettings, Pool
from tests.media.peer import Peer, rtp, sender_report, until

WARM_UP = 3.0  # seconds
LAST = 3.0  # seconds that the last packets may take on a busy machine
TICK = 0.02
SLOTS = 10
PAYLOAD = bytes(range(80))  # 32 kb/s of Opus
CHECKED = 100  # every so many-th packet is decrypted and compared


@dataclass(frozen=True, slots=True)
class Result:
    """``cost`` is CPU ms per call-second; ``late`` the 99th percentile of this process's own delay in ms: above 10 the
    machine was too busy to judge the loss.
    """

    calls: int
    cost: float
    sent: int
    received: int
    wrong: int
    late: float

    @property
    def loss(self) -> float:
        """Per cent."""
        return 100 * (1 - self.received / self.sent)


@dataclass
class Sender:
    """A peer, the datagrams it will send, and what it got."""

    peer: Peer
    packets: list[bytes]
    reports: list[bytes]
    received: int = 0

    def __post_init__(self) -> None:
        self.kept: list[bytes] = []

    def drain(self) -> None:
        receive = self.peer.socket.recv
        while True:
            try:
                data = receive(2048)
            except BlockingIOError:
                return
            if data[0] >= 128 and not 192 <= data[1] <= 223:
                self.received += 1
                if self.received % CHECKED == 1:
                    self.kept.append(data)


async def measure(calls: int, seconds: float) -> Result:
    """One run in a new pool."""
    reports: list[Report] = []
    with tempfile.TemporaryDirectory(prefix="bench-media-") as folder:
        settings = MediaSettings(Path(folder), ("127.0.0.1",), workers=1, calls_per_worker=1000, min_free_bytes=0)
        async with Pool(settings, reports.append) as pool:
            peers = [await _call(pool, number) for number in range(calls)]
            flat = [peer for pair in peers for peer in pair]
            await until(lambda: sum(report.what is Happening.LEG_CONNECTED for report in reports) == 2 * calls, 60)
            ticks = round((WARM_UP + seconds) / TICK)
            senders = [_prepare(peer, ticks) for peer in flat]
            cost, late = await asyncio.to_thread(_load, senders, pool.pids[0], ticks, round(WARM_UP / TICK))
            for number in range(calls):
                await pool.release(f"call{number}")
            for peer in flat:
                peer.close()
    return Result(
        calls,
        cost / calls / seconds * 1000,
        ticks * len(senders),
        sum(sender.received for sender in senders),
        sum(_wrong(sender) for sender in senders),
        late * 1000,
    )


async def _call(pool: Pool, number: int) -> tuple[Peer, Peer]:
    call = f"call{number}"
    near, far = Peer(), Peer()
    offered = await pool.offer(call, "near", near.describe(), to="far")
    far.connect(offered.sdp, Role.CLIENT)
    answered = await pool.answer(call, "far", far.describe("active"), to="near")
    near.connect(answered.sdp, Role.SERVER)
    await pool.select(call, "near", record=True)
    await until(lambda: near.connected and far.connected)
    return near, far


def _prepare(peer: Peer, ticks: int) -> Sender:
    peer.loop.remove_reader(peer.socket)
    packets = [peer.sender.protect(rtp(number, PAYLOAD)) for number in range(ticks)]
    reports = [peer.sender.protect_rtcp(sender_report()) for _ in range(round(ticks * TICK) + 1)]
    return Sender(peer, packets, reports)


def _load(senders: list[Sender], pid: int, ticks: int, warm: int) -> tuple[float, float]:
    """Sends everything at its time; gives the CPU seconds of ``pid`` after the warm-up, and the p99 of our delay."""
    slots = [senders[slot::SLOTS] for slot in range(SLOTS)]
    per_second = round(1 / TICK)
    late: list[float] = []
    used = 0.0
    start = time.monotonic() + 0.1
    for tick in range(ticks):
        if tick == warm:
            used = cpu_seconds(pid)
        for number, slot in enumerate(slots):
            due = start + tick * TICK + number * TICK / SLOTS
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)
            else:
                late.append(-wait)
            for sender in slot:
                sender.peer.send(sender.packets[tick])
                if tick % per_second == 0:
                    sender.peer.send(sender.reports[tick // per_second])
            for sender in slots[(number + SLOTS // 2) % SLOTS]:
                sender.drain()
    used = cpu_seconds(pid) - used
    end = time.monotonic() + LAST
    while sum(sender.received for sender in senders) < ticks * len(senders) and time.monotonic() < end:
        time.sleep(0.05)
        for sender in senders:
            sender.drain()
    late.extend([0.0] * (ticks * SLOTS - len(late)))
    return used, sorted(late)[round(len(late) * 0.99) - 1]


def _wrong(sender: Sender) -> int:
    """How many of the kept packets are not, byte for byte, what the other peer sent."""
    wrong = 0
    for data in sender.kept:
        clear = sender.peer.receiver.unprotect(data)
        wrong += clear != rtp(int.from_bytes(clear[2:4]), PAYLOAD)
    return wrong


def cpu_seconds(pid: int) -> float:
    """CPU time of all threads of a process so far."""
    tasks = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.media", description=__doc__)
    parser.add_argument("--calls", type=int, nargs="+", default=[1, 20, 40])
    parser.add_argument("--seconds", type=float, default=8.0)
    arguments = parser.parse_args()
    print("recorded calls | CPU ms per call-second | packets sent | lost % | wrong | own delay p99 ms")
    for calls in arguments.calls:
        result = asyncio.run(measure(calls, arguments.seconds))
        print(
            f"{result.calls:14} | {result.cost:22.2f} | {result.sent:12} | {result.loss:6.3f} | {result.wrong:5} "
            f"| {result.late:16.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
