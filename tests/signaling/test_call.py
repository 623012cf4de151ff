"""A conversation: its end from either side, hold, mute, recording, and what media and sockets do to it."""

from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.commands import MediaSelect
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
from signaling.ports import FAR
from signaling.views import CallState, RecordingState

from .page import call_in, call_out, ended, ready, talking
from .playbook import CONFIG, Playbook, sdp

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
    play.pbx_asks("PRACK", talk.far, cseq=400)
    play.far_response(481)
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
