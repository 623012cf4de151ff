"""``/sip`` and the feed: who is admitted, and what the page hears. A small PBX counts every upstream connection."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from sqlalchemy import text, update

from web import keys
from web.api import events
from web.auth.tickets import Purpose, Ticket, Tickets
from web.store.scope import Role, Scope, now
from web.store.tables import Session

from .house import House, Page, house
from .pbx import Pbx, pbx

HANDSET = "handset-0001"


@dataclass
class Scene:
    house: House
    pbx: Pbx


@pytest.fixture
async def on(tmp_path: Path, unused_tcp_port_factory: Callable[[], int]) -> AsyncIterator[Scene]:
    async with (
        pbx() as other,
        house(tmp_path, unused_tcp_port_factory(), pbx_url=other.url, RAMAL_LIMITS__SOCKETS_PER_ADDRESS="8") as made,
    ):
        yield Scene(made, other)


async def attach(
    page: Page, ticket: str, *, origin: str | None = None, protocols: tuple[str, ...] = ("sip",)
) -> aiohttp.ClientWebSocketResponse:
    return await page.session.ws_connect(
        f"/sip?ticket={ticket}", headers={"Origin": origin or page.origin}, protocols=protocols
    )


async def refused(page: Page, ticket: str, **how: Any) -> int:
    with pytest.raises(aiohttp.WSServerHandshakeError) as answer:
        await attach(page, ticket, **how)
    return answer.value.status


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int:
    """The code of the close frame, once it comes."""
    async with asyncio.timeout(8):
        while True:
            message = await socket.receive()
            if message.type is aiohttp.WSMsgType.CLOSE:
                return int(message.data)
            assert message.type is aiohttp.WSMsgType.TEXT, message


async def line_state(socket: aiohttp.ClientWebSocketResponse, state: str) -> dict[str, Any]:
    """Reads the feed until the line is in that state; sequence numbers grow by one all the way."""
    last = None
    async with asyncio.timeout(10):
        while True:
            message = await socket.receive_json()
            assert last is None or message["seq"] == last + 1
            last = message["seq"]
            if message.get("line") and message["line"]["state"] == state:
                found: dict[str, Any] = message["line"]
                return found


async def test_a_page_attaches_and_its_line_becomes_ready(on: Scene) -> None:
    async with on.house.logged_in() as page:
        feed = await page.events()
        socket = await attach(page, await page.line_ticket(HANDSET))
        assert socket.protocol == "sip"
        line = await line_state(feed, "ready")
        assert (line["handsets"], line["number"], line["user"]) == (1, "1001", "Ana")
        assert line["uri"] == "sip:1001@ramal.invalid" and line["detail"] is None
        assert await (await page.get("/api/v1/line")).json() == line
        assert on.pbx.connections == 1 and on.pbx.heard[0].startswith("REGISTER ")
        await socket.close()


async def test_a_wrong_origin_is_refused_before_anything_happens(on: Scene) -> None:
    async with on.house.logged_in() as page:
        for origin in ("https://evil.example", "null", on.house.origin + ".evil.example"):
            assert await refused(page, await page.line_ticket(HANDSET), origin=origin) == 403
        response = await page.get(f"/sip?ticket={await page.line_ticket(HANDSET)}")
        assert response.status in (400, 403)  # no Origin, no upgrade
    assert on.pbx.connections == 0


async def test_a_ticket_is_good_once(on: Scene) -> None:
    async with on.house.logged_in() as page:
        ticket = await page.line_ticket(HANDSET)
        socket = await attach(page, ticket)
        assert await refused(page, ticket) == 403
        await socket.close()


async def test_an_invented_a_late_and_anothers_ticket_are_refused(on: Scene) -> None:
    moment = [1000.0]
    on.house.app[keys.TICKETS].__init__(clock=lambda: moment[0])  # type: ignore[misc]
    async with on.house.logged_in() as page:
        assert await refused(page, "invented") == 403
        assert await refused(page, "") == 403
        late = await page.line_ticket(HANDSET)
        moment[0] += 30
        assert await refused(page, late) == 403
        for_events = (await (await page.send("POST", "/events/ticket")).json())["ticket"]
        assert await refused(page, for_events) == 403
    assert on.pbx.connections == 0


async def test_a_ticket_ends_with_its_session(on: Scene) -> None:
    async with on.house.logged_in() as page:
        ticket = await page.line_ticket(HANDSET)
        await page.send("DELETE", "/session")
        assert await refused(page, ticket) == 403
    async with on.house.logged_in() as page:
        ticket = await page.line_ticket(HANDSET)
        async with on.house.store.database.transaction() as session:  # as another process would end it
            await session.execute(update(Session).values(ended_at=now()))
        assert await refused(page, ticket) == 403
    assert on.pbx.connections == 0


async def test_the_subprotocol_must_be_sip(on: Scene) -> None:
    async with on.house.logged_in() as page:
        for protocols in ((), ("sip2",), ("sip", "other")):
            assert await refused(page, await page.line_ticket(HANDSET), protocols=protocols) == 400
    assert on.pbx.connections == 0


async def test_who_has_no_line_gets_no_ticket_for_one(on: Scene) -> None:
    async with on.house.logged_in("adm") as page:
        response = await page.send("POST", "/line/ticket", {"handset": HANDSET})
        assert (response.status, (await response.json())["code"]) == (404, "no_line")
        forged = on.house.app[keys.TICKETS].issue(
            Ticket(Purpose.SIP, await _session(on), Scope(on.house.here.account, "nobody", Role.AGENT), HANDSET)
        )
        assert await refused(page, forged) == 403


async def _session(on: Scene) -> str:
    user = on.house.here.users["adm"]
    async with on.house.store.database.transaction() as session:
        found = await session.scalar(Session.__table__.select().where(Session.user == user))
    return str(found)


async def test_sockets_from_one_address_are_bounded(on: Scene) -> None:
    async with on.house.logged_in() as page:
        for _ in range(8):
            assert await refused(page, "invented") == 403
        assert await refused(page, "invented") == 429


@pytest.mark.parametrize("handset", ["", "short", "x" * 65, "with space", "a/b/c/d/e/f", "a\nb_c_d_e_f"])
async def test_a_handset_id_is_a_plain_word(on: Scene, handset: str) -> None:
    async with on.house.logged_in() as page:
        assert (await page.send("POST", "/line/ticket", {"handset": handset})).status == 422


async def test_a_duplicated_tab_is_given_a_handset_id_of_its_own(on: Scene) -> None:
    async with on.house.logged_in() as page:
        feed = await page.events()
        socket = await attach(page, await page.line_ticket(HANDSET))
        await line_state(feed, "ready")
        answer = await (await page.send("POST", "/line/ticket", {"handset": HANDSET})).json()
        assert answer["handset"] != HANDSET and len(answer["handset"]) == 32
        assert not socket.closed


async def test_log_out_ends_the_handsets_of_the_session_only(on: Scene) -> None:
    async with on.house.logged_in() as page, on.house.logged_in() as other:
        mine = await attach(page, await page.line_ticket("handset-mine"))
        others = await attach(other, await other.line_ticket("handset-other"))
        await page.send("DELETE", "/session")
        assert await closed_with(mine) == 4401
        await others.send_str("\r\n\r\n")
        async with asyncio.timeout(5):
            assert (await others.receive_str()) == "\r\n"


async def test_a_session_that_another_process_ended_is_noticed(on: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "CHECK_EVERY", 0.05)
    monkeypatch.setattr("web.sip.CHECK_EVERY", 0.05)
    async with on.house.logged_in() as page:
        feed, socket = await page.events(), await attach(page, await page.line_ticket(HANDSET))
        await line_state(feed, "ready")
        async with on.house.store.database.transaction() as session:
            await session.execute(update(Session).values(ended_at=now()))
        for one in (feed, socket):
            assert await closed_with(one) == 4401


async def test_a_database_that_is_away_ends_no_socket(on: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "CHECK_EVERY", 0.02)
    monkeypatch.setattr("web.sip.CHECK_EVERY", 0.02)
    async with on.house.logged_in() as page:
        feed, socket = await page.events(), await attach(page, await page.line_ticket(HANDSET))
        await line_state(feed, "ready")
        database = on.house.store.database.engine
        async with database.begin() as connection:
            await connection.execute(text("ALTER TABLE session RENAME TO away"))
        with pytest.raises(TimeoutError):
            await feed.receive(timeout=0.3)
        async with database.begin() as connection:
            await connection.execute(text("ALTER TABLE away RENAME TO session"))
        await socket.send_str("\r\n\r\n")
        assert await socket.receive_str(timeout=5) == "\r\n"


async def test_an_expired_session_without_a_call_ends_its_sockets(on: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.sip.CHECK_EVERY", 0.05)
    async with on.house.logged_in() as page:
        socket = await attach(page, await page.line_ticket(HANDSET))
        async with on.house.store.database.transaction() as session:
            await session.execute(update(Session).values(created_at=now() - timedelta(days=2)))
        assert await closed_with(socket) == 4401


async def test_the_feed_begins_with_all_that_is_and_counts_on(on: Scene) -> None:
    async with on.house.logged_in() as page:
        feed = await page.events()
        snapshot = await feed.receive_json()
        assert snapshot["type"] == "snapshot" and snapshot["calls"] == []
        assert snapshot["me"]["login"] == "ana" and snapshot["line"]["state"] == "idle"
        assert snapshot["now"].endswith("Z")
        _socket = await attach(page, await page.line_ticket(HANDSET))
        states, last = [], snapshot["seq"]
        async with asyncio.timeout(10):
            while "ready" not in states:
                message = await feed.receive_json()
                assert message["type"] == "line" and message["seq"] == last + 1
                last = message["seq"]
                states.append(message["line"]["state"])
        assert states.index("connecting") < states.index("registering") < states.index("ready")


async def test_supervisors_hear_every_line_of_the_account_and_agents_their_own(on: Scene) -> None:
    async with (
        on.house.logged_in("sofia") as sofia,
        on.house.logged_in("bruno") as bruno,
        on.house.logged_in("ana") as ana,
        on.house.logged_in("adm2") as stranger,
    ):
        hers, his, theirs = await sofia.events(), await bruno.events(), await stranger.events()
        first, second = await hers.receive_json(), await hers.receive_json()
        assert first["line"] is None and first["type"] == "snapshot"
        assert second["type"] == "lines" and second["seq"] == first["seq"] + 1
        assert [line["number"] for line in second["lines"]] == ["1001", "1002"]
        _socket = await attach(ana, await ana.line_ticket(HANDSET))
        assert (await line_state(hers, "ready"))["id"] == on.house.here.lines["ana"]
        assert (await his.receive_json())["type"] == "snapshot"
        assert (await theirs.receive_json())["type"] == "snapshot"
        assert (await theirs.receive_json())["type"] == "lines"
        for socket in (his, theirs):
            with pytest.raises(TimeoutError):
                await socket.receive_json(timeout=0.2)


async def test_a_feed_needs_the_own_origin_and_a_ticket(on: Scene) -> None:
    async with on.house.logged_in() as page:
        with pytest.raises(aiohttp.WSServerHandshakeError) as answer:
            await page.events(Origin="https://evil.example")
        assert answer.value.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as answer:
            await page.session.ws_connect("/api/v1/events?ticket=x", headers={"Origin": page.origin})
        assert answer.value.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError) as answer:
            await page.session.ws_connect(
                f"/api/v1/events?ticket={await page.line_ticket(HANDSET)}", headers={"Origin": page.origin}
            )
        assert answer.value.status == 403


async def test_when_the_gateway_stops_the_pages_are_told_to_come_back(
    tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    async with pbx() as other:
        async with house(tmp_path, unused_tcp_port_factory(), pbx_url=other.url) as made, made.logged_in() as page:
            made_feed = await page.events()
            socket = await attach(page, await page.line_ticket(HANDSET))
            await line_state(made_feed, "ready")
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(made.app.shutdown(), name="stop")
                for one in (made_feed, socket):
                    assert await closed_with(one) == 1012
        assert sum(line.startswith("REGISTER ") for line in other.heard) >= 2  # the last one un-registers


def test_tickets_are_kept_by_hash_only() -> None:
    tickets = Tickets()
    text = tickets.issue(Ticket(Purpose.SIP, "s", Scope("a", "u", Role.AGENT), HANDSET))
    assert text.encode() not in b"".join(tickets._open)
