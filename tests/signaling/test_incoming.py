"""Calls that come from the PBX: who rings, who answers, who refuses, and what the PBX is told."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaDrop, MediaOffer, MediaRelease, MediaSelect
from signaling.events import (
    HandsetAttached,
    HandsetDetached,
    HangUpAsked,
    LineClosed,
    MediaRefused,
    SessionEnded,
    UpstreamClosed,
)
from signaling.message import Request
from signaling.ports import FAR
from signaling.uri import NameAddr, Uri
from signaling.views import CallState, Direction

from .page import Page, ready
from .playbook import Playbook, sdp


def ringing(*others: str) -> tuple[Playbook, Page, Request, Request]:
    """The PBX calls, the INVITE is at ``h1`` (and at ``others``, whose messages wait)."""
    play = Playbook()
    page = ready(play)
    for handset in others:
        ready(play, handset)
    invite = play.pbx_invite()
    play.far_response(100)
    return play, page, invite, play.near_request("INVITE")


def ended(play: Playbook) -> tuple[Cause | None, str | None]:
    assert play.call.state is CallState.ENDED
    assert isinstance(play.media_commands[-1], MediaRelease)
    assert not [name for name in play.timers if name.startswith("call.")]
    return play.call.cause, play.call.ended_by


def test_answered_call() -> None:
    play, page, invite, rung = ringing()
    call = play.call
    assert (call.direction, call.state, call.number, call.name) == (Direction.IN, CallState.RINGING, "1002", "Bruno")
    offer = play.media_done(MediaOffer)[0]
    assert isinstance(offer, MediaOffer) and (offer.leg, offer.to, offer.sdp) == (FAR, "h1", sdp("pbx"))
    assert str(rung.uri) == "sip:user-h1@h1.invalid;transport=ws"
    assert rung.headers.get("X-Ramal-Call") == call.call
    assert (rung.from_.display_name, str(rung.from_.uri)) == ("Bruno", "sip:1002@ramal.invalid")
    assert rung.call_id != invite.call_id
    page.answers(rung, 100)
    play.silence()
    page.answers(rung, 180)
    assert play.far_response(180).to_tag
    page.answers(rung, 180)
    play.silence()
    page.picks_up(rung)
    play.near_request("ACK")
    ok = play.far_response(200)
    assert ok.body == b"to far: " + sdp("h1")
    assert ok.contact is not None and ok.contact.uri == play.line.far.contact.uri
    assert isinstance(play.media_commands[-1], MediaSelect)
    assert (play.call.state, play.call.handset) == (CallState.ACTIVE, "h1")
    play.pbx_asks("ACK", ok, cseq=1)
    play.hears(FAR, "h1")
    play.wait(100)
    assert play.call.state is CallState.ACTIVE
    play.silence()


def test_who_calls_is_who_the_pbx_asserts() -> None:
    play = Playbook()
    ready(play)
    headers = (("P-Asserted-Identity", '"Carla" <sip:+5511987654321@pbx.example>, <tel:+5511987654321>'),)
    play.pbx_invite(headers=headers)
    assert (play.call.number, play.call.name) == ("+5511987654321", "Carla")
    rung = play.near_request("INVITE")
    assert str(rung.from_).startswith('"Carla" <sip:+5511987654321@ramal.invalid>')


def test_assertion_that_cannot_be_read() -> None:
    play = Playbook()
    ready(play)
    play.pbx_invite(headers=(("P-Asserted-Identity", "<<sip:"),))
    assert (play.call.number, play.call.name) == ("1002", "Bruno")


@pytest.mark.parametrize(("user", "number"), [("anonymous", "anonymous"), ("a%00b", ""), ("%F0%9F%98%80", "😀")])
def test_odd_callers(user: str, number: str) -> None:
    play = Playbook()
    ready(play)
    caller = NameAddr(Uri("sip", user, "pbx.example")).with_tag("pbx")
    play.pbx_says("INVITE", from_=caller, to=NameAddr(Uri("sip", "1001", "x")), call_id="c", body=sdp("pbx"))
    assert play.call.number == number
    assert play.near_request("INVITE").from_.uri.host == "ramal.invalid"


def test_nobody_there() -> None:
    play = Playbook()
    page = ready(play)
    page.register(0)
    play.to_near.clear()
    play.pbx_invite()
    play.far_response(100)
    play.far_response(480)
    play.silence()
    assert ended(play) == (Cause.UNAVAILABLE, "gateway")


def test_invite_without_an_offer() -> None:
    play = Playbook()
    ready(play)
    play.pbx_invite(b"")
    play.far_response(100)
    assert "offer" in (play.far_response(488).headers.get("Warning") or "")
    play.silence()
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_line_that_is_full() -> None:
    play = Playbook(max_calls=1)
    ready(play)
    play.pbx_invite()
    play.far_response(100)
    play.pbx_invite()
    play.far_response(100)
    play.far_response(486)
    assert play.call.cause is Cause.BUSY


def test_first_handset_that_answers_wins() -> None:
    play, page, invite, rung = ringing("h2", "h3")
    second, third = Page(play, "h2"), Page(play, "h3")
    rung2, rung3 = play.near_request("INVITE", "h2"), play.near_request("INVITE", "h3")
    page.answers(rung, 180)
    play.far_response(180)
    second.answers(rung2, 180)
    second.picks_up(rung2)
    play.near_request("ACK", "h2")
    play.far_response(200)
    cancel = play.near_request("CANCEL", "h1")
    assert cancel.reasons[0].cause == 200 and cancel.reasons[0].text == "Call completed elsewhere"
    page.answers(cancel, 200)
    page.answers(rung, 487)
    play.near_request("ACK", "h1")
    assert play.media_done(MediaDrop) == [MediaDrop(play.call.call, "h1"), MediaDrop(play.call.call, "h3")]
    third.picks_up(rung3)  # crosses the CANCEL, which waits for its first response
    play.near_request("ACK", "h3")
    play.near_request("BYE", "h3")
    play.silence()
    assert play.call.handset == "h2"


def test_answer_while_another_answer_is_worked_on() -> None:
    play, page, _, rung = ringing("h2")
    other, rung2 = Page(play, "h2"), play.near_request("INVITE", "h2")
    play.media = lambda command: None
    page.picks_up(rung)
    play.near_request("ACK")
    other.picks_up(rung2)
    play.near_request("ACK", "h2")
    play.near_request("BYE", "h2")
    play.silence()
    assert len(play.media_done(MediaAnswer)) == 1


@pytest.mark.parametrize(
    ("status", "far", "cause", "by"),
    [
        (486, 486, Cause.BUSY, "agent"),
        (603, 603, Cause.REFUSED, "agent"),
        (600, 603, Cause.REFUSED, "agent"),
        (480, 480, Cause.UNAVAILABLE, "gateway"),
        (488, 488, Cause.MEDIA_FAILED, "gateway"),
        (500, 480, Cause.UNAVAILABLE, "gateway"),
    ],
)
def test_refused(status: int, far: int, cause: Cause, by: str) -> None:
    play, page, invite, rung = ringing()
    page.answers(rung, status)
    play.near_request("ACK")
    play.far_response(far)
    play.silence()
    assert ended(play) == (cause, by)


def test_no_microphone() -> None:
    play, page, _, rung = ringing()
    page.answers(rung, 480, headers=(("X-Ramal-Cause", "no_microphone"),))
    play.near_request("ACK")
    play.far_response(480)
    assert ended(play) == (Cause.NO_MICROPHONE, "agent")


def test_busy_on_one_handset_rings_on_at_the_other() -> None:
    play, page, _, rung = ringing("h2")
    other, rung2 = Page(play, "h2"), play.near_request("INVITE", "h2")
    page.answers(rung, 486)
    play.near_request("ACK")
    play.silence()
    other.picks_up(rung2)
    play.near_request("ACK", "h2")
    play.far_response(200)
    assert play.call.state is CallState.ACTIVE


def test_refusal_ends_it_for_all() -> None:
    play, page, _, rung = ringing("h2")
    Page(play, "h2").answers(play.near_request("INVITE", "h2"), 180)
    play.far_response(180)
    page.answers(rung, 603)
    play.near_request("ACK")
    play.near_request("CANCEL", "h2")
    play.far_response(603)
    assert ended(play) == (Cause.REFUSED, "agent")
    assert play.call.handset == "h1"


def test_caller_gives_up() -> None:
    play, page, invite, rung = ringing()
    page.answers(rung, 180)
    play.far_response(180)
    play.pbx_cancel(invite)
    play.far_response(200)
    play.far_response(487)
    play.near_request("CANCEL")
    assert ended(play) == (Cause.CANCELLED, "other")


def test_answered_on_another_device_of_the_extension() -> None:
    play, _, invite, _ = ringing()
    play.pbx_cancel(invite, ("Reason", 'SIP;cause=200;text="Call completed elsewhere"'))
    assert ended(play) == (Cause.ANSWERED_ELSEWHERE, "other")


def test_cancel_of_nothing() -> None:
    play, page, invite, rung = ringing()
    page.picks_up(rung)
    play.near_request("ACK")
    play.far_response(200)
    play.pbx_cancel(invite)
    play.far_response(200)
    play.silence()
    assert play.call.state is CallState.ACTIVE


def test_not_answered() -> None:
    play, page, _, rung = ringing()
    page.answers(rung, 180)
    play.far_response(180)
    play.wait(180)
    play.near_request("CANCEL")
    assert play.call.cause is Cause.NO_ANSWER


def test_handset_that_says_nothing() -> None:
    play, _, _, _ = ringing()
    play.wait(32)
    play.far_response(480)
    assert ended(play) == (Cause.UNAVAILABLE, "gateway")


def test_refused_by_the_page_over_the_api() -> None:
    play, page, _, rung = ringing()
    page.answers(rung, 180)
    play.far_response(180)
    play.happens(HangUpAsked(play.call.call))
    play.near_request("CANCEL")
    play.far_response(603)
    assert ended(play) == (Cause.REFUSED, "agent")


def test_socket_drops_and_returns_while_it_rings() -> None:
    play, page, _, _ = ringing()
    play.happens(HandsetDetached("h1"))
    play.wait(3)
    play.happens(HandsetAttached("h1"))
    page.register()
    play.near_response(200)
    rung = play.near_request("INVITE")
    page.picks_up(rung)
    play.near_request("ACK")
    play.pbx_asks("ACK", play.far_response(200), cseq=1)
    play.hears(FAR, "h1")
    play.wait(60)
    assert play.call.state is CallState.ACTIVE


def test_socket_drops_while_it_rings() -> None:
    play, _, _, _ = ringing()
    play.happens(HandsetDetached("h1"))
    play.silence()
    play.wait(6)
    play.far_response(480)
    assert ended(play) == (Cause.UNAVAILABLE, "gateway")


def test_socket_drops_while_the_media_engine_works() -> None:
    play = Playbook()
    ready(play)
    play.media = lambda command: None
    play.pbx_invite()
    play.happens(HandsetDetached("h1"))
    play.wait(6)
    play.far_response(100)
    play.far_response(480)
    assert ended(play) == (Cause.UNAVAILABLE, "gateway")


def test_handset_unregisters_while_the_media_engine_works() -> None:
    play = Playbook()
    page = ready(play)
    play.media = lambda command: None
    play.pbx_invite()
    offer = play.media_done(MediaOffer)[0]
    assert isinstance(offer, MediaOffer)
    page.register(0)
    described = play.describe(offer)
    assert described is not None
    play.happens(described)
    play.far_response(100)
    play.far_response(480)


def test_offer_that_is_described_after_somebody_answered() -> None:
    play, page, _, rung = ringing()
    play.media = lambda command: None
    ready_later = ready(play, "h2")
    offer = play.media_done(MediaOffer)[1]
    assert isinstance(offer, MediaOffer) and offer.to == ready_later.handset
    play.media = play.describe
    page.picks_up(rung)
    described = play.describe(offer)
    assert described is not None
    play.happens(described)
    assert [to for to, _ in play.to_near] == ["h1"]


def test_handset_that_comes_while_it_rings_rings_too() -> None:
    play, _, _, _ = ringing()
    page = Page(play, "h2")
    play.happens(HandsetAttached("h2"))
    page.register()
    play.near_response(200, "h2")
    play.near_request("INVITE", "h2")
    page.register()
    play.near_response(200, "h2")
    play.silence()


def test_media_refused() -> None:
    for whose, status in (("peer", 488), ("ours", 500)):
        play = Playbook()
        ready(play)
        play.refuse_media(whose)
        play.pbx_invite()
        play.far_response(100)
        play.far_response(status)
        assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


@pytest.mark.parametrize(("whose", "status"), [("peer", 488), ("ours", 500)])
def test_media_refused_at_the_answer(whose: str, status: int) -> None:
    play, page, _, rung = ringing()
    play.refuse_media(whose)
    page.picks_up(rung)
    play.near_request("ACK")
    play.near_request("BYE")
    play.far_response(status)
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_handset_that_cannot_be_selected() -> None:
    play, page, _, rung = ringing()
    page.picks_up(rung)
    play.near_request("ACK")
    play.far_response(200)
    select = play.media_done(MediaSelect)[0]
    assert isinstance(select, MediaSelect)
    play.happens(MediaRefused(select.call, select.ref, "ours", "no worker"))
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_answer_without_sdp() -> None:
    play, page, _, rung = ringing()
    page.answers(rung, 200)
    play.near_request("ACK")
    play.near_request("BYE")
    play.far_response(488)
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_socket_drops_right_after_the_answer() -> None:
    play, page, _, rung = ringing()
    play.media = lambda command: None
    page.picks_up(rung)
    play.near_request("ACK")
    play.happens(HandsetDetached("h1"))
    play.far_response(480)
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_pbx_that_never_acknowledges() -> None:
    play, page, _, rung = ringing()
    page.picks_up(rung)
    play.near_request("ACK")
    play.far_response(200)
    play.hears(FAR, "h1")
    play.wait(32)
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_connection_lost_while_it_rings() -> None:
    play, page, _, rung = ringing()
    page.answers(rung, 180)
    play.far_response(180)
    play.happens(UpstreamClosed("closed", ""))
    play.near_request("CANCEL")
    assert play.call.cause is Cause.PBX_LOST


def test_gateway_stops_while_it_rings() -> None:
    play, page, _, rung = ringing()
    page.answers(rung, 180)
    play.far_response(180)
    play.happens(LineClosed())
    play.near_request("CANCEL")
    play.far_response(480)
    assert play.call.cause is Cause.INTERRUPTED


def test_log_out_while_it_rings() -> None:
    play, page, _, rung = ringing("h2")
    page.answers(rung, 180)
    play.far_response(180)
    play.near_request("INVITE", "h2")
    play.happens(SessionEnded(("h1",)))
    play.near_request("CANCEL")
    play.silence()
    assert play.closed == [("h1", 4401)]
    assert play.call.state is CallState.RINGING
    play.happens(SessionEnded(("h2",)))
    play.wait(6)
    play.far_response(480)
    assert play.call.cause is Cause.UNAVAILABLE


def test_log_out_after_the_answer() -> None:
    play, page, _, rung = ringing()
    page.picks_up(rung)
    play.near_request("ACK")
    play.far_response(200)
    play.happens(SessionEnded(("h2",)))
    assert play.call.state is CallState.ACTIVE
    play.happens(SessionEnded(("h1",)))
    play.near_request("BYE")
    play.far_request("BYE")
    assert play.call.cause is Cause.ENDED


def test_request_for_somebody_else() -> None:
    play = Playbook()
    ready(play)
    play.pbx_says(
        "INVITE",
        uri=Uri("sip", "1001", "pbx.example"),
        from_=NameAddr(Uri("sip", "1002", "x")).with_tag("t"),
        to=NameAddr(Uri("sip", "1001", "x")),
        call_id="c",
        body=sdp("pbx"),
    )
    play.far_response(404)
    assert play.calls == {}


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", 200), ("NOTIFY", 200), ("BYE", 481), ("MESSAGE", 405), ("REFER", 405)]
)
def test_requests_out_of_dialogs(method: str, status: int) -> None:
    play = Playbook()
    ready(play)
    caller, callee = NameAddr(Uri("sip", "pbx", "x")).with_tag("t"), NameAddr(Uri("sip", "1001", "x"))
    play.pbx_says(method, from_=caller, to=callee, call_id="c")
    play.far_response(status)
    play.pbx_says(method, from_=caller, to=callee.with_tag("unknown"), call_id="c")
    play.far_response(481)


def test_what_the_pbx_requires_but_we_do_not_know() -> None:
    play = Playbook()
    ready(play)
    play.pbx_invite(headers=(("Require", "100rel"),))
    assert play.far_response(420).headers.get("Unsupported") == "100rel"
    assert play.calls == {}


def test_far_message_without_a_connection() -> None:
    play = Playbook()
    play.pbx_invite()
    play.silence()
