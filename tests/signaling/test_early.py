"""Forked answers and reliable provisional responses, of our INVITE and of the PBX's."""

import pytest

from signaling.message import Request
from signaling.views import CallState

from .page import Page, dialled, ended, ready
from .playbook import Playbook, sdp

RELIABLE = ("Require", "100rel")


def reliable(
    play: Playbook, invite: Request, seq: str, *, status: int = 183, tag: str = "a", body: bytes = b""
) -> None:
    play.reply(invite, status, tag=tag, headers=(RELIABLE, ("RSeq", seq)), body=body)


def test_reliable_response_is_acknowledged_once() -> None:
    play, _, _, invite = dialled()
    reliable(play, invite, "7", body=sdp("early"))
    prack = play.far_request("PRACK")
    assert prack.headers.get("RAck") == f"7 {invite.cseq.number} INVITE"
    assert (prack.to_tag, prack.cseq.number) == ("a", invite.cseq.number + 1)
    assert play.near_response(183).body == b"to h1: " + sdp("early")
    reliable(play, invite, "7", body=sdp("early"))
    play.silence()
    play.reply(prack, 200)
    reliable(play, invite, "8", status=180)
    assert play.far_request("PRACK").cseq.number == invite.cseq.number + 2
    play.near_response(180)
    play.reply(invite, 200, tag="a")
    assert play.far_request("ACK").cseq.number == invite.cseq.number
    play.near_response(200)


def test_request_in_the_dialog_counts_on_after_prack() -> None:
    play, page, near, invite = dialled()
    reliable(play, invite, "1")
    prack = play.far_request("PRACK")
    play.near_response(183)
    play.reply(invite, 200, tag="a", body=sdp("pbx"))
    play.far_request("ACK")
    page.asks("BYE", play.near_response(200))
    play.near_response(200)
    assert play.far_request("BYE").cseq.number == prack.cseq.number + 1
    assert near.method == "INVITE"


@pytest.mark.parametrize("seq", ["", "x", "4294967296"])
def test_reliable_response_without_a_number_is_not_heard(seq: str) -> None:
    play, _, _, invite = dialled()
    play.reply(invite, 180, headers=(RELIABLE, *((("RSeq", seq),) if seq else ())))
    play.silence()


def test_prack_is_signed() -> None:
    play, _, _, invite = dialled()
    reliable(play, invite, "1")
    prack = play.far_request("PRACK")
    play.near_response(183)
    play.challenge(prack)
    signed = play.far_request("PRACK")
    assert "Authorization" in signed.headers
    assert signed.cseq.number == prack.cseq.number + 1
    assert signed.headers.get("RAck") == prack.headers.get("RAck")


def test_first_branch_that_answers_wins() -> None:
    play, _, _, invite = dialled()
    for tag in ("a", "b"):
        play.reply(invite, 183, tag=tag, body=sdp(tag))
    assert play.near_response(183).body == b"to h1: " + sdp("a")
    play.reply(invite, 200, tag="b", body=sdp("b"))
    assert play.far_request("ACK").to_tag == "b"
    assert play.near_response(200).body == b"to h1: " + sdp("b")
    play.reply(invite, 200, tag="a", body=sdp("a"))
    assert play.far_request("ACK").to_tag == "a"
    assert play.far_request("BYE").to_tag == "a"
    play.reply(invite, 200, tag="b", body=sdp("b"))
    assert play.far_request("ACK").to_tag == "b"
    play.silence()
    assert play.call.state is CallState.ACTIVE


def test_only_so_many_branches_are_heard() -> None:
    play, _, _, invite = dialled()
    for number in range(9):
        play.reply(invite, 180, tag=f"branch-{number}")
    for _ in range(8):
        play.near_response(180)
    play.silence()
    play.reply(invite, 200, tag="branch-8", body=sdp("pbx"))
    assert play.far_request("ACK").to_tag == "branch-8"
    play.near_response(200)


def test_requests_in_an_early_dialog_of_ours() -> None:
    play, _, _, invite = dialled()
    play.reply(invite, 180)
    play.near_response(180)
    play.pbx_asks("UPDATE", invite, cseq=1)
    play.far_response(200)
    play.pbx_asks("UPDATE", invite, cseq=2, body=sdp("pbx"))
    play.far_response(491)
    play.pbx_asks("PRACK", invite, cseq=3)
    play.far_response(481)
    play.pbx_asks("UPDATE", invite, cseq=4, tag="stranger")
    play.far_response(481)
    assert play.call.state is CallState.RINGING


def test_pbx_insists_on_100rel() -> None:
    play, _, _, invite = dialled()
    assert invite.supported == ("timer",)
    play.reply(invite, 421, headers=(RELIABLE,))
    play.far_request("ACK")
    again = play.far_request("INVITE")
    assert set(again.supported) == {"timer", "100rel"}
    assert (again.body, again.call_id == invite.call_id) == (invite.body, False)
    play.reply(again, 421, headers=(RELIABLE,))
    play.far_request("ACK")
    play.near_response(421)
    ended(play)


def incoming_reliable() -> tuple[Playbook, Page, Request, Request]:
    play = Playbook()
    page = ready(play)
    invite = play.pbx_invite(headers=(RELIABLE,))
    play.far_response(100)
    return play, page, invite, play.near_request("INVITE")


def test_pbx_requires_reliable_ringing() -> None:
    play, page, invite, rung = incoming_reliable()
    page.answers(rung, 180)
    ringing = play.far_response(180)
    assert ringing.require == ("100rel",)
    seq = ringing.headers.get("RSeq")
    play.pbx_asks("PRACK", ringing, cseq=2, headers=(("RAck", "99 1 INVITE"),))
    play.far_response(481)
    play.pbx_asks("PRACK", ringing, cseq=3, headers=(("RAck", f"{seq} 1 INVITE"),))
    play.far_response(200)
    page.picks_up(rung)
    play.near_request("ACK")
    answer = play.far_response(200)
    assert answer.to_tag == ringing.to_tag
    play.pbx_asks("ACK", answer, cseq=invite.cseq.number)
    play.pbx_asks("BYE", answer, cseq=4)
    play.far_response(200)


def test_caller_hangs_up_in_an_early_dialog() -> None:
    play, page, _, rung = incoming_reliable()
    page.answers(rung, 180)
    ringing = play.far_response(180)
    play.pbx_asks("BYE", ringing, cseq=2)
    play.far_response(200)
    play.far_response(487)
    play.near_request("CANCEL")
    assert ended(play) == ("cancelled", "other")
