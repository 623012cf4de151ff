"""Calls from the PBX that come to nothing: refused, cancelled, not answered, lost."""

import pytest

from signaling.causes import Cause
from signaling.commands import MediaSelect
from signaling.events import (
    HandsetDetached,
    HangUpAsked,
    LineClosed,
    MediaRefused,
    SessionEnded,
    UpstreamClosed,
)
from signaling.ports import FAR
from signaling.views import CallState

from .page import Page, ended, ready, ringing
from .playbook import Playbook


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


def test_line_that_is_full() -> None:
    play = Playbook(max_calls=1)
    ready(play)
    play.pbx_invite()
    play.far_response(100)
    play.pbx_invite()
    play.far_response(100)
    play.far_response(486)
    assert play.call.cause is Cause.BUSY


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


def test_socket_drops_while_it_rings() -> None:
    play, _, _, _ = ringing()
    play.happens(HandsetDetached("h1"))
    play.silence()
    play.wait(10)
    play.far_response(480)
    assert ended(play) == (Cause.UNAVAILABLE, "gateway")


def test_socket_drops_while_the_media_engine_works() -> None:
    play = Playbook()
    ready(play)
    play.media = lambda command: None
    play.pbx_invite()
    play.happens(HandsetDetached("h1"))
    play.wait(10)
    play.far_response(100)
    play.far_response(480)
    assert ended(play) == (Cause.UNAVAILABLE, "gateway")


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
