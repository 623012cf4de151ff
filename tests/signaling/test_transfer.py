"""Transfers: the PBX is asked to connect the other side with somebody else."""

from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.dial_rules import DialRules
from signaling.events import Reconfigured, TimerFired, TransferAsked, UpstreamClosed
from signaling.uri import NameAddr
from signaling.views import CallState, TransferState

from .page import Page, Talk, call_in, call_out, ended, talking
from .playbook import Playbook

EVENT = (("Event", "refer;id=3"), ("Subscription-State", "active;expires=60"))
OVER = (("Event", "refer"), ("Subscription-State", "terminated;reason=noresource"))


def tells(
    play: Playbook, talk: Talk, said: bytes, *, headers: tuple[tuple[str, str], ...] = EVENT, cseq: int = 200
) -> None:
    play.pbx_asks("NOTIFY", talk.far, cseq=cseq, headers=headers, body=said)
    play.far_response(200)


def asked(to: str = "1002") -> tuple[Playbook, Page, Talk]:
    """The REFER was accepted."""
    play, page, talk = talking()
    play.happens(TransferAsked(talk.call, to=to))
    play.reply(play.far_request("REFER"), 202)
    assert (play.call.transfer, play.call.transfer_to) == (TransferState.PENDING, to)
    return play, page, talk


@pytest.mark.parametrize("direction", ["out", "in"])
def test_blind_transfer(direction: str) -> None:
    play, _, talk = talking(direction)
    play.happens(TransferAsked(talk.call, to="*72#1002"))
    refer = play.far_request("REFER")
    assert refer.headers.get("Refer-To") == "<sip:*72%231002@pbx.example>"
    assert refer.headers.get("Referred-By") == "<sip:1001@pbx.example>"
    assert refer.contact is not None
    play.reply(refer, 202)
    tells(play, talk, b"SIP/2.0 100 Trying\r\n")
    tells(play, talk, b"SIP/2.0 180 Ringing", cseq=201)
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.PENDING)
    play.silence()
    tells(play, talk, b"SIP/2.0 200 OK\r\n", headers=OVER, cseq=202)
    play.far_request("BYE")
    play.near_request("BYE")
    assert play.call.transfer is TransferState.DONE
    assert ended(play) == (Cause.ENDED, "agent")


@pytest.mark.parametrize(
    ("said", "headers"),
    [(b"SIP/2.0 486 Busy Here", EVENT), (b"SIP/2.0 603 Decline\r\n", OVER), (b"", OVER), (b"SIP/2.0 180 R", OVER)],
)
def test_failed_transfer_gives_the_call_back(said: bytes, headers: tuple[tuple[str, str], ...]) -> None:
    play, _, talk = asked()
    tells(play, talk, said, headers=headers)
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.FAILED)
    tells(play, talk, b"SIP/2.0 200 OK", cseq=201)
    play.silence()
    play.happens(TransferAsked(talk.call, to="1003"))
    play.reply(play.far_request("REFER"), 202)
    assert (play.call.transfer, play.call.transfer_to) == (TransferState.PENDING, "1003")
    tells(play, talk, b"SIP/2.0 200 OK", cseq=202)
    assert play.call.cause is Cause.ENDED


@pytest.mark.parametrize("status", [301, 403, 404, 503, 603])
def test_pbx_refuses(status: int) -> None:
    play, _, talk = talking()
    play.happens(TransferAsked(talk.call, to="1002"))
    play.reply(play.far_request("REFER"), status)
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.FAILED)


def test_refer_is_signed() -> None:
    play, _, talk = talking()
    play.happens(TransferAsked(talk.call, to="1002"))
    refer = play.far_request("REFER")
    play.reply(refer, 100)
    play.challenge(refer)
    signed = play.far_request("REFER")
    assert "Authorization" in signed.headers
    assert signed.headers.get("Refer-To") == refer.headers.get("Refer-To")


def test_pbx_does_not_answer() -> None:
    play, _, talk = talking()
    play.happens(TransferAsked(talk.call, to="1002"))
    play.far_request("REFER")
    play.wait(32)
    assert play.call.transfer is TransferState.FAILED


def test_pbx_never_tells_what_became_of_it() -> None:
    play, _, talk = asked()
    play.happens(TransferAsked(talk.call, to="1003"))
    play.silence()
    assert play.call.transfer_to == "1002"
    name = next(name for name in play.timers if name.endswith(".transfer"))
    assert play.timers[name] == play.timing.ringing + play.timing.transaction
    play.happens(TimerFired(name))
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.FAILED)


def test_other_events_change_nothing() -> None:
    play, _, talk = asked()
    for cseq, headers in enumerate(((), (("Event", "talk"),)), 200):
        tells(play, talk, b"SIP/2.0 200 OK", headers=headers, cseq=cseq)
    tells(play, talk, b"HTTP/1.1 200 OK", cseq=202)
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.PENDING)


@pytest.mark.parametrize("to", ["", "1002@evil.example", "a b", None, "1;x=y"])
def test_what_cannot_be_dialled(to: str | None) -> None:
    play, _, talk = talking()
    play.happens(TransferAsked(talk.call, to=to))
    play.silence()
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.FAILED)


def test_number_that_the_rules_of_the_account_forbid() -> None:
    play, _, talk = talking()
    play.happens(Reconfigured(replace(play.config, dial=DialRules(forbidden=("0900*",)))))
    play.happens(TransferAsked(talk.call, to="09001234"))
    play.silence()
    assert (play.call.state, play.call.transfer) == (CallState.ACTIVE, TransferState.FAILED)


def test_pbx_is_away() -> None:
    play, _, talk = talking()
    play.happens(UpstreamClosed("closed", ""), TransferAsked(talk.call, to="1002"))
    play.silence_far()
    assert play.call.transfer is TransferState.FAILED


def test_call_that_is_not_there_or_does_not_stand_yet() -> None:
    play, page, talk = talking()
    play.happens(TransferAsked("unknown", to="1002"), TransferAsked(talk.call, consulted="unknown"))
    play.happens(TransferAsked(talk.call, consulted=talk.call))
    page.dial("603")
    play.near_response(100)
    play.far_request("INVITE")
    second = play.call.call
    play.happens(TransferAsked(second, to="1002"))
    play.silence()
    assert play.calls[second].transfer is TransferState.NONE
    play.happens(TransferAsked(talk.call, consulted=second))
    play.silence()
    assert play.calls[talk.call].transfer is TransferState.FAILED


def test_other_side_hangs_up_meanwhile() -> None:
    play, _, talk = asked()
    play.pbx_asks("BYE", talk.far, cseq=200)
    play.far_response(200)
    play.near_request("BYE")
    assert ended(play) == (Cause.ENDED, "other")
    assert play.call.transfer is TransferState.PENDING


@pytest.mark.parametrize("gone", [False, True])
def test_attended_transfer(gone: bool) -> None:
    play, page, talk = talking()
    second = call_in(play, page)
    play.happens(TransferAsked(talk.call, consulted=second.call))
    refer = play.far_request("REFER")
    assert refer.call_id == talk.far.call_id
    to = NameAddr.parse(refer.headers.get("Refer-To") or "").uri
    assert str(to.bare()) == "sip:1002@pbx.example"
    replaces = f"{second.far.call_id}%3Bto-tag%3Dpbx%3Bfrom-tag%3D{second.far.to_tag}"
    assert to.headers == (("Replaces", replaces),)
    assert play.calls[talk.call].transfer_to == "1002"
    play.reply(refer, 202)
    if gone:
        play.pbx_asks("BYE", second.far, cseq=300)
        play.far_response(200)
        play.near_request("BYE")
    tells(play, talk, b"SIP/2.0 200 OK", headers=OVER)
    play.far_request("BYE")
    play.near_request("BYE")
    assert (play.calls[talk.call].state, play.calls[talk.call].transfer) == (CallState.ENDED, TransferState.DONE)
    if not gone:
        play.far_request("BYE")
        play.near_request("BYE")
    play.silence()
    assert play.calls[second.call].state is CallState.ENDED


def test_identifiers_of_a_dialog_are_escaped() -> None:
    play, page, talk = talking()
    second = call_out(play, page)
    play.happens(TransferAsked(talk.call, consulted=second.call))
    text = play.far_request("REFER").headers.get("Refer-To") or ""
    assert text.startswith("<sip:600@pbx.example?Replaces=") and ";" not in text and text.count("=") == 1
