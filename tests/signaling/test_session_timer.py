"""Session timers (RFC 4028) of the dialogs with the PBX."""

import pytest

from signaling.causes import Cause
from signaling.events import UpstreamClosed
from signaling.message import Request
from signaling.session_timer import SessionExpires, too_short
from signaling.timing import Timing
from signaling.views import CallState

from .page import Page, Talk, ended, ready, talking
from .playbook import Playbook, sdp

UPDATE = ("Allow", "INVITE, BYE, UPDATE")


def expires(value: str) -> tuple[str, str]:
    return ("Session-Expires", value)


def agreed(value: str, *, update: bool = True) -> tuple[Playbook, Page, Talk]:
    """We called; the PBX answered with this Session-Expires."""
    play = Playbook(timing=Timing(expires=90_000))
    page = ready(play)
    near = page.dial("600")
    play.near_response(100)
    invite = play.far_request("INVITE")
    assert (invite.supported, invite.headers.get("Session-Expires")) == (("timer",), None)
    headers = (expires(value), *((UPDATE,) if update else ()))
    play.reply(invite, 200, body=sdp("pbx"), headers=headers)
    play.far_request("ACK")
    answer = play.near_response(200)
    page.ack(near, answer)
    play.hears("far", "h1")
    play.silence()
    return play, page, Talk(play.call.call, answer, invite)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1800", SessionExpires(1800)),
        (" 90 ; refresher=UAC", SessionExpires(90, "uac")),
        ("90;refresher=uas;x", SessionExpires(90, "uas")),
        ("90;refresher=me", SessionExpires(90)),
        ("", None),
        ("x", None),
        ("90;=", None),
    ],
)
def test_values(text: str, value: SessionExpires | None) -> None:
    play = Playbook()
    ready(play)
    invite = play.pbx_invite(headers=(expires(text),))
    assert SessionExpires.of(invite) == value


def test_value_is_written_as_it_is_read() -> None:
    assert str(SessionExpires(90)) == "90"
    assert str(SessionExpires(1800, "uas")) == "1800;refresher=uas"


def test_we_refresh_by_update_at_half_time() -> None:
    play, _, _ = agreed("1800;refresher=uac")
    play.wait(899)
    play.silence()
    play.wait(1)
    refresh = play.far_request("UPDATE")
    assert (refresh.body, refresh.headers.get("Session-Expires")) == (b"", "1800;refresher=uac")
    play.reply(refresh, 200, headers=(expires("1200;refresher=uac"),))
    play.wait(600)
    assert play.far_request("UPDATE").headers.get("Session-Expires") == "1200;refresher=uac"


def test_we_refresh_by_a_reinvite_that_changes_nothing() -> None:
    play, _, talk = agreed("600", update=False)
    play.wait(300)
    refresh = play.far_request("INVITE")
    assert isinstance(talk.far, Request) and refresh.body == talk.far.body
    play.reply(refresh, 100)
    play.reply(refresh, 200, body=sdp("pbx"), headers=(expires("600;refresher=uac"),))
    assert play.far_request("ACK").cseq.number == refresh.cseq.number
    play.wait(300)
    again = play.far_request("INVITE")
    play.reply(again, 491)
    play.far_request("ACK")
    play.wait(75)
    play.far_request("INVITE")
    assert play.call.state is CallState.ACTIVE


def test_refresh_that_is_not_answered_ends_the_call() -> None:
    play, _, _ = agreed("240;refresher=uac")
    play.wait(120)
    play.reply(play.far_request("UPDATE"), 500)
    play.wait(30)
    play.far_request("UPDATE")
    play.wait(32)
    play.wait(30)
    play.reply(play.far_request("UPDATE"), 481)
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.PBX_LOST, "gateway")


@pytest.mark.parametrize(("least", "then"), [("500", 500), ("x", 240), ("90", 240)])
def test_interval_is_too_short_for_the_pbx(least: str, then: int) -> None:
    play, _, _ = agreed("240;refresher=uac")
    play.wait(120)
    play.reply(play.far_request("UPDATE"), 422, headers=(("Min-SE", least),))
    play.wait(then / 8)
    assert play.far_request("UPDATE").headers.get("Session-Expires") == f"{then};refresher=uac"


def test_call_ends_while_a_refresh_is_under_way() -> None:
    play, page, talk = agreed("240;refresher=uac")
    play.wait(120)
    refresh = play.far_request("UPDATE")
    page.asks("BYE", talk.near)
    play.near_response(200)
    play.far_request("BYE")
    play.reply(refresh, 200, headers=(expires("240;refresher=uac"),))
    assert ended(play) == (Cause.ENDED, "agent")


def test_refresh_falls_in_a_loss_of_the_pbx() -> None:
    play, _, _ = agreed("240;refresher=uac")
    play.wait(119)
    play.happens(UpstreamClosed("closed", ""))
    play.wait(2)
    play.silence_far()
    assert play.call.state is CallState.ACTIVE


def test_pbx_refreshes() -> None:
    play, _, talk = agreed("600;refresher=uas")
    play.wait(500)
    play.pbx_asks("UPDATE", talk.far, headers=(expires("600;refresher=uac"), ("Supported", "timer")))
    ok = play.far_response(200)
    assert ok.headers.get("Session-Expires") == "600;refresher=uac"
    assert ok.require == ("timer",)
    play.wait(567)
    assert play.call.state is CallState.ACTIVE
    play.wait(1)
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.PBX_LOST, "gateway")


def test_pbx_forgets_a_short_session() -> None:
    play, _, _ = agreed("60;refresher=uas")
    play.wait(40)
    assert ended(play) == (Cause.PBX_LOST, "gateway")


def test_pbx_stops_the_timer() -> None:
    play, page, talk = agreed("240;refresher=uac")
    page.asks("INVITE", talk.near, cseq=60, body=sdp("page", "sendonly"))
    play.near_response(100)
    hold = play.far_request("INVITE")
    assert hold.headers.get("Session-Expires") == "240;refresher=uac"
    play.reply(hold, 200, body=sdp("pbx", "recvonly"))
    play.far_request("ACK")
    page.asks("ACK", talk.near, cseq=60)
    play.wait(1000)
    play.silence_far()
    assert play.call.state is CallState.ACTIVE


def test_timer_is_stopped_while_a_refresh_is_under_way() -> None:
    play, page, talk = agreed("240;refresher=uac")
    play.wait(120)
    refresh = play.far_request("UPDATE")
    page.asks("INVITE", talk.near, cseq=60, body=sdp("page"))
    play.near_response(100)
    play.reply(play.far_request("INVITE"), 200, body=sdp("pbx"))
    play.far_request("ACK")
    page.asks("ACK", talk.near, cseq=60)
    play.reply(refresh, 500)
    play.wait(1000)
    play.silence_far()
    assert play.call.state is CallState.ACTIVE


@pytest.mark.parametrize(
    ("headers", "shown", "require"),
    [
        ((), None, ()),
        ((("Supported", "timer"),), None, ()),
        ((expires("1800"), ("Supported", "timer")), "1800;refresher=uac", ("timer",)),
        ((expires("1800;refresher=uas"), ("Supported", "timer")), "1800;refresher=uas", ("timer",)),
        ((expires("60"),), "60;refresher=uas", ()),
    ],
)
def test_incoming_call(headers: tuple[tuple[str, str], ...], shown: str | None, require: tuple[str, ...]) -> None:
    play = Playbook()
    page = ready(play)
    play.pbx_invite(headers=headers)
    play.far_response(100)
    page.picks_up(play.near_request("INVITE"))
    ok = play.far_response(200)
    assert (ok.headers.get("Session-Expires"), ok.require, ok.supported) == (shown, require, ("timer",))


def test_reinvite_without_the_header_keeps_the_interval() -> None:
    play, page, talk = agreed("600;refresher=uac")
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx"))
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 200, body=sdp("page"))
    assert play.far_response(200).headers.get("Session-Expires") == "600;refresher=uas"


def test_interval_that_is_too_short_for_us() -> None:
    play = Playbook()
    ready(play)
    for value, refused in (("89", True), ("90", False)):
        invite = play.pbx_invite(headers=(expires(value), ("Supported", "timer")))
        assert (too_short(invite) == 90) is refused
        assert refused or play.far_response(100)
        assert not refused or play.far_response(422).headers.get("Min-SE") == "90"
    play, _, talk = talking()
    play.pbx_asks("UPDATE", talk.far, headers=(expires("1"), ("Supported", "timer")))
    assert play.far_response(422).headers.get("Min-SE") == "90"
