"""Calls that a handset makes and that come to nothing: refused, cancelled, not answered, lost."""

import pytest

from signaling.causes import Cause
from signaling.commands import Audit, MediaAnswer, MediaOffer
from signaling.events import HangUpAsked, UpstreamClosed
from signaling.message import Request
from signaling.ports import FAR
from signaling.views import CallState

from .page import attach, dialled, ended, ready
from .playbook import Playbook, sdp


@pytest.mark.parametrize(
    ("status", "near", "cause"),
    [
        (302, 480, Cause.UNAVAILABLE),
        (403, 403, Cause.FORBIDDEN),
        (404, 404, Cause.NOT_FOUND),
        (408, 408, Cause.NO_ANSWER),
        (480, 480, Cause.UNAVAILABLE),
        (484, 484, Cause.NOT_FOUND),
        (486, 486, Cause.BUSY),
        (488, 488, Cause.MEDIA_FAILED),
        (503, 503, Cause.UNAVAILABLE),
        (600, 600, Cause.BUSY),
        (603, 603, Cause.REFUSED),
    ],
)
def test_failures(status: int, near: int, cause: Cause) -> None:
    play, page, invite, far = dialled()
    play.reply(far, status, headers=(("Contact", "<sip:evil@else.example>"),))
    play.far_request("ACK")
    response = play.near_response(near)
    assert response.headers.get("X-Ramal-Cause") == cause
    assert "Contact" not in response.headers
    page.ack(invite, response)
    play.silence()
    assert ended(play) == (cause, "other")
    assert play.call.sip_status == status


def test_line_that_is_not_ready() -> None:
    play = Playbook()
    page = attach(play)
    page.dial("600")
    play.near_response(100)
    play.near_response(503)
    assert ended(play) == (Cause.PBX_LOST, "gateway")


def test_media_refused() -> None:
    for whose, status in (("peer", 488), ("ours", 500)):
        play = Playbook()
        play.refuse_media(whose)
        page = ready(play)
        page.dial("600")
        play.near_response(100)
        play.near_response(status)
        play.silence()
        assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_offer_without_audio() -> None:
    play = Playbook()
    page = ready(play)
    page.dial("600", b"v=0 m=0 a=sendrecv")
    play.near_response(100)
    play.near_response(488)
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_media_refused_at_the_answer() -> None:
    play, _, _, far = dialled()
    play.refuse_media("peer")
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.far_request("BYE")
    play.near_response(500)
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_early_media_refused_is_no_end() -> None:
    play, _, _, far = dialled()
    play.refuse_media("peer")
    play.reply(far, 183, body=sdp("pbx"))
    play.silence()
    assert play.call.state is CallState.DIALING
    assert isinstance(play.media_commands[-1], MediaAnswer)


def test_cancelled_while_it_rings() -> None:
    play, page, invite, far = dialled("606")
    play.reply(far, 180)
    play.near_response(180)
    page.cancel(invite)
    play.near_response(200)
    page.ack(invite, play.near_response(487))
    cancel = play.far_request("CANCEL")
    assert (cancel.branch, cancel.cseq.number) == (far.branch, 1)
    play.reply(cancel, 200)
    play.reply(far, 487)
    play.far_request("ACK")
    play.silence()
    assert ended(play) == (Cause.CANCELLED, "agent")


def test_cancelled_before_the_pbx_said_anything() -> None:
    play, page, invite, far = dialled()
    page.cancel(invite)
    play.near_response(200)
    play.near_response(487)
    play.silence()
    play.reply(far, 100)
    play.reply(play.far_request("CANCEL"), 200)
    play.reply(far, 487)
    play.far_request("ACK")
    assert ended(play) == (Cause.CANCELLED, "agent")


def test_cancel_crosses_the_challenge() -> None:
    play, page, invite, far = dialled()
    page.cancel(invite)
    play.challenge(far)
    play.far_request("ACK")
    play.silence_far()
    assert play.audits == [Audit("sign_refused", "INVITE 401: the request was cancelled")]


def test_cancel_crosses_the_answer() -> None:
    play, page, invite, far = dialled()
    play.reply(far, 180)
    page.cancel(invite)
    play.far_request("CANCEL")
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.reply(play.far_request("BYE"), 200)
    assert ended(play) == (Cause.CANCELLED, "agent")


def test_cancel_while_the_media_engine_works() -> None:
    play = Playbook()
    page = ready(play)
    play.media = lambda command: None
    invite = page.dial("600")
    page.cancel(invite)
    assert play.to_far == []
    assert ended(play) == (Cause.CANCELLED, "agent")


def test_answer_of_the_media_engine_comes_too_late() -> None:
    play = Playbook()
    page = ready(play)
    play.media = lambda command: None
    invite = page.dial("600")
    page.cancel(invite)
    offer = play.media_done(MediaOffer)[0]
    assert isinstance(offer, MediaOffer)
    late = play.describe(offer)
    assert late is not None
    play.happens(late)
    assert play.to_far == []


def test_hung_up_by_the_page() -> None:
    play, _, _, far = dialled()
    play.reply(far, 180)
    play.near_response(180)
    play.happens(HangUpAsked(play.call.call), HangUpAsked("unknown"))
    play.near_response(487)
    play.far_request("CANCEL")
    assert ended(play) == (Cause.CANCELLED, "agent")


def test_not_answered() -> None:
    play, _, _, far = dialled("606")
    play.reply(far, 180)
    play.near_response(180)
    play.wait(179)
    play.to_far.clear()  # the registration was refreshed
    play.wait(1)
    play.near_response(408)
    assert [message.method for message in play.to_far if isinstance(message, Request)][-1] == "CANCEL"
    assert play.call.cause is Cause.NO_ANSWER


def test_too_many_requests_wait_for_the_pbx() -> None:
    play = Playbook(max_calls=200)
    pages = [ready(play, f"h{i}") for i in range(5)]
    for page in pages:
        for _ in range(26):
            page.dial("606")
    causes = [call.cause for call in play.calls.values()]
    assert causes == [None] * 128 + [Cause.PBX_LOST] * 2


def test_pbx_that_says_nothing() -> None:
    play, _, _, _ = dialled()
    play.wait(32)
    play.near_response(503)
    assert ended(play) == (Cause.PBX_LOST, "gateway")


def test_connection_lost_while_it_rings() -> None:
    play, _, _, far = dialled()
    play.reply(far, 180)
    play.near_response(180)
    play.happens(UpstreamClosed("closed", ""))
    play.near_response(503)
    assert play.call.cause is Cause.PBX_LOST


def test_handset_that_never_acknowledges() -> None:
    play, _, _, far = dialled()
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    play.near_response(200)
    play.hears(FAR, "h1")
    play.wait(32)
    play.near_request("BYE")
    play.far_request("BYE")
    assert ended(play) == (Cause.INTERRUPTED, "gateway")
