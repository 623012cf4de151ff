"""One call through the whole web room: a handset of a few lines, the real gateway, a PBX of a few lines."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from .house import House, Page, house
from .pbx import Pbx, pbx

HANDSET = "handset-0001"
OFFER = (Path(__file__).parents[1] / "media" / "data" / "chromium-offer.sdp").read_bytes().decode()


@pytest.fixture
async def other() -> AsyncIterator[Pbx]:
    async with pbx() as made:
        yield made


@pytest.fixture
async def home(other: Pbx, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[House]:
    async with house(tmp_path, unused_tcp_port_factory(), pbx_url=other.url) as made:
        yield made


def request(method: str, uri: str, number: int, to: str, body: str = "", *more: str) -> str:
    lines = [
        f"{method} {uri} SIP/2.0",
        f"Via: SIP/2.0/WSS test.invalid;branch=z9hG4bK{method}{number}",
        "Max-Forwards: 70",
        "From: <sip:1001@ramal.invalid>;tag=near",
        f"To: <{to}>",
        f"Call-ID: near-{method}-{number}",
        f"CSeq: {number} {method}",
        "Contact: <sip:page@test.invalid;transport=ws>;expires=600",
        *more,
        f"Content-Length: {len(body.encode())}",
    ]
    return "\r\n".join([*lines, "", body])


async def ready(page: Page) -> tuple[aiohttp.ClientWebSocketResponse, aiohttp.ClientWebSocketResponse]:
    """The page's feed and its SIP socket, registered, with the line ready."""
    feed = await page.events()
    socket = await page.session.ws_connect(
        f"/sip?ticket={await page.line_ticket(HANDSET)}", headers={"Origin": page.origin}, protocols=("sip",)
    )
    await socket.send_str(request("REGISTER", "sip:ramal.invalid", 1, "sip:1001@ramal.invalid"))
    async with asyncio.timeout(10):
        while True:
            message = await feed.receive_json()
            if message.get("line", {}).get("state") == "ready":
                return feed, socket


async def call_where(feed: aiohttp.ClientWebSocketResponse, **wanted: object) -> dict[str, Any]:
    async with asyncio.timeout(10):
        while True:
            message = await feed.receive_json()
            if message["type"] == "call" and wanted.items() <= message["call"].items():
                found: dict[str, Any] = message["call"]
                return found


async def test_a_call_is_seen_muted_hung_up_and_kept(home: House, other: Pbx) -> None:
    async with home.logged_in() as page:
        feed, socket = await ready(page)
        number = "sip:600@ramal.invalid"
        await socket.send_str(request("INVITE", number, 2, number, OFFER, "Content-Type: application/sdp"))
        call = await call_where(feed, state="ringing")
        assert (call["number"], call["direction"], call["handset"]) == ("600", "out", HANDSET)
        assert call["near_call_id"] == "near-INVITE-2" and call["recording"] is None
        assert "s3cret-1001" not in other.invite

        assert (await page.send("PATCH", f"/calls/{call['id']}", {"muted": True})).status == 204
        assert (await call_where(feed, muted=True))["state"] == "ringing"
        again = await page.events()
        assert [live["id"] for live in (await again.receive_json())["calls"]] == [call["id"]]
        async with home.logged_in("sofia") as sofia:
            assert (await sofia.send("POST", f"/calls/{call['id']}/hangup")).status == 403

        wishes: tuple[tuple[dict[str, Any], int, str], ...] = (
            ({}, 422, "bad_request"),
            ({"to": "1002", "consult_call": "x"}, 422, "bad_request"),
            ({"to": "1002@evil.example"}, 422, "bad_request"),
            ({"to": "1002"}, 409, "not_talking"),
            ({"consult_call": "x"}, 409, "no_such_consultation"),
            ({"consult_call": call["id"]}, 409, "no_such_consultation"),
        )
        for wish, status, code in wishes:
            answer = await page.send("POST", f"/calls/{call['id']}/transfer", wish)
            assert (answer.status, (await answer.json())["code"]) == (status, code), wish

        assert (await page.send("POST", f"/calls/{call['id']}/hangup")).status == 202
        ended = await call_where(feed, state="ended")
        assert (ended["cause"], ended["ended_by"], ended["duration"]) == ("cancelled", "agent", None)
        assert any(line.startswith("CANCEL ") for line in other.heard)
        kept = await (await page.get(f"/api/v1/calls/{call['id']}")).json()
        states = [event["state"] for event in kept.pop("events")]
        assert states[0] == "dialing" and "ringing" in states and states[-1] == "ended"
        assert {name: kept[name] for name in ("id", "state", "cause", "ended_at")} == {
            name: ended[name] for name in ("id", "state", "cause", "ended_at")
        }
        assert (await page.send("POST", f"/calls/{call['id']}/hangup")).status == 404


async def test_a_call_whose_page_is_gone_is_shown_as_waiting(home: House) -> None:
    async with home.logged_in() as page:
        feed, socket = await ready(page)
        number = "sip:600@ramal.invalid"
        await socket.send_str(request("INVITE", number, 2, number, OFFER, "Content-Type: application/sdp"))
        call = await call_where(feed, state="ringing")
        assert (call["detached"], call["resume_until"]) == (False, None)
        refused = await page.send("POST", f"/calls/{call['id']}/take", {"handset": HANDSET})
        assert (refused.status, (await refused.json())["code"]) == (409, "not_talking")

        await socket.close()
        waiting = await call_where(feed, detached=True)
        assert waiting["resume_until"] > waiting["started_at"]
        for path in ("/api/v1/calls", f"/api/v1/calls/{call['id']}"):
            body = await (await page.get(path)).json()
            shown = body["calls"][0] if "calls" in body else body
            assert (shown["detached"], shown["resume_until"]) == (True, waiting["resume_until"])
        assert (await page.send("POST", f"/calls/{call['id']}/hangup")).status == 202
        ended = await call_where(feed, state="ended")
        assert (ended["detached"], ended["resume_until"]) == (False, None)
        refused = await page.send("POST", f"/calls/{call['id']}/take", {"handset": HANDSET})
        assert (refused.status, (await refused.json())["code"]) == (404, "not_found")


async def test_a_page_keeps_its_handset_while_its_old_socket_is_not_known_to_be_dead(home: House) -> None:
    async with home.logged_in() as page:

        async def ticket(**more: str) -> dict[str, str]:
            wish = {"handset": HANDSET, **more}
            answer: dict[str, str] = await (await page.send("POST", "/line/ticket", wish)).json()
            return answer

        mine = {"page": "p" * 16}
        first = await ticket(**mine)
        origin = {"Origin": page.origin}
        socket = await page.session.ws_connect(f"/sip?ticket={first['ticket']}", headers=origin, protocols=("sip",))
        assert (await ticket())["handset"] != HANDSET
        assert (await ticket(page="q" * 16))["handset"] != HANDSET
        again = await ticket(**mine)
        assert again["handset"] == HANDSET
        newer = await page.session.ws_connect(f"/sip?ticket={again['ticket']}", headers=origin, protocols=("sip",))
        assert (await socket.receive(timeout=5)).data == 4409
        assert not newer.closed


async def test_a_call_that_runs_when_the_gateway_stops_is_in_the_history(
    other: Pbx, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    async with house(tmp_path, unused_tcp_port_factory(), pbx_url=other.url) as first, first.logged_in() as page:
        feed, socket = await ready(page)
        number = "sip:600@ramal.invalid"
        await socket.send_str(request("INVITE", number, 2, number, OFFER, "Content-Type: application/sdp"))
        call = await call_where(feed, state="ringing")
    async with house(tmp_path, unused_tcp_port_factory(), pbx_url=other.url) as second, second.logged_in() as page:
        kept = await (await page.get(f"/api/v1/calls/{call['id']}")).json()
        assert kept["state"] == "ended" and kept["cause"] and kept["ended_at"]
