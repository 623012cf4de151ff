"""One worker without its process: requests in, replies and reports out."""

from typing import Any

import pytest

from media.dtls import Role
from media.worker import Worker

from .conftest import Bench
from .peer import rtp, until


@pytest.fixture
def told() -> list[dict[str, Any]]:
    return []


@pytest.fixture
def worker(bench: Bench, told: list[dict[str, Any]]) -> Worker:
    return Worker(bench.hub, bench.writer, bench.captures, told.append)


def ask(worker: Worker, told: list[dict[str, Any]], do: str, **arguments: Any) -> Any:
    worker.request({"id": 5, "do": do, "call": "call", **arguments})
    reply = told.pop()
    assert reply["id"] == 5
    return reply.get("ok", reply.get("error"))


async def test_a_call_by_requests(worker: Worker, told: list[dict[str, Any]], bench: Bench) -> None:
    near, far = bench.peer(), bench.peer()
    offered = ask(worker, told, "offer", leg="near", to="far", sdp=near.describe().decode())
    far.connect(offered["sdp"].encode(), Role.CLIENT)
    answered = ask(worker, told, "answer", leg="far", to="near", sdp=far.describe("active").decode())
    near.connect(answered["sdp"].encode(), Role.SERVER)
    assert ask(worker, told, "select", leg="near", record=True) == {}
    await until(lambda: near.connected and far.connected)
    near.send_rtp(rtp(1))
    await until(lambda: far.clear)
    assert ask(worker, told, "stats")["near"][0] == 1
    assert ask(worker, told, "pause") == ask(worker, told, "resume") == {}
    worker.second()
    assert ask(worker, told, "drop", leg="near") == {}
    assert ask(worker, told, "release") == ask(worker, told, "release") == ask(worker, told, "drop", leg="x") == {}
    await until(lambda: {"capture_closed", "leg_connected"} <= {message.get("event") for message in told})
    assert ask(worker, told, "stats") == "unavailable"


async def test_requests_that_make_no_sense(worker: Worker, told: list[dict[str, Any]], bench: Bench) -> None:
    sdp = bench.peer().describe().decode()
    assert ask(worker, told, "offer", leg="near", to="far", sdp="v=1") == "bad_description"
    assert ask(worker, told, "offer", call="a/b", leg="near", to="far", sdp=sdp) == "error"
    assert ask(worker, told, "offer", leg="near") == "error"
    assert ask(worker, told, "offer", leg="near", to="far", sdp=sdp)["audio"]
    assert ask(worker, told, "sing") == "error"
    ask(worker, told, "release")
