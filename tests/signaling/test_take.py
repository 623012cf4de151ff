"""A call moves to another page: one that is opened later, or one whose person wants it there."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaDrop, MediaOffer
from signaling.events import (
    HandsetAttached,
    HandsetDetached,
    MediaChanged,
    MediaHappening,
    TakeAsked,
)
from signaling.views import CallState

from .page import dialled, ended, ready, talking
from .playbook import sdp
from .reload import CONTINUED, offered, opened, picked_up, reloaded, with_two


def test_page_opened_after_a_while_gets_the_call() -> None:
    play, _, _ = talking()
    play.happens(HandsetDetached("h1"))
    play.wait(4.9)
    opened(play, "h2", "early")
    play.silence()
    play.wait(0.1)
    late = opened(play, "h3", "late")
    picked_up(play, late)
    assert not [to for to, _ in play.to_near if to == "h2"]


def test_page_that_was_open_before_does_not_get_it_by_itself() -> None:
    play, _, other, _ = with_two()
    play.happens(HandsetDetached("h1"))
    play.wait(10)
    other.register()
    play.near_response(200, "h2")
    play.happens(HandsetDetached("h2"), HandsetAttached("h2"))
    other.register()
    play.near_response(200, "h2")
    play.silence()


def test_page_that_lives_does_not_lose_its_call_to_one_that_opens() -> None:
    play, _, _ = talking()
    opened(play, "h2")
    play.silence()


def test_own_page_comes_while_another_is_asked() -> None:
    play, page, _ = talking()
    play.happens(HandsetDetached("h1"))
    play.wait(5)
    other = opened(play, "h2")
    other.answers(offered(play, other), 180)
    play.happens(HandsetAttached("h1"))
    page.register()
    play.near_response(200)
    assert play.near_request("CANCEL", "h2").headers.get("Reason") == CONTINUED
    assert (play.call.handset, play.call.detached) == ("h1", False)
    play.silence()


def test_next_one_is_asked_when_the_first_refuses() -> None:
    play, _, _ = talking()
    play.happens(HandsetDetached("h1"))
    play.wait(5)
    other = opened(play, "h2", "other")
    invite = offered(play, other)
    fresh = opened(play, "h1")
    other.answers(invite, 480)
    play.near_request("ACK", "h2")
    picked_up(play, fresh)


# Continue here


def test_taken_by_another_page() -> None:
    play, page, other, talk = with_two()
    play.happens(TakeAsked(talk.call, "h2"))
    assert not play.call.detached and play.call.handset == "h1"
    picked_up(play, other, "taken")
    bye = play.near_request("BYE", "h1")
    assert bye.headers.get("Reason") == CONTINUED
    page.answers(bye, 200)
    play.silence()
    play.hears("h2.2")
    play.happens(TakeAsked(talk.call, "h1"))
    picked_up(play, page, "taken")
    play.near_request("BYE", "h2")
    play.silence()


def test_waiting_call_is_taken() -> None:
    play, _, other, talk = with_two()
    play.happens(HandsetDetached("h1"), TakeAsked(talk.call, "h2"))
    picked_up(play, other, "taken")
    fresh = opened(play, "h1")
    play.silence()
    assert fresh.handset != play.call.handset


def test_living_page_whose_call_was_taken_is_told_when_it_is_back() -> None:
    play, page, other, talk = with_two()
    play.happens(HandsetDetached("h1"), TakeAsked(talk.call, "h2"))
    picked_up(play, other, "taken")
    play.happens(HandsetAttached("h1"))
    page.register()
    play.near_response(200)
    assert play.near_request("BYE").headers.get("Reason") == CONTINUED


def test_taken_by_nobody() -> None:
    play, _, other, talk = with_two()
    play.happens(TakeAsked(talk.call, "h1"), TakeAsked(talk.call, "h9"), TakeAsked("unknown", "h2"))
    play.silence()
    play.happens(TakeAsked(talk.call, "h2"), TakeAsked(talk.call, "h2"))
    other.answers(offered(play, other, "taken"), 488)
    play.near_request("ACK", "h2")
    play.silence()
    assert (play.call.handset, play.call.detached, play.call.state) == ("h1", False, CallState.ACTIVE)


def test_taken_by_two_at_once() -> None:
    play, _, other, talk = with_two()
    third = ready(play, "h3")
    play.happens(TakeAsked(talk.call, "h2"))
    other.answers(offered(play, other, "taken"), 180)
    play.happens(TakeAsked(talk.call, "h3"))
    assert play.near_request("CANCEL", "h2").headers.get("Reason") == CONTINUED
    picked_up(play, third, "taken")
    play.near_request("BYE", "h1")
    play.silence()


def test_ringing_call_cannot_be_taken() -> None:
    play, _, _, _ = dialled()
    ready(play, "h2")
    play.happens(TakeAsked(play.call.call, "h2"))
    play.silence()


@pytest.mark.parametrize("answer", [200, 480])
def test_old_page_holds_while_another_takes_the_call(answer: int) -> None:
    play, page, other, talk = with_two()
    play.happens(TakeAsked(talk.call, "h2"))
    invite = offered(play, other, "taken")
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.silence()
    other.answers(invite, answer, body=sdp("h2") if answer == 200 else b"")
    play.near_request("ACK", "h2")
    if answer == 200:
        play.near_response(487)
        play.near_request("BYE")
    else:
        play.near_response(100)
        play.far_request("INVITE")


def test_old_page_goes_while_its_hold_waits_and_another_takes_the_call() -> None:
    play, page, other, talk = with_two()
    play.happens(TakeAsked(talk.call, "h2"))
    invite = offered(play, other, "taken")
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    fresh = reloaded(play)
    other.answers(invite, 480)
    play.near_request("ACK", "h2")
    play.silence_far()
    picked_up(play, fresh)
    assert not play.call.held


def test_taken_while_a_hold_is_under_way() -> None:
    play, page, other, talk = with_two()
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.near_response(100)
    far = play.far_request("INVITE")
    play.happens(TakeAsked(talk.call, "h2"), TakeAsked(talk.call, "h2"))
    play.silence()
    play.reply(far, 200, body=sdp("held", "recvonly"))
    play.far_request("ACK")
    play.near_response(200)
    picked_up(play, other, "taken")
    assert play.call.held


def test_call_ends_while_a_hold_waits_for_its_turn() -> None:
    play, page, other, talk = with_two()
    play.happens(TakeAsked(talk.call, "h2"))
    other.answers(offered(play, other, "taken"), 180)
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    play.near_request("BYE", "h1")
    play.near_request("CANCEL", "h2")
    play.near_response(487, "h1")
    assert ended(play) == (Cause.ENDED, "other")


def test_page_that_refreshes_its_registration_keeps_the_call_until_it_is_taken() -> None:
    play, page, other, talk = with_two()
    play.happens(TakeAsked(talk.call, "h2"))
    invite = offered(play, other, "taken")
    page.register()
    play.near_response(200)
    play.happens(MediaChanged(talk.call, MediaHappening.LEG_FAILED, "h9"))
    other.picks_up(invite)
    play.near_request("ACK", "h2")
    assert play.call.handset == "h2"


def test_page_that_waits_for_its_turn_is_gone_when_it_comes() -> None:
    play, _, _ = talking()
    play.happens(HandsetDetached("h1"))
    play.wait(5)
    other = opened(play, "h2", "other")
    invite = offered(play, other)
    opened(play, "h1")
    play.happens(HandsetDetached("h1"))
    other.answers(invite, 480)
    play.near_request("ACK", "h2")
    play.silence()
    assert play.call.detached


@pytest.mark.parametrize("asked", [MediaOffer, MediaAnswer])
def test_media_engine_answers_when_the_offer_is_over(asked: type[MediaOffer | MediaAnswer]) -> None:
    play, _, other, talk = with_two()
    if asked is MediaOffer:
        play.media = lambda command: None
    play.happens(TakeAsked(talk.call, "h2"))
    if asked is MediaAnswer:
        invite = offered(play, other, "taken")
        play.media = lambda command: None
        other.picks_up(invite)
        play.near_request("ACK", "h2")
    command = play.media_done(asked)[-1]
    assert isinstance(command, MediaOffer | MediaAnswer)
    play.wait(10)
    described = play.describe(command)
    assert described is not None
    play.happens(described)
    assert (play.call.handset, play.call.state) == ("h1", CallState.ACTIVE)
    assert MediaDrop(talk.call, "h2.2") in play.media_commands
