"""INVITEs of the PBX without SDP: at the start of a call, and in it."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaOffer
from signaling.ports import FAR
from signaling.views import CallState

from .page import ended, ready, talking
from .playbook import Playbook, sdp


def test_call_without_an_offer() -> None:
    play = Playbook()
    page = ready(play)
    invite = play.pbx_invite(b"")
    play.far_response(100)
    rung = play.near_request("INVITE")
    assert (rung.body, rung.content_type) == (b"", None)
    page.answers(rung, 180)
    play.far_response(180)
    page.picks_up(rung)
    offer = play.media_done(MediaOffer)[-1]
    assert isinstance(offer, MediaOffer) and (offer.leg, offer.to) == ("h1", FAR)
    ok = play.far_response(200)
    assert ok.body == b"to far: " + sdp("h1")
    page.picks_up(rung)  # JsSIP says it again until it gets its ACK
    play.silence()
    play.pbx_asks("ACK", ok, cseq=invite.cseq.number, body=sdp("pbx"))
    answer = play.media_done(MediaAnswer)[-1]
    assert isinstance(answer, MediaAnswer) and (answer.leg, answer.to) == (FAR, "h1")
    assert play.near_request("ACK").body == b"to h1: " + sdp("pbx")
    assert play.call.state is CallState.ACTIVE
    play.pbx_asks("ACK", ok, cseq=invite.cseq.number, body=sdp("pbx"))
    play.silence()
    play.hears(FAR, "h1")
    play.wait(32)
    assert play.call.state is CallState.ACTIVE


@pytest.mark.parametrize("whose", ["peer", "ours"])
def test_answer_to_a_late_offer_is_bad(whose: str) -> None:
    play = Playbook()
    page = ready(play)
    invite = play.pbx_invite(b"")
    play.far_response(100)
    page.picks_up(play.near_request("INVITE"))
    ok = play.far_response(200)
    play.refuse_media(whose)
    play.pbx_asks("ACK", ok, cseq=invite.cseq.number)
    assert play.near_request("ACK").body == b""
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_handset_that_lost_the_race_gets_an_empty_ack() -> None:
    play = Playbook()
    first, second = ready(play), ready(play, "h2")
    play.pbx_invite(b"")
    play.far_response(100)
    rung, other = play.near_request("INVITE"), play.near_request("INVITE", "h2")
    second.answers(other, 180)
    first.picks_up(rung)
    second.picks_up(other)
    play.near_request("CANCEL", "h2")
    assert play.near_request("ACK", "h2").body == b""
    play.near_request("BYE", "h2")


def test_handset_is_gone_before_the_late_answer() -> None:
    play = Playbook()
    page = ready(play)
    play.pbx_invite(b"")
    play.far_response(100)
    rung = play.near_request("INVITE")
    page.picks_up(rung)
    ok = play.far_response(200)
    page.asks("BYE", rung)
    play.near_response(200)
    play.far_request("BYE")
    assert ok.body


def test_reinvite_without_an_offer() -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far, cseq=200)
    play.far_response(100)
    passed = play.near_request("INVITE")
    assert passed.body == b""
    page.answers(passed, 100)
    page.answers(passed, 200, body=sdp("page"))
    ok = play.far_response(200)
    assert ok.body == b"to far: " + sdp("page")
    page.answers(passed, 200, body=sdp("page"))
    play.silence()
    page.asks("ACK", talk.near)
    play.pbx_asks("ACK", talk.far, cseq=200, body=sdp("pbx", "sendonly"))
    assert play.near_request("ACK").body == b"to h1: " + sdp("pbx", "sendonly")
    assert play.call.held_by_other
    play.pbx_asks("ACK", talk.far, cseq=200, body=sdp("pbx", "sendonly"))
    play.silence()
    play.wait(32)
    assert play.call.state is CallState.ACTIVE


@pytest.mark.parametrize(("status", "shown"), [(488, 488), (302, 480)])
def test_handset_refuses_to_offer(status: int, shown: int) -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    page.answers(play.near_request("INVITE"), status)
    play.near_request("ACK")
    play.far_response(shown)
    assert play.call.state is CallState.ACTIVE


def test_handset_does_not_know_the_call() -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 481)
    play.near_request("ACK")
    play.far_response(481)
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_handset_offers_nothing() -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 200)
    play.near_request("ACK")
    play.far_response(488)


def test_handset_says_nothing() -> None:
    play, _, talk = talking()
    play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    play.near_request("INVITE")
    play.wait(32)
    play.far_response(491)


def test_media_engine_refuses_the_late_offer() -> None:
    play, page, talk = talking()
    play.refuse_media("ours")
    play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 200, body=sdp("page"))
    assert play.near_request("ACK").body == b""
    play.far_response(500)
    assert play.call.state is CallState.ACTIVE


@pytest.mark.parametrize("body", [b"", sdp("pbx")])
def test_late_answer_is_none(body: bytes) -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 200, body=sdp("page"))
    play.far_response(200)
    play.refuse_media("peer")
    play.pbx_asks("ACK", talk.far, body=body)
    play.near_request("ACK")
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_late_offer_is_cancelled() -> None:
    play, page, talk = talking()
    invite = play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    passed = play.near_request("INVITE")
    page.answers(passed, 100)
    other = play.pbx_invite()
    play.far_response(100)
    play.near_request("INVITE")
    play.pbx_cancel(other)
    play.far_response(200)
    play.far_response(487)
    play.pbx_cancel(invite)
    play.far_response(200)
    play.far_response(487)
    play.near_request("CANCEL")
    page.answers(passed, 200, body=sdp("page"))
    play.near_request("ACK")
    page.answers(passed, 487)
    play.silence()


def test_call_ends_while_a_late_offer_is_under_way() -> None:
    for answered in (False, True):
        play, page, talk = talking()
        play.media = lambda command: None
        play.pbx_asks("INVITE", talk.far)
        play.far_response(100)
        passed = play.near_request("INVITE")
        if answered:
            page.answers(passed, 200, body=sdp("page"))
            offer = play.media_done(MediaOffer)[-1]
            assert isinstance(offer, MediaOffer)
            described = play.describe(offer)
            assert described is not None
            play.happens(described)
            play.far_response(200)
            play.pbx_asks("ACK", talk.far, body=sdp("pbx"))
        play.pbx_asks("BYE", talk.far, cseq=101)
        play.far_response(200)
        if not answered:
            play.far_response(487)
        play.near_request("BYE")
        page.answers(passed, 487)
        play.silence_far()
        assert ended(play) == (Cause.ENDED, "other")


def test_pbx_is_lost_while_a_late_offer_is_under_way() -> None:
    play, page, talk = talking()
    play.media = lambda command: None
    invite = play.pbx_asks("INVITE", talk.far)
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 200, body=sdp("page"))
    play.pbx_cancel(invite)
    play.far_response(200)
    play.far_response(487)
    offer = play.media_done(MediaOffer)[-1]
    assert isinstance(offer, MediaOffer)
    described = play.describe(offer)
    assert described is not None
    play.happens(described)
    play.silence_far()
