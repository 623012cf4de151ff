"""A call outlives its page: it is offered to the page that comes next, or taken by another one."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaDrop, MediaOffer, MediaRelease, MediaSelect
from signaling.events import (
    HandsetAttached,
    HandsetDetached,
    HangUpAsked,
    MediaChanged,
    MediaHappening,
    MuteAsked,
    SessionEnded,
    TakeAsked,
)
from signaling.message import Request
from signaling.ports import FAR
from signaling.views import CallState

from .page import Page, Talk, call_out, dialled, ended, ready, talking
from .playbook import Playbook, sdp

CONTINUED = 'SIP;cause=200;text="Call continued elsewhere"'


def reloaded(play: Playbook, handset: str = "h1", page: str = "fresh") -> Page:
    """The handset's page is gone, and another one has come with its id."""
    play.happens(HandsetDetached(handset))
    return opened(play, handset, page)


def opened(play: Playbook, handset: str, page: str = "fresh") -> Page:
    play.happens(HandsetAttached(handset))
    made = Page(play, handset, contact=f"<sip:{page}@{handset}.invalid;transport=ws>")
    made.register()
    play.near_response(200, handset)
    return made


def offered(play: Playbook, page: Page, why: str = "detached") -> Request:
    invite = play.near_request("INVITE", page.handset)
    assert invite.headers.get("X-Ramal-Call") == play.call.call
    assert invite.headers.get("X-Ramal-Resume") == why
    return invite


def picked_up(play: Playbook, page: Page, why: str = "detached") -> Request:
    """The page takes what it is offered."""
    invite = offered(play, page, why)
    page.picks_up(invite)
    play.near_request("ACK", page.handset)
    assert (play.call.handset, play.call.detached, play.call.grace) == (page.handset, False, None)
    return invite


def with_two() -> tuple[Playbook, Page, Page, Talk]:
    """A conversation at ``h1``, and ``h2`` is open."""
    play, page, talk = talking()
    other = ready(play, "h2")
    return play, page, other, talk


# The page comes back


@pytest.mark.parametrize("direction", ["out", "in"])
def test_reloaded_page_gets_the_call(direction: str) -> None:
    play, _, talk = talking(direction)
    play.happens(HandsetDetached("h1"))
    assert (play.call.detached, play.call.grace) == (True, 90)
    play.silence()
    fresh = opened(play, "h1")
    invite = picked_up(play, fresh)
    assert invite.uri.user == "fresh"
    assert invite.body == b"to h1.2: " + sdp("pbx")
    assert invite.from_.uri.user == play.call.number
    offer, answer, select, drop = play.media_commands[-4:]
    assert isinstance(offer, MediaOffer) and isinstance(answer, MediaAnswer) and isinstance(select, MediaSelect)
    assert (offer.leg, offer.sdp, offer.to) == (FAR, sdp("pbx"), "h1.2")
    assert (answer.leg, answer.sdp, answer.to) == ("h1.2", sdp("h1"), FAR)
    assert (select.leg, select.record, drop) == ("h1.2", True, MediaDrop(talk.call, "h1"))
    play.silence()
    play.hears("h1.2")
    play.wait(100)
    assert play.call.state is CallState.ACTIVE
    fresh.asks("BYE", invite)
    play.near_response(200)
    play.far_request("BYE")
    assert ended(play) == (Cause.ENDED, "agent")


def test_ten_reloads() -> None:
    play, _, talk = talking()
    for count in range(10):
        picked_up(play, reloaded(play, page=f"page-{count}"))
        play.hears(f"h1.{count + 2}")
    play.silence()
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    play.near_request("BYE")
    assert ended(play) == (Cause.ENDED, "other")


def test_old_socket_is_replaced_before_it_is_known_to_be_dead() -> None:
    play, _, _ = talking()
    picked_up(play, opened(play, "h1"))
    play.silence()


def test_nobody_comes_back() -> None:
    play, _, _ = talking()
    play.happens(HandsetDetached("h1"))
    play.wait(89.9)
    assert play.call.state is CallState.ACTIVE
    play.wait(0.1)
    assert play.far_request("BYE").headers.get("Reason") == 'SIP;cause=480;text="The phone is gone"'
    assert ended(play) == (Cause.INTERRUPTED, "gateway")
    assert (play.call.detached, play.call.grace) == (False, None)
    play.wait(20)
    assert play.far_request("REGISTER").expires == 0


def test_other_side_hangs_up_meanwhile() -> None:
    play, _, talk = talking()
    play.happens(HandsetDetached("h1"))
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    assert ended(play) == (Cause.ENDED, "other")
    opened(play, "h1")
    play.silence()


def test_other_side_hangs_up_while_it_is_offered() -> None:
    play, _, talk = talking()
    fresh = reloaded(play)
    invite = offered(play, fresh)
    fresh.answers(invite, 180)
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    assert play.near_request("CANCEL").headers.get("X-Ramal-Cause") == "ended"
    assert ended(play) == (Cause.ENDED, "other")


def test_agent_hangs_up_by_the_api() -> None:
    play, _, talk = talking()
    play.happens(HandsetDetached("h1"), HangUpAsked(talk.call))
    play.far_request("BYE")
    assert ended(play) == (Cause.ENDED, "agent")


def test_log_out_ends_what_waits() -> None:
    play, _, _ = talking()
    play.happens(HandsetDetached("h1"), SessionEnded(("h1",)))
    play.far_request("BYE")
    assert ended(play) == (Cause.ENDED, "agent")


def test_page_refuses_and_the_call_waits_on() -> None:
    play, _, talk = talking()
    fresh = reloaded(play)
    fresh.answers(offered(play, fresh), 480)
    play.near_request("ACK")
    assert play.call.detached and play.call.grace == 90
    assert play.media_commands[-1] == MediaDrop(talk.call, "h1.2")
    fresh.register()
    play.near_response(200)
    play.silence()
    play.wait(90)
    play.far_request("BYE")
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_page_does_not_answer_in_time() -> None:
    play, _, _ = talking()
    fresh = reloaded(play)
    invite = offered(play, fresh)
    fresh.answers(invite, 180)
    play.wait(10)
    play.near_request("CANCEL")
    fresh.picks_up(invite)
    play.near_request("ACK")
    play.near_request("BYE")
    assert play.call.detached


def test_page_that_goes_while_it_is_offered_the_call() -> None:
    play, _, _ = talking()
    fresh = reloaded(play)
    offered(play, fresh)
    picked_up(play, reloaded(play, page="third"))


@pytest.mark.parametrize("what", ["offer", "answer", "no answer", "audio"])
def test_media_that_cannot_be_had(what: str) -> None:
    play, _, talk = talking()
    if what == "offer":
        play.refuse_media("ours")
    fresh = reloaded(play)
    if what != "offer":
        invite = offered(play, fresh)
        if what == "answer":
            play.refuse_media("peer")
        if what == "audio":
            play.happens(MediaChanged(talk.call, MediaHappening.LEG_FAILED, "h1.2"))
        fresh.answers(invite, 200, body=b"" if what == "no answer" else sdp("page"))
        play.near_request("ACK")
        play.near_request("BYE")
    play.silence()
    assert play.call.detached
    assert MediaDrop(talk.call, "h1.2") in play.media_commands


def test_media_engine_answers_after_the_page_has_gone() -> None:
    play, _, _ = talking()
    play.media = lambda command: None
    reloaded(play)
    asked = play.media_done(MediaOffer)[-1]
    assert isinstance(asked, MediaOffer)
    play.happens(HandsetDetached("h1"))
    described = play.describe(asked)
    assert described is not None
    play.happens(described)
    play.silence()
    play.happens(described)
    assert play.call.detached


def test_page_goes_while_its_answer_is_looked_at() -> None:
    play, _, _ = talking()
    fresh = reloaded(play)
    invite = offered(play, fresh)
    play.media = lambda command: None
    fresh.picks_up(invite)
    play.near_request("ACK")
    play.happens(HandsetDetached("h1"))
    asked = play.media_done(MediaAnswer)[-1]
    assert isinstance(asked, MediaAnswer)
    described = play.describe(asked)
    assert described is not None
    play.media = play.describe
    play.happens(described)
    assert play.call.detached
    picked_up(play, opened(play, "h1", "third"))


def test_new_leg_must_have_audio() -> None:
    play, _, _ = talking()
    picked_up(play, reloaded(play))
    play.wait(10)
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_lost_before_there_was_audio() -> None:
    play = Playbook()
    page = ready(play)
    call_out(play, page, heard=False)
    play.hears(FAR)
    play.happens(HandsetDetached("h1"))
    play.wait(60)
    picked_up(play, opened(play, "h1"))
    play.hears("h1.2")
    play.wait(60)
    assert play.call.state is CallState.ACTIVE


# Hold and mute


def test_held_and_muted_stay() -> None:
    play, page, talk = talking()
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.near_response(100)
    play.reply(play.far_request("INVITE"), 200, body=sdp("held", "recvonly"))
    play.far_request("ACK")
    page.asks("ACK", play.near_response(200), cseq=50)
    play.happens(MuteAsked(talk.call, muted=True))
    fresh = reloaded(play)
    invite = picked_up(play, fresh)
    assert invite.body == b"to h1.2: " + sdp("held", "recvonly")
    assert play.call.held and play.call.muted

    fresh.asks("INVITE", invite, body=sdp("page", "sendonly"), cseq=1)
    play.near_response(100)
    play.reply(play.far_request("INVITE"), 200, body=sdp("held", "recvonly"))
    play.far_request("ACK")
    play.near_response(200)
    assert play.call.held
    fresh.asks("INVITE", invite, body=sdp("page"), cseq=2)
    play.near_response(100)
    play.reply(play.far_request("INVITE"), 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.near_response(200)
    assert not play.call.held


def test_hold_that_was_under_way_is_waited_for() -> None:
    play, page, talk = talking()
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.near_response(100)
    far = play.far_request("INVITE")
    fresh = reloaded(play)
    play.silence()
    play.reply(far, 200, body=sdp("held", "recvonly"))
    play.far_request("ACK")
    assert picked_up(play, fresh).body == b"to h1.2: " + sdp("held", "recvonly")
    assert play.call.held
    play.hears("h1.2")
    play.wait(60)
    assert play.call.state is CallState.ACTIVE


def test_other_side_asks_again_while_the_call_is_offered() -> None:
    play, _, talk = talking()
    fresh = reloaded(play)
    invite = offered(play, fresh)
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx", "sendonly"))
    play.far_response(491)
    fresh.picks_up(invite)
    play.near_request("ACK")
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx", "sendonly"), cseq=101)
    play.far_response(100)
    play.near_request("INVITE")


# Another page


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


# It rings at the other side


def ringing_out() -> tuple[Playbook, Page, Request]:
    play, page, _, far = dialled()
    play.reply(far, 180)
    play.near_response(180)
    play.happens(HandsetDetached("h1"))
    play.silence()
    assert (play.call.detached, play.call.grace) == (True, 10)
    return play, page, far


def test_socket_lost_while_it_rings() -> None:
    play, _, _ = ringing_out()
    play.wait(10)
    play.far_request("CANCEL")
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


@pytest.mark.parametrize("contact", ["user-h1", "fresh"])
def test_page_is_back_before_the_answer(contact: str) -> None:
    play, _, far = ringing_out()
    again = opened(play, "h1", contact)
    assert (play.call.detached, play.call.grace) == (True, None)
    play.wait(30)
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    picked_up(play, again)
    play.silence()
    play.hears(FAR, "h1.2")
    play.wait(60)
    assert (play.call.state, play.call.sip_status) == (CallState.ACTIVE, 200)


def test_answered_before_the_page_is_back() -> None:
    play, _, far = ringing_out()
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.silence()
    assert (play.call.state, play.call.detached, play.call.grace) == (CallState.ACTIVE, True, 90)
    picked_up(play, opened(play, "h1"))
    assert play.media_commands[-1] != MediaRelease(play.call.call)


def test_refused_while_the_page_is_away() -> None:
    play, _, far = ringing_out()
    play.reply(far, 486)
    play.far_request("ACK")
    assert ended(play) == (Cause.BUSY, "other")
    opened(play, "h1")
    play.silence()


def test_lost_again_while_it_rings() -> None:
    play, _, _ = ringing_out()
    opened(play, "h1")
    play.happens(HandsetDetached("h1"))
    play.wait(9.9)
    play.silence()
    play.wait(0.1)
    play.far_request("CANCEL")
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_page_that_refuses_what_was_answered_may_still_take_it() -> None:
    play, _, far = ringing_out()
    again = opened(play, "h1")
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    again.answers(offered(play, again), 480)
    play.near_request("ACK")
    again.register()
    play.near_response(200)
    play.silence()
    play.happens(TakeAsked(play.call.call, "h1"))
    picked_up(play, again, "taken")
