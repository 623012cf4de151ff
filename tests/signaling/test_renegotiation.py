"""Hold, resume and other re-INVITEs on their way through the line."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaOffer
from signaling.message import Request
from signaling.ports import FAR
from signaling.views import CallState

from .page import Page, Talk, ended, talking
from .playbook import Playbook, sdp

both = pytest.mark.parametrize("direction", ["out", "in"])


def hold(
    play: Playbook, page: Page, talk: Talk, direction: str = "sendonly", cseq: int = 60
) -> tuple[Request, Request]:
    """The handset's re-INVITE is at the PBX."""
    asked = page.asks("INVITE", talk.near, cseq=cseq, body=sdp("page", direction))
    play.near_response(100)
    return asked, play.far_request("INVITE")


@both
def test_agent_holds_and_resumes(direction: str) -> None:
    play, page, talk = talking(direction)
    asked, passed = hold(play, page, talk)
    offer = play.media_done(MediaOffer)[-1]
    assert isinstance(offer, MediaOffer) and (offer.leg, offer.to) == ("h1", FAR)
    assert passed.body == b"to far: " + sdp("page", "sendonly")
    assert "X-Ramal-Call" not in passed.headers
    assert not play.call.held
    play.reply(passed, 200, body=sdp("pbx", "recvonly"))
    assert play.far_request("ACK").cseq.number == passed.cseq.number
    ok = play.near_response(200)
    assert ok.body == b"to h1: " + sdp("pbx", "recvonly")
    assert ok.headers.get("X-Ramal-Call") == talk.call
    page.asks("ACK", talk.near, cseq=60)
    assert play.call.held
    play.reply(passed, 200, body=sdp("pbx", "recvonly"))
    play.far_request("ACK")
    asked, passed = hold(play, page, talk, "sendrecv", cseq=61)
    play.reply(passed, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.near_response(200)
    page.asks("ACK", talk.near, cseq=61)
    assert not play.call.held
    play.wait(32)
    assert play.call.state is CallState.ACTIVE


@both
def test_other_side_holds_and_resumes(direction: str) -> None:
    play, page, talk = talking(direction)
    for cseq, wanted in ((200, "inactive"), (201, "sendrecv")):
        play.pbx_asks("INVITE", talk.far, cseq=cseq, body=sdp("pbx", wanted))
        play.far_response(100)
        passed = play.near_request("INVITE")
        assert passed.headers.get("X-Ramal-Call") == talk.call
        page.answers(passed, 200, body=sdp("page", wanted))
        play.near_request("ACK")
        ok = play.far_response(200)
        assert ok.body == b"to far: " + sdp("page", wanted)
        play.pbx_asks("ACK", talk.far, cseq=cseq)
        assert play.call.held_by_other is (wanted == "inactive")
        assert not play.call.held
    play.silence()


def test_update_with_an_offer_is_a_reinvite_to_the_handset() -> None:
    play, page, talk = talking()
    play.pbx_asks("UPDATE", talk.far, body=sdp("pbx", "inactive"))
    passed = play.near_request("INVITE")
    page.answers(passed, 200, body=sdp("page", "inactive"))
    play.near_request("ACK")
    assert play.far_response(200).body == b"to far: " + sdp("page", "inactive")
    assert play.call.held_by_other
    play.wait(32)
    assert play.call.state is CallState.ACTIVE


def test_challenged_hold_is_signed() -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.challenge(passed)
    play.far_request("ACK")
    signed = play.far_request("INVITE")
    play.reply(signed, 200, body=sdp("pbx"))
    assert play.far_request("ACK").cseq.number == signed.cseq.number
    play.near_response(200)


def test_refused_hold_changes_nothing() -> None:
    for status, shown in ((488, 488), (500, 500), (302, 480), (407, 403)):
        play, page, talk = talking()
        asked, passed = hold(play, page, talk)
        play.reply(passed, 100)
        play.reply(passed, status)
        play.far_request("ACK")
        play.near_response(shown)
        assert (play.call.state, play.call.held) == (CallState.ACTIVE, False)


@pytest.mark.parametrize("status", [408, 481])
def test_hold_finds_that_the_pbx_does_not_know_the_call(status: int) -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.reply(passed, status)
    play.far_request("ACK")
    play.near_response(status)
    play.near_request("BYE")
    assert ended(play) == (Cause.PBX_LOST, "gateway")


def test_handset_does_not_know_the_call() -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx"))
    play.far_response(100)
    page.answers(play.near_request("INVITE"), 481)
    play.near_request("ACK")
    play.far_response(481)
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_pbx_never_answers_the_hold() -> None:
    play, page, talk = talking()
    hold(play, page, talk)
    play.wait(32)
    play.near_response(408)


def test_glare_is_tried_again() -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.reply(passed, 491)
    play.far_request("ACK")
    play.wait(3.05)
    again = play.far_request("INVITE")
    assert again.cseq.number == passed.cseq.number + 1
    play.reply(again, 491)
    play.far_request("ACK")
    play.wait(3.05)
    play.reply(play.far_request("INVITE"), 491)
    play.far_request("ACK")
    play.near_response(491)


def test_glare_between_the_sides() -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx"))
    play.far_response(491)
    page.asks("INVITE", talk.near, cseq=61, body=sdp("page"))
    play.near_response(491)
    play.reply(passed, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.near_response(200)


def test_hold_without_an_offer() -> None:
    play, page, talk = talking()
    page.asks("INVITE", talk.near)
    play.near_response(488)
    play.silence()


def test_hold_is_answered_without_sdp() -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.reply(passed, 200)
    play.far_request("ACK")
    play.near_response(488)


@pytest.mark.parametrize(("whose", "status"), [("peer", 488), ("ours", 500)])
def test_media_engine_refuses_the_hold(whose: str, status: int) -> None:
    play, page, talk = talking()
    play.refuse_media(whose)
    page.asks("INVITE", talk.near, body=sdp("page"))
    play.near_response(100)
    play.near_response(status)
    play.silence()


def test_media_engine_refuses_the_answer_to_the_hold() -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.refuse_media("peer")
    play.reply(passed, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.near_response(488)
    assert not play.call.held


def test_hold_is_cancelled() -> None:
    play, page, talk = talking()
    asked, passed = hold(play, page, talk)
    play.reply(passed, 100)
    page.cancel(asked)
    play.near_response(200)
    play.near_response(487)
    play.far_request("CANCEL")
    play.reply(passed, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.silence()
    assert not play.call.held
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx"))
    play.far_response(100)


def test_hold_is_cancelled_while_the_media_engine_works() -> None:
    play, page, talk = talking()
    play.media = lambda command: None
    asked = page.asks("INVITE", talk.near, body=sdp("page"))
    page.cancel(asked)
    play.near_response(100)
    play.near_response(200)
    play.near_response(487)
    offer = play.media_done(MediaOffer)[-1]
    assert isinstance(offer, MediaOffer)
    late = play.describe(offer)
    assert late is not None
    play.happens(late)
    play.silence()


def test_hold_is_cancelled_while_the_media_engine_works_on_the_answer() -> None:
    play, page, talk = talking()
    asked, passed = hold(play, page, talk)
    play.media = lambda command: None
    play.reply(passed, 200, body=sdp("pbx"))
    play.far_request("ACK")
    page.cancel(asked)
    play.near_response(200)
    play.near_response(487)
    answer = play.media_done(MediaAnswer)[-1]
    assert isinstance(answer, MediaAnswer)
    late = play.describe(answer)
    assert late is not None
    play.happens(late)
    play.silence()


def test_hold_is_under_way_when_the_call_ends() -> None:
    play, page, talk = talking()
    _, passed = hold(play, page, talk)
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    play.near_response(487)
    play.near_request("BYE")
    play.reply(passed, 487)
    play.far_request("ACK")
    play.silence()
    assert ended(play) == (Cause.ENDED, "other")


def test_cancel_of_another_call_during_a_hold() -> None:
    play, page, talk = talking()
    hold(play, page, talk)
    invite = play.pbx_invite()
    play.far_response(100)
    play.pbx_cancel(invite)
    play.far_response(200)
    play.far_response(487)
    assert play.call.cause is Cause.CANCELLED
