"""Calls that a handset makes, until both sides have answered or one has given up."""

import pytest

from signaling.causes import Cause
from signaling.commands import Audit, MediaAnswer, MediaOffer, MediaRelease, MediaSelect
from signaling.events import HandsetDetached, HangUpAsked, UpstreamClosed, UpstreamOpened
from signaling.message import Request
from signaling.parser import serialize
from signaling.ports import FAR
from signaling.views import CallState, Direction

from .page import Page, attach, ready
from .playbook import Playbook, sdp


def dialled(number: str = "600") -> tuple[Playbook, Page, Request, Request]:
    """Dialled, and the INVITE is at the PBX."""
    play = Playbook()
    page = ready(play)
    invite = page.dial(number)
    play.near_response(100)
    return play, page, invite, play.far_request("INVITE")


def ended(play: Playbook) -> tuple[Cause | None, str | None]:
    assert play.call.state is CallState.ENDED
    assert isinstance(play.media_commands[-1], MediaRelease)
    assert not [name for name in play.timers if name.startswith("call.")]
    return play.call.cause, play.call.ended_by


def test_answered_call() -> None:
    play = Playbook()
    page = ready(play)
    invite = page.dial("600")
    call = play.call
    assert (call.direction, call.state, call.number) == (Direction.OUT, CallState.DIALING, "600")
    assert (call.handset, call.near_call_id) == ("h1", invite.call_id)
    assert play.near_response(100).headers.get("X-Ramal-Call") == call.call
    offer = play.media_done(MediaOffer)[0]
    assert isinstance(offer, MediaOffer) and (offer.leg, offer.to, offer.sdp) == ("h1", FAR, sdp("page"))
    far = play.far_request("INVITE")
    assert far.body == b"to far: " + sdp("page")
    play.reply(far, 100)
    play.silence()
    play.reply(far, 180)
    assert play.near_response(180).headers.get("X-Ramal-Call") == call.call
    assert play.call.state is CallState.RINGING
    play.reply(far, 200, body=sdp("pbx"))
    ack = play.far_request("ACK")
    assert str(ack.uri) == "sip:pbx@192.0.2.1;transport=ws"
    ok = play.near_response(200)
    assert ok.body == b"to h1: " + sdp("pbx")
    assert ok.contact is not None and ok.contact.uri.host == "ramal.invalid"
    page.ack(invite, ok)
    assert play.media_done(MediaSelect) == [MediaSelect(call.call, "MediaSelect-3", "h1", True)]
    assert (play.call.state, play.call.sip_status) == (CallState.ACTIVE, 200)
    play.silence()


def test_nothing_of_the_near_invite_goes_to_the_pbx() -> None:
    play = Playbook()
    page = ready(play)
    near = page.request(
        "INVITE",
        "sip:600@ramal.invalid",
        headers=(
            ("Route", "<sip:evil.example;lr>"),
            ("P-Asserted-Identity", "<sip:boss@pbx.example>"),
            ("Authorization", "Digest x"),
            ("X-Evil", "1"),
            ("Alert-Info", "<urn:x>"),
        ),
        body=sdp("page"),
    )
    far = play.far_request("INVITE")
    names = {name for name, _ in far.headers}
    assert names == set("Via Max-Forwards From To Call-ID CSeq Contact Allow User-Agent Content-Type".split())
    assert len(far.vias) == 1
    assert far.call_id != near.call_id and far.from_tag != near.from_tag
    assert str(far.from_.uri) == "sip:1001@pbx.example"
    assert str(far.to) == "<sip:600@pbx.example>"
    assert b"ramal.invalid" not in serialize(far)
    assert b"h1.invalid" not in serialize(far)


def test_nothing_of_the_pbx_goes_to_the_handset() -> None:
    play, _, _, far = dialled()
    headers = (
        ("Server", "Asterisk"),
        ("Warning", '399 pbx.internal "x"'),
        ("Record-Route", "<sip:192.0.2.7;lr>"),
        ("P-Asserted-Identity", "<sip:600@192.0.2.7>"),
    )
    play.reply(far, 180, headers=headers)
    play.reply(far, 486, headers=headers)
    for status in (180, 486):
        data = serialize(play.near_response(status))
        assert b"192.0.2" not in data and b"pbx" not in data and b"Asterisk" not in data


def test_challenge_is_answered_and_never_shown() -> None:
    play, _, _, far = dialled()
    play.challenge(far)
    assert play.far_request("ACK").cseq.number == 1
    signed = play.far_request("INVITE")
    assert signed.cseq.number == 2 and signed.branch != far.branch and signed.call_id == far.call_id
    assert 'uri="sip:600@pbx.example"' in (signed.headers.get("Authorization") or "")
    assert play.audits == [Audit("signed", "INVITE realm=asterisk algorithm=MD5 version=1")]
    play.silence()
    play.reply(signed, 200, body=sdp("pbx"))
    ack = play.far_request("ACK")
    assert (ack.cseq.number, ack.headers.get("Authorization")) == (2, signed.headers.get("Authorization"))
    assert "Authorization" not in play.near_response(200).headers


def test_challenge_is_answered_once() -> None:
    play, _, _, far = dialled()
    play.challenge(far)
    play.far_request("ACK")
    play.challenge(play.far_request("INVITE"), nonce="n2")
    play.far_request("ACK")
    play.near_response(403)
    play.silence()
    assert ended(play) == (Cause.PBX_REFUSED, "other")
    assert play.audits[-1] == Audit("sign_refused", "INVITE 401: the signature was refused")


def test_challenge_of_a_callee_behind_the_pbx_is_not_answered() -> None:
    play, _, _, far = dialled()
    play.challenge(far, 407)  # this make of PBX asks with 401
    play.far_request("ACK")
    play.near_response(403)
    assert play.audits == [Audit("sign_refused", "INVITE 407: the challenge may not be answered")]
    assert ended(play) == (Cause.PBX_REFUSED, "other")


def test_challenge_of_another_realm_than_the_registrars_is_not_answered() -> None:
    play = Playbook()
    page = attach(play)
    page.register()
    play.happens(UpstreamOpened())
    play.challenge(play.far_request("REGISTER"))
    play.reply(play.far_request("REGISTER"), 200)
    page.dial("600")
    invite = play.far_request("INVITE")
    play.reply(invite, 401, headers=(("WWW-Authenticate", 'Digest realm="evil", nonce="n", qop="auth"'),))
    play.far_request("ACK")
    play.silence_far()
    assert play.call.cause is Cause.PBX_REFUSED


def test_answer_for_a_transaction_that_is_not_ours() -> None:
    play, _, _, far = dialled()
    other = far.again(play.line.far.via())
    play.challenge(other)
    play.reply(other, 200, body=sdp("evil"))
    play.silence()
    assert play.call.state is CallState.DIALING


def test_early_media() -> None:
    play, page, invite, far = dialled("603")
    play.reply(far, 183, body=sdp("announcement"))
    progress = play.near_response(183)
    assert progress.body == b"to h1: " + sdp("announcement")
    assert (play.call.state, play.call.early_media) == (CallState.RINGING, True)
    play.reply(far, 183, body=sdp("announcement"))
    play.reply(far, 180)
    play.near_response(180)
    play.silence()
    play.reply(far, 200, body=sdp("pbx"))
    play.far_request("ACK")
    page.ack(invite, play.near_response(200))
    assert play.call.state is CallState.ACTIVE


def test_answer_without_sdp_after_early_media() -> None:
    play, _, _, far = dialled()
    play.reply(far, 183, body=sdp("announcement"))
    play.near_response(183)
    play.reply(far, 200)
    assert play.near_response(200).body == b"to h1: " + sdp("announcement")


def test_answer_without_sdp() -> None:
    play, _, _, far = dialled()
    play.reply(far, 200)
    play.far_request("ACK")
    play.far_request("BYE")
    play.near_response(488)
    assert ended(play) == (Cause.MEDIA_FAILED, "gateway")


def test_early_media_of_another_branch_do_not_make_the_answer() -> None:
    play, _, _, far = dialled()
    play.reply(far, 183, tag="one", body=sdp("announcement"))
    play.near_response(183)
    play.reply(far, 200, tag="two")
    play.near_response(488)


def test_progress_without_sdp() -> None:
    play, _, _, far = dialled()
    play.reply(far, 183)
    play.near_response(183)
    play.reply(far, 181)
    play.silence()
    assert play.call.state is CallState.DIALING


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


def test_socket_lost_while_it_rings() -> None:
    play, _, _, far = dialled()
    play.reply(far, 180)
    play.near_response(180)
    play.happens(HandsetDetached("h1"))
    play.far_request("CANCEL")
    play.silence()
    assert play.call.cause is Cause.INTERRUPTED


def test_first_answer_of_a_fork_wins() -> None:
    play, page, invite, far = dialled()
    play.reply(far, 200, tag="one", body=sdp("one"))
    first = play.far_request("ACK")
    ok = play.near_response(200)
    page.ack(invite, ok)
    play.reply(far, 200, tag="two", body=sdp("two"))
    second = play.far_request("ACK")
    assert (first.to_tag, second.to_tag) == ("one", "two")
    bye = play.far_request("BYE")
    assert bye.to_tag == "two"
    play.reply(bye, 200)
    play.silence()
    assert play.call.state is CallState.ACTIVE


def test_repeated_answer_is_acknowledged_again() -> None:
    play, _, _, far = dialled()
    play.reply(far, 200, body=sdp("pbx"))
    ack = play.far_request("ACK")
    play.near_response(200)
    play.reply(far, 200, body=sdp("pbx"))
    assert play.far_request("ACK") == ack
    play.silence()


def test_answer_without_a_tag_is_no_answer() -> None:
    play, _, _, far = dialled()
    ok = far.reply(200, body=sdp("pbx"), content_type="application/sdp")
    play.far_says(ok)
    play.silence()
    assert play.call.state is CallState.DIALING


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
