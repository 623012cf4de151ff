"""Calls that a handset makes, until both sides have answered or one has given up."""

from signaling.causes import Cause
from signaling.commands import Audit, MediaOffer, MediaSelect
from signaling.events import UpstreamOpened
from signaling.parser import serialize
from signaling.ports import FAR
from signaling.views import CallState, Direction

from .page import attach, dialled, ended, ready
from .playbook import Playbook, sdp


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
    assert names == set("Via Max-Forwards From To Call-ID CSeq Contact Allow Supported User-Agent Content-Type".split())
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
