"""The turns of many lines at one PBX: the lanes by themselves, and a storm of real lines on a real socket."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from signaling.limits import GatewayLimits
from signaling.message import Request
from signaling.pacing import WINDOW, Lane, Pacer, Urgency
from signaling.views import LineState

from .house import TIMING, House, house


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """The time of the event loop, which the test moves on."""
    moved = [0.0]
    real = asyncio.BaseEventLoop.time
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda self: real(self) + moved[0])

    def move(seconds: float) -> None:
        moved[0] += seconds

    return move


async def served() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_lane_lets_so_many_through_in_a_second_and_the_urgent_ones_first(
    clock: Callable[[float], None],
) -> None:
    lane, gone = Lane(2), list[str]()
    for name in ("a", "b", "c", "d"):
        lane.ask(Urgency.NEW, lambda name=name: gone.append(name))  # type: ignore[misc]
    late = lane.ask(Urgency.LEAVING, lambda: gone.append("late"))
    urgent = lane.ask(Urgency.CALL, lambda: gone.append("urgent"))
    assert gone == ["a", "b"]
    assert 0 < lane.seconds(urgent) <= WINDOW < lane.seconds(late) <= 2 * WINDOW
    clock(WINDOW * 0.9)
    await served()
    assert gone == ["a", "b"]
    clock(WINDOW * 0.2)
    await served()
    assert gone == ["a", "b", "urgent", "c"] and lane.seconds(urgent) == 0.0
    late.give_up()
    clock(WINDOW * 1.1)
    await served()
    assert gone == ["a", "b", "urgent", "c", "d"] and not late.waits
    clock(WINDOW * 1.1)
    await served()
    lane.ask(Urgency.NEW, lambda: gone.append("next"))
    assert gone[-1] == "next"


def test_lanes_are_those_of_a_pbx_address() -> None:
    pacer = Pacer(20)
    lane = pacer.registers("wss://PBX.example:8089/ws")
    assert lane is pacer.registers("wss://pbx.example:8089/other")
    assert lane is not pacer.registers("wss://pbx.example:6443/ws")
    assert lane is not pacer.openings("wss://pbx.example:8089/ws")


@contextlib.asynccontextmanager
async def lines(house: House, count: int) -> AsyncIterator[dict[str, LineState]]:
    """So many lines with a page each; gives the state of each as it is now."""
    states: dict[str, LineState] = {}
    told = house.diary.line_changed

    def line_changed(view: object) -> None:
        told(view)  # type: ignore[arg-type]
        states[view.line] = view.state  # type: ignore[attr-defined]

    house.diary.line_changed = line_changed  # type: ignore[method-assign]
    config = house.config
    for number in range(count):
        house.config = replace(config, line=f"line-{number}")
        await house.page(f"h{number}")
    house.config = config
    yield states


async def test_after_a_restart_of_the_pbx_all_lines_come_back_at_the_pace_that_is_set() -> None:
    """Two REGISTER a line; a window of arrivals is taken twice as long as it is, for what the network delays."""
    count, rate = 60, 20
    heard: list[float] = []
    limits = GatewayLimits(registers=rate)
    async with house(limits=limits, timing=replace(TIMING, retry_first=0.05, retry_most=0.5)) as it:

        def hears(request: Request) -> None:
            if request.expires:
                heard.append(asyncio.get_running_loop().time())

        it.pbx.on_register = hears
        async with lines(it, count) as states, asyncio.timeout(60):
            await it.diary.until(lambda: len(states) == count and set(states.values()) == {LineState.READY}, 40)
            heard.clear()
            it.pbx.cut()
            await it.diary.until(lambda: LineState.READY not in states.values())
            await it.diary.until(lambda: set(states.values()) == {LineState.READY}, 40)
    assert len(heard) == 2 * count
    assert heard[-1] - heard[0] >= (2 * count - rate) / rate - WINDOW
    for first, last in pairwise(heard[:: 2 * rate]):
        assert last - first >= WINDOW


async def test_a_line_that_waits_for_its_turn_says_until_when() -> None:
    async with house(limits=GatewayLimits(registers=2)) as it, lines(it, 8):
        await it.diary.until(
            lambda: any(view.retry_in and view.state is LineState.CONNECTING for view in it.diary.lines)
        )
        it.gateway.reconfigure(replace(it.config, line="line-7", url="ws://127.0.0.1:9/ws"))  # gives its turn up
        await it.diary.until(lambda: it.diary.lines[-1].state is LineState.OFFLINE)
