"""A conversation: its end from either side, hold, mute, recording, and what media and sockets do to it."""

from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.commands import MediaAnswer, MediaOffer, MediaRelease, MediaSelect
from signaling.events import (
    HandsetDetached,
    HangUpAsked,
    LineClosed,
    MediaChanged,
    MediaHappening,
    MuteAsked,
    SessionEnded,
    TimerFired,
)
from signaling.message import Request
from signaling.ports import FAR
from signaling.views import CallState, RecordingState

from .page import Page, Talk, call_in, call_out, ready
from .playbook import CONFIG, Playbook, sdp


def talking(direction: str = "out") -> tuple[Playbook, Page, Talk]:
    play = Playbook()
    page = ready(play)
    return play, page, (call_out if direction == "out" else call_in)(play, page)


def ended(play: Playbook) -> tuple[Cause | None, str | None]:
    assert play.call.state is CallState.ENDED
    assert isinstance(play.media_commands[-1], MediaRelease)
    assert not [name for name in play.timers if name.startswith("call.")]
    return play.call.cause, play.call.ended_by


both = pytest.mark.parametrize("direction", ["out", "in"])


@both
def test_agent_hangs_up(direction: str) -> None:
    play, page, talk = talking(direction)
    page.asks("BYE", talk.near)
    play.near_response(200)
    bye = play.far_request("BYE")
    play.reply(bye, 200)
    play.silence()
    assert ended(play) == (Cause.ENDED, "agent")


@both
def test_other_side_hangs_up(direction: str) -> None:
    play, page, talk = talking(direction)
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    page.answers(play.near_request("BYE"), 200)
    play.silence()
    assert ended(play) == (Cause.ENDED, "other")


def test_both_hang_up_at_once() -> None:
    play, page, talk = talking()
    page.asks("BYE", talk.near)
    play.near_response(200)
    play.far_request("BYE")
    play.pbx_asks("BYE", talk.far)
    play.far_response(481)
    assert ended(play) == (Cause.ENDED, "agent")


def test_challenged_bye_is_signed() -> None:
    play, page, talk = talking()
    page.asks("BYE", talk.near)
    play.near_response(200)
    bye = play.far_request("BYE")
    play.challenge(bye)
    signed = play.far_request("BYE")
    assert signed.cseq.number == bye.cseq.number + 1
    assert "Authorization" in signed.headers


@both
def test_hung_up_by_the_page_over_the_api(direction: str) -> None:
    play, _, talk = talking(direction)
    play.happens(HangUpAsked(talk.call))
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.ENDED, "agent")


def test_log_out_ends_the_call() -> None:
    play, _, _ = talking()
    play.happens(SessionEnded(("h1",)))
    play.near_request("BYE")
    play.far_request("BYE")
    assert play.closed == [("h1", 4401)]
    assert ended(play) == (Cause.ENDED, "agent")
    assert play.line_views[-1].handsets == 0


def test_gateway_stops() -> None:
    play, _, _ = talking()
    play.happens(LineClosed())
    play.near_request("BYE")
    play.far_request("BYE")
    assert play.far_request("REGISTER").expires == 0
    assert ended(play) == (Cause.INTERRUPTED, "gateway")


def test_mute() -> None:
    play, _, talk = talking()
    views = len(play.call_views)
    play.happens(MuteAsked(talk.call, True), MuteAsked(talk.call, True), MuteAsked("unknown", True))
    assert play.call.muted and len(play.call_views) == views + 1
    play.happens(MuteAsked(talk.call, False))
    assert not play.call.muted


# Hold


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
    play.pbx_asks("INVITE", talk.far)
    play.far_response(488)
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


# In the dialog


def test_other_requests_in_the_dialog() -> None:
    play, page, talk = talking()
    for cseq, method in enumerate(("INFO", "UPDATE", "REFER", "MESSAGE"), 60):
        page.asks(method, talk.near, cseq=cseq)
        assert play.near_response(405).headers.get("X-Ramal-Call") == talk.call
    page.asks("OPTIONS", talk.near, cseq=70)
    play.near_response(200)
    for cseq, (method, status) in enumerate(
        (("INFO", 405), ("REFER", 405), ("UPDATE", 200), ("OPTIONS", 200), ("NOTIFY", 200)), 300
    ):
        play.pbx_asks(method, talk.far, cseq=cseq)
        play.far_response(status)
    play.pbx_asks("UPDATE", talk.far, cseq=400, body=sdp("pbx"))
    play.far_response(488)
    play.silence()
    assert play.call.state is CallState.ACTIVE


def test_request_out_of_order() -> None:
    play, page, talk = talking()
    page.asks("OPTIONS", talk.near, cseq=70)
    play.near_response(200)
    page.asks("BYE", talk.near, cseq=69)
    play.near_response(500)
    assert play.call.state is CallState.ACTIVE


def test_ack_of_an_unknown_dialog_changes_nothing() -> None:
    play, page, talk = talking()
    play.pbx_asks("ACK", talk.far, cseq=1)
    page.asks("ACK", talk.near, cseq=1)
    play.silence()


# Media


def test_media_never_connect() -> None:
    play = Playbook()
    page = ready(play)
    call_out(play, page, heard=False)
    play.hears("h1")
    play.wait(10)
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_media_connect_before_the_answer() -> None:
    play = Playbook()
    page = ready(play)
    invite = page.dial("603")
    play.near_response(100)
    far = play.far_request("INVITE")
    play.reply(far, 183, body=sdp("pbx"))
    play.hears("h1", FAR)
    play.reply(far, 200, body=sdp("pbx"))
    play.near_response(183)
    page.ack(invite, play.near_response(200))
    play.wait(60)
    assert play.call.state is CallState.ACTIVE


def test_media_that_are_not_anchored_are_not_watched() -> None:
    play = Playbook(config=replace(CONFIG, anchored=False))
    page = ready(play)
    call_out(play, page, heard=False)
    select = play.media_done(MediaSelect)[0]
    assert isinstance(select, MediaSelect) and not select.record
    play.wait(60)
    assert play.call.state is CallState.ACTIVE


@pytest.mark.parametrize(
    ("what", "leg"),
    [(MediaHappening.LEG_FAILED, FAR), (MediaHappening.LEG_FAILED, "h1"), (MediaHappening.CALL_LOST, None)],
)
def test_media_fail(what: MediaHappening, leg: str | None) -> None:
    play, _, talk = talking()
    play.happens(MediaChanged(talk.call, what, leg))
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_media_of_another_leg_or_call_fail() -> None:
    play, _, talk = talking()
    play.happens(
        MediaChanged(talk.call, MediaHappening.LEG_FAILED, "h2"),
        MediaChanged("unknown", MediaHappening.CALL_LOST),
        MediaChanged(talk.call, MediaHappening.LEG_CONNECTED),
        MediaChanged(talk.call, MediaHappening.LEG_ALIVE, "h1"),
        TimerFired("unknown"),
    )
    play.silence()


def test_silent_leg_of_a_call_in_the_making() -> None:
    play = Playbook()
    page = ready(play)
    page.dial("606")
    play.near_response(100)
    play.far_request("INVITE")
    play.happens(MediaChanged(play.call.call, MediaHappening.LEG_SILENT, FAR))
    play.silence()


def test_recording_is_told() -> None:
    play, _, talk = talking()
    for what, state in (
        (MediaHappening.RECORDING_STARTED, RecordingState.ON),
        (MediaHappening.RECORDING_DISK_FULL, RecordingState.DISK_FULL),
        (MediaHappening.RECORDING_FAILED, RecordingState.FAILED),
        (MediaHappening.RECORDING_STOPPED, RecordingState.OFF),
    ):
        play.happens(MediaChanged(talk.call, what))
        assert play.call.recording is state
    play.silence()


def test_several_calls() -> None:
    play, page, first = talking()
    second = call_in(play, page)
    page.asks("BYE", second.near)
    play.near_response(200)
    assert play.far_request("BYE").call_id == second.far.call_id
    assert play.calls[first.call].state is CallState.ACTIVE
    page.asks("BYE", first.near)
    play.near_response(200)
    assert play.calls[first.call].state is CallState.ENDED


def test_detached_handset_is_not_asked_by_the_other_side() -> None:
    play, _, talk = talking()
    play.happens(HandsetDetached("h1"))
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx"))
    play.far_response(491)
