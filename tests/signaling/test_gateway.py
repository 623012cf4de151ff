"""The gateway from outside: calls, losses, log-outs, the stop, and what a failing part does to the others."""

import re
from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.limits import GatewayLimits
from signaling.ports import FAR, MediaError, Secret
from signaling.views import CallState, LineState, RecordingState

from .house import TIMING, Tokens, house
from .pbx import raw_server


async def test_call_from_the_log_in_to_the_end() -> None:
    async with house() as it:
        page = await it.ready()
        assert it.diary.audits == [("line-1", "signed", "REGISTER realm=pbx algorithm=SHA-256 version=1")]
        assert it.gateway.handset_in_use("line-1", "h1")
        fields = await page.dial()
        ok = await page.response(200)
        invite = await it.pbx.next("INVITE")
        assert str(invite.uri) == "sip:600@pbx.example"
        await page.says("ACK", to=str(ok.to), call_id=fields["Call-ID"])
        call = await it.diary.call(CallState.ACTIVE)
        assert ok.headers.get("X-Ramal-Call") == call.call
        assert it.gateway.call_views("line-1") == (call,)
        await page.says("BYE", to=str(ok.to), call_id=fields["Call-ID"], cseq="2")
        await page.response(200)
        await it.pbx.next("BYE")
        ended = await it.diary.call(CallState.ENDED)
        assert (ended.cause, ended.ended_by) == (Cause.ENDED, "agent")
        assert it.gateway.call_views("line-1") == ()
        await page.socket.close()
        await it.diary.line(LineState.IDLE)
        await it.diary.until(lambda: it.gateway.line_view("line-1") is None)
        assert it.pbx.registered == set()
        assert it.engine.done == [
            ("offer", "h1", FAR),
            ("answer", FAR, "h1"),
            ("select", "h1", "False"),
            ("release",),
        ]


async def test_call_from_the_pbx() -> None:
    async with house() as it:
        page = await it.ready()
        await it.pbx.calls()
        rung = await page.request("INVITE")
        assert rung.body == b"v=0 pbx a=sendrecv"
        call = await it.diary.call(CallState.RINGING)
        assert it.gateway.hang_up("line-1", call.call)
        ended = await it.diary.call(CallState.ENDED)
        assert ended.cause is Cause.REFUSED


async def test_wrong_secret_and_a_new_one() -> None:
    async with house() as it:
        good, it.config = it.config, replace(it.config, secret=Secret("wrong", 1))
        await it.page()
        view = await it.diary.line(LineState.REFUSED)
        assert view.reason == "bad_secret"
        assert it.gateway.retry("line-1")
        await it.diary.until(lambda: [view.state for view in it.diary.lines].count(LineState.REFUSED) == 2)
        it.gateway.reconfigure(good)
        await it.diary.line(LineState.READY)


async def test_config_of_now_counts_when_a_page_attaches() -> None:
    async with house() as it:
        good, it.config = it.config, replace(it.config, secret=Secret("wrong", 1))
        await it.page()
        await it.diary.line(LineState.REFUSED)
        it.config = good
        await it.page("h2")
        await it.diary.line(LineState.READY)


async def test_pbx_that_is_down_and_comes_back() -> None:
    async with house() as it:
        page = await it.ready()
        await page.talks()
        it.pbx.cut()
        view = await it.diary.line(LineState.OFFLINE)
        assert view.reason == "closed" and view.retry_in is not None
        await it.diary.line(LineState.READY)
        await it.pbx.next("INVITE")
        await it.pbx.next("OPTIONS")
        assert it.gateway.mute("line-1", it.call, True)
        assert it.gateway.transfer("line-1", it.call, to="1002")
        assert not it.gateway.transfer("line-1", it.call, consulted="unknown")
        assert it.gateway.expect_call("line-1", None)
        assert not it.gateway.expect_call("unknown", None)
        assert it.gateway.call_views("line-1")[0].muted


async def test_pbx_that_is_not_there() -> None:
    async with house() as it:
        it.config = replace(it.config, url="ws://127.0.0.1:9/ws")
        await it.page()
        view = await it.diary.line(LineState.OFFLINE)
        assert view.reason == "unreachable"
        await it.diary.until(lambda: [view.state for view in it.diary.lines].count(LineState.OFFLINE) == 3)


async def test_new_address_while_it_connects() -> None:
    async with raw_server(patient=True) as port, house() as it:
        good, it.config = it.config, replace(it.config, url=f"ws://127.0.0.1:{port}/")
        await it.page()
        await it.diary.line(LineState.CONNECTING)
        it.gateway.reconfigure(good)
        await it.diary.line(LineState.READY)


async def test_malformed_message_of_the_pbx() -> None:
    async with house() as it:
        page = await it.ready()
        for connection in it.pbx.connections:
            await connection.send("nonsense")
            await connection.send("OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/WSS x;branch=z9hG4bK1\r\n\r\n")
            await connection.send(
                "OPTIONS bad SIP/2.0\r\nVia: SIP/2.0/WSS x;branch=z9hG4bK1\r\nFrom: <sip:a@x>;tag=1\r\n"
                "To: <sip:b@x>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
            )
        await page.talks()


async def test_log_out() -> None:
    async with house() as it:
        page, other = await it.ready("h1", "s1"), await it.ready("h2", "s2")
        await page.talks()
        await it.pbx.next("INVITE")
        await it.gateway.close_session("s1")
        await page.request("BYE")
        assert await page.closed() == 4401
        await it.pbx.next("BYE")
        await it.gateway.close_session("unknown")
        await other.register()


async def test_log_out_ends_a_call_that_waits_for_a_page() -> None:
    async with house(timing=replace(TIMING, detached=30)) as it:
        page, other = await it.ready(), await it.page("h2", "s2")
        await page.talks()
        await page.socket.close()
        await it.diary.until(lambda: it.diary.calls[-1].detached)
        await it.gateway.close_session("s2")
        assert await other.closed() == 4401
        assert it.diary.calls[-1].state is CallState.ACTIVE
        await it.gateway.close_session("s1")
        assert (await it.diary.call(CallState.ENDED)).ended_by == "agent"


async def test_page_is_known_by_more_than_its_handset() -> None:
    async with house() as it:
        await it.page("h1", page="p1")
        await it.diary.until(lambda: it.gateway.handset_in_use("line-1", "h1"))
        assert it.gateway.handset_in_use("line-1", "h1", page="p2")
        assert not it.gateway.handset_in_use("line-1", "h1", page="p1")
        assert not it.gateway.handset_in_use("line-1", "h2", page="p1")


async def test_call_is_taken_by_another_page() -> None:
    async with house() as it:
        page, other = await it.ready(), await it.page("h2")
        await other.register()
        await page.talks()
        assert not it.gateway.take("line-1", it.call, "h3") and not it.gateway.take("line-2", it.call, "h2")
        assert not it.gateway.take("line-1", "unknown", "h2")
        assert it.gateway.take("line-1", it.call, "h2")
        invite = await other.request("INVITE")
        assert invite.headers.get("X-Ramal-Resume") == "taken"


async def test_gateway_closes() -> None:
    async with house() as it:
        page = await it.ready()
        await page.talks()
        await it.gateway.close()
        await page.request("BYE")
        assert await page.closed() == 1012
        assert it.pbx.registered == set()
        assert it.diary.calls[-1].cause is Cause.INTERRUPTED
        late = await it.page()
        assert await late.closed() == 1012
        await it.gateway.close()


async def test_gateway_closes_although_the_pbx_is_silent() -> None:
    async with house(timing=replace(TIMING, stop=0.1)) as it:
        await it.ready()
        it.pbx.handle = None  # type: ignore[assignment, method-assign]
        for connection in it.pbx.connections:
            connection.transport.pause_reading()
        await it.gateway.close()
        assert it.diary.lines[-1].state is LineState.IDLE


async def test_nothing_is_known_of_an_unknown_line() -> None:
    async with house() as it:
        gateway = it.gateway
        assert not gateway.handset_in_use("x", "h1")
        assert gateway.line_view("x") is None
        assert gateway.call_views("x") == ()
        assert not gateway.mute("x", "c", True)
        assert not gateway.hang_up("x", "c")
        assert not gateway.retry("x")
        gateway.reconfigure(replace(it.config, line="x"))
        gateway.media_changed("c", "leg_connected", FAR)
        await it.ready()
        assert not gateway.hang_up("line-1", "c")
        gateway.media_changed("c", "leg_connected", FAR)


# Media


async def test_media_engine_reports() -> None:
    async with house(anchored=True) as it:
        page = await it.ready()
        await page.talks()
        it.gateway.media_changed(it.call, "recording_started", None)
        assert it.gateway.call_views("line-1")[0].recording is RecordingState.ON
        assert ("select", "h1", "True") in it.engine.done
        ended = await it.diary.call(CallState.ENDED)
        assert ended.cause is Cause.MEDIA_FAILED  # nothing was ever heard


@pytest.mark.parametrize(
    ("error", "status"),
    [(MediaError("bad SDP", whose="peer"), 488), (MediaError("no worker"), 500), (RuntimeError("defect"), 500)],
)
async def test_media_engine_fails(error: Exception, status: int) -> None:
    async with house() as it:
        it.engine.fails["offer"] = error
        page = await it.ready()
        await page.dial()
        response = await page.response(status)
        assert "bad SDP" not in str(response)
        assert it.diary.calls[-1].cause is Cause.MEDIA_FAILED
        assert it.pbx.requests.empty()


async def test_media_engine_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signaling.runner._MEDIA_TIMEOUT", 0.05)
    async with house() as it:
        it.engine.hangs.add("offer")
        page = await it.ready()
        await page.dial()
        await page.response(500)


async def test_media_engine_cannot_select() -> None:
    async with house() as it:
        it.engine.fails["select"] = MediaError("no worker")
        page = await it.ready()
        await page.dial()
        await page.response(200)
        await page.request("BYE")


async def test_media_engine_cannot_release() -> None:
    async with house() as it:
        it.engine.fails["release"] = RuntimeError("defect")
        page = await it.ready()
        await page.dial()
        await page.response(200)
        it.gateway.hang_up("line-1", it.call)
        await page.request("BYE")
        await page.register()


async def test_media_engine_has_too_much_to_do() -> None:
    async with house(limits=GatewayLimits(media=1)) as it:
        await it.ready("h1")
        await it.ready("h2")
        await it.pbx.calls()
        ended = await it.diary.call(CallState.ENDED)
        assert ended.cause is Cause.MEDIA_FAILED
        await it.diary.until(lambda: it.engine.done == [("release",)])


# Defects


class Broken(Tokens):
    broken = False

    def token(self) -> str:
        if self.broken:
            raise RuntimeError("no more ids")
        return super().token()


async def test_defect_of_one_line_ends_only_that_line(caplog: pytest.LogCaptureFixture) -> None:
    ids = Broken()
    async with house(ids=ids) as it:
        page = await it.ready()
        await page.talks()
        ids.broken = True
        await page.says("OPTIONS", "sip:ramal.invalid")
        assert await page.closed() == 1011
        ids.broken = False
        assert it.diary.calls[-1].cause is Cause.INTERRUPTED
        assert it.engine.done[-1] == ("release",)
        page = await it.ready()
        await page.talks()
        assert re.search("line line-1 failed", caplog.text)
