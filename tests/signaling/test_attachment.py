"""A call outlives its page: it is offered to the page that comes next."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaDrop, MediaOffer, MediaRelease, MediaSelect
from signaling.events import (
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

from .page import Page, call_out, dialled, ended, ready, talking
from .playbook import Playbook, sdp
from .reload import offered, opened, picked_up, reloaded


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
