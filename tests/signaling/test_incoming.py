"""Calls that come from the PBX: who rings, who answers, who refuses, and what the PBX is told."""

import pytest

from signaling.commands import MediaAnswer, MediaDrop, MediaOffer, MediaSelect
from signaling.events import (
    HandsetAttached,
    HandsetDetached,
)
from signaling.ports import FAR
from signaling.uri import NameAddr, Uri
from signaling.views import CallState, Direction

from .page import Page, ready, ringing
from .playbook import Playbook, sdp


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
