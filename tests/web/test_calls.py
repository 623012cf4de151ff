"""The history and the recordings over HTTP."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from web import keys
from web.store.tables import Recording

from .house import House, Page
from .test_store import call_values

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
SOUND = bytes(range(256)) * 40


async def a_recording(gateway: House, call: str = "c1", **more: Any) -> str:
    """A call with a finished recording; gives the recording's id."""
    at = {"answered_at": NOON + timedelta(seconds=3), "ended_at": NOON + timedelta(seconds=63.5)}
    await gateway.store.calls.save(call_values(gateway.here, call, **{**at, **more}), [])
    row = await gateway.store.recordings.add(account=gateway.here.account, call=call, capture="x.rrec")
    data = gateway.app[keys.SETTINGS].data
    audio = data / "recordings" / gateway.here.account / f"{row.id}.opus"
    audio.parent.mkdir(parents=True, exist_ok=True)
    audio.write_bytes(SOUND)
    audio.with_suffix(".peaks.json").write_text('{"rate":10,"agent":[0.5],"other":[1]}')
    row.state, row.path, row.started_at = "ready", str(audio.relative_to(data)), NOON
    row.duration, row.bytes, row.sha256 = 60.5, len(SOUND), "ab" * 32
    await gateway.store.recordings.keep(row)
    return row.id


async def json_of(page: Page, path: str) -> dict[str, Any]:
    response = await page.get(f"/api/v1{path}")
    assert response.status == 200, await response.text()
    found: dict[str, Any] = await response.json()
    return found


async def test_a_call_is_told_whole(gateway: House) -> None:
    recording = await a_recording(gateway, cause="ended", ended_by="other", sip_status=200, handset="h")
    async with gateway.logged_in() as page:
        call = await json_of(page, "/calls/c1")
        (listed,) = (await json_of(page, "/calls"))["calls"]
    assert call.pop("events") == []
    assert call == listed
    assert call == {
        "id": "c1",
        "line": gateway.here.lines["ana"],
        "agent": "Ana",
        "direction": "out",
        "state": "ended",
        "number": "600",
        "name": None,
        "handset": "h",
        "near_call_id": None,
        "early_media": False,
        "held": False,
        "held_by_other": False,
        "muted": False,
        "recording_state": "off",
        "cause": "ended",
        "sip_status": 200,
        "sip_reason": None,
        "ended_by": "other",
        "started_at": "2026-01-02T12:00:00Z",
        "answered_at": "2026-01-02T12:00:03Z",
        "ended_at": "2026-01-02T12:01:03.500000Z",
        "duration": 60.5,
        "recording": {"id": recording, "state": "ready", "duration": 60.5},
        "detached": False,
        "resume_until": None,
        "transfer": "none",
        "transfer_to": None,
    }


async def test_the_events_of_a_call_are_told(gateway: House) -> None:
    views = (
        {"state": "dialing"},
        {"state": "active", "held": True},
        {"state": "ended", "cause": "busy", "sip_status": 486},
    )
    events = [
        {"call": "c1", "number": number, "account": gateway.here.account, "at": NOON, "view": view}
        for number, view in enumerate(views, 1)
    ]
    await gateway.store.calls.save(call_values(gateway.here, "c1"), events)
    async with gateway.logged_in() as page:
        told = (await json_of(page, "/calls/c1"))["events"]
    assert [(event["state"], event["held"], event["cause"], event["sip_status"]) for event in told] == [
        ("dialing", False, None, None),
        ("active", True, None, None),
        ("ended", False, "busy", 486),
    ]
    assert told[0]["at"] == "2026-01-02T12:00:00Z"


async def test_the_list_goes_page_by_page(gateway: House) -> None:
    for number in range(5):
        at = NOON + timedelta(minutes=number)
        await gateway.store.calls.save(call_values(gateway.here, f"c{number}", at=at), [])
    seen, cursor = [], ""
    async with gateway.logged_in() as page:
        while True:
            body = await json_of(page, f"/calls?limit=2&cursor={cursor}")
            seen += [call["id"] for call in body["calls"]]
            cursor = body["next"]
            if cursor is None:
                break
    assert seen == ["c4", "c3", "c2", "c1", "c0"]


async def test_the_list_is_filtered(gateway: House) -> None:
    await gateway.store.calls.save(call_values(gateway.here, "c1", number="11 4004-1000", answered_at=NOON), [])
    await gateway.store.calls.save(call_values(gateway.here, "c2", direction="in"), [])
    async with gateway.logged_in() as page:
        for query, ids in (
            ("q=4004", ["c1"]),
            ("direction=in", ["c2"]),
            ("outcome=missed", ["c2"]),
            ("outcome=answered&direction=out", ["c1"]),
            ("q=&direction=&outcome=&cursor=", ["c2", "c1"]),
        ):
            assert [call["id"] for call in (await json_of(page, f"/calls?{query}"))["calls"]] == ids, query


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=999", "limit=a", "direction=up", "outcome=y", "z=1"])
async def test_a_wrong_question_is_told(gateway: House, query: str) -> None:
    async with gateway.logged_in() as page:
        response = await page.get(f"/api/v1/calls?{query}")
        assert (response.status, (await response.json())["code"]) == (400, "bad_request")


async def test_a_recording_is_described(gateway: House) -> None:
    recording = await a_recording(gateway)
    async with gateway.logged_in() as page:
        assert await json_of(page, f"/recordings/{recording}") == {
            "id": recording,
            "call": "c1",
            "state": "ready",
            "duration": 60.5,
            "bytes": len(SOUND),
            "sha256": "ab" * 32,
            "started_at": "2026-01-02T12:00:00Z",
            "channels": ["agent", "other"],
        }
        assert await json_of(page, f"/recordings/{recording}/peaks") == {"rate": 10, "agent": [0.5], "other": [1]}


@pytest.mark.parametrize(
    ("asked", "status", "part", "said"),
    [
        (None, 200, SOUND, None),
        ("bytes=0-", 206, SOUND, "bytes 0-10239/10240"),
        ("bytes=100-199", 206, SOUND[100:200], "bytes 100-199/10240"),
        ("bytes=10000-", 206, SOUND[10000:], "bytes 10000-10239/10240"),
        ("bytes=-40", 206, SOUND[-40:], "bytes 10200-10239/10240"),
        ("bytes=20000-", 416, None, "bytes */10240"),
        ("bytes=5-1", 416, None, "bytes */10240"),
    ],
)
async def test_the_sound_comes_in_ranges(
    gateway: House, asked: str | None, status: int, part: bytes | None, said: str | None
) -> None:
    recording = await a_recording(gateway)
    async with gateway.logged_in() as page:
        headers = {} if asked is None else {"Range": asked}
        response = await page.get(f"/api/v1/recordings/{recording}/audio", headers=headers)
        assert response.status == status
        assert response.headers.get("Content-Range") == said
        if part is not None:
            assert await response.read() == part
            assert response.headers["Content-Type"] == "audio/ogg; codecs=opus"
            assert response.headers["Accept-Ranges"] == "bytes"
            assert response.headers["Cache-Control"] == "private, no-store"
            assert "Content-Disposition" not in response.headers


async def test_a_download_has_a_name_and_is_audited(gateway: House) -> None:
    recording = await a_recording(gateway)
    async with gateway.logged_in("sofia") as page:
        response = await page.get(f"/api/v1/recordings/{recording}/audio?download=1")
        assert response.headers["Content-Disposition"] == 'attachment; filename="ramal-20260102-120000-c1.opus"'
        assert await response.read() == SOUND
    last = (await gateway.store.audit.all(gateway.here.account))[-1]
    assert (last.what, last.actor, last.subject) == ("recording_downloaded", gateway.here.users["sofia"], recording)


async def test_a_recording_that_is_not_ready_has_no_sound(gateway: House) -> None:
    await gateway.store.calls.save(call_values(gateway.here, "c1"), [])
    row: Recording = await gateway.store.recordings.add(account=gateway.here.account, call="c1", capture="x.rrec")
    async with gateway.logged_in() as page:
        for part in ("audio", "peaks"):
            assert (await page.get(f"/api/v1/recordings/{row.id}/{part}")).status == 404
        assert (await json_of(page, f"/recordings/{row.id}"))["state"] == "processing"


async def test_a_live_call_can_only_be_changed_while_it_lives(gateway: House) -> None:
    await gateway.store.calls.save(call_values(gateway.here, "c1"), [])
    async with gateway.logged_in() as page:
        for method, path, body in (("PATCH", "/calls/c1", {"muted": True}), ("POST", "/calls/c1/hangup", {})):
            response = await page.send(method, path, body)
            assert (response.status, (await response.json())["code"]) == (404, "not_found")
        assert (await page.send("PATCH", "/calls/c1", {"muted": "perhaps"})).status == 422
