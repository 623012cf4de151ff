"""What a conversation survives: its handset's socket, the connection to the PBX, both; and what it does not."""

import pytest

from signaling.causes import Cause
from signaling.events import (
    HandsetAttached,
    HandsetDetached,
    LineClosed,
    MediaChanged,
    MediaHappening,
    UpstreamClosed,
    UpstreamOpened,
)
from signaling.message import Request
from signaling.ports import FAR
from signaling.views import CallState, LineState

from .page import Page, Talk, call_out, ready
from .playbook import Playbook, sdp


def talking(allow: str = "INVITE, BYE, UPDATE") -> tuple[Playbook, Page, Talk]:
    play = Playbook()
    page = ready(play)
    return play, page, call_out(play, page, allow=allow)


def reconnected(play: Playbook) -> None:
    play.wait(2)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 200)
    assert play.state is LineState.READY


def back(play: Playbook, page: Page) -> None:
    play.happens(HandsetAttached(page.handset))
    page.register()
    play.near_response(200, page.handset)


# The handset


def test_socket_comes_back_in_time() -> None:
    play, page, talk = talking()
    play.happens(HandsetDetached("h1"))
    play.wait(89)
    back(play, page)
    play.wait(30)
    assert play.call.state is CallState.ACTIVE
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    play.near_request("BYE")


def test_new_address_of_the_same_page_is_used() -> None:
    play, page, talk = talking()
    play.happens(HandsetDetached("h1"), HandsetAttached("h1"))
    page.register(contact="<sip:user-h1@elsewhere.invalid;transport=ws>")
    play.near_response(200)
    play.pbx_asks("BYE", talk.far)
    assert play.near_request("BYE").uri.host == "elsewhere.invalid"


def test_call_that_ended_meanwhile_is_told_when_the_page_is_back() -> None:
    play, page, talk = talking()
    play.happens(HandsetDetached("h1"))
    play.pbx_asks("BYE", talk.far)
    play.far_response(200)
    play.silence()
    play.happens(HandsetAttached("h1"))
    page.register()
    play.near_response(200)
    play.near_request("BYE")
    play.silence()


def test_gateway_stops_while_a_page_is_away() -> None:
    play, _, _ = talking()
    play.happens(HandsetDetached("h1"), LineClosed())
    play.far_request("BYE")
    play.reply(play.far_request("REGISTER"), 200)
    assert (play.closed, play.line.is_down) == ([], True)


def test_only_so_many_pages_are_remembered() -> None:
    play = Playbook(max_calls=20)
    pages = [ready(play, f"h{i}") for i in range(10)]
    for page in pages:
        call_out(play, page)
    play.happens(*(HandsetDetached(page.handset) for page in pages))
    play.wait(90)
    assert [play.far_request("BYE").method for _ in pages] == ["BYE"] * 10
    for page in pages:
        back(play, page)
    assert [handset for handset, _ in play.to_near] == [page.handset for page in pages[2:]]


# The PBX


def test_line_is_offline_at_once_and_the_call_waits() -> None:
    play, _, _ = talking()
    play.happens(UpstreamClosed("closed", "the connection broke"))
    assert play.state is LineState.OFFLINE
    assert play.call.state is CallState.ACTIVE
    play.silence()


@pytest.mark.parametrize(("allow", "method"), [("INVITE, BYE, UPDATE", "UPDATE"), ("INVITE, BYE", "OPTIONS")])
def test_back_in_time_and_the_pbx_knows_the_call(allow: str, method: str) -> None:
    play, page, talk = talking(allow)
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    probe = play.far_request(method)
    assert probe.call_id == talk.far.call_id
    play.reply(probe, 200)
    play.wait(60)
    assert play.call.state is CallState.ACTIVE
    page.asks("BYE", talk.near)
    play.near_response(200)
    play.far_request("BYE")


@pytest.mark.parametrize("status", [404, 408, 410, 481])
def test_back_in_time_but_the_pbx_does_not_know_the_call(status: int) -> None:
    play, _, _ = talking()
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    play.reply(play.far_request("UPDATE"), status)
    assert play.near_request("BYE").headers.get("X-Ramal-Cause") == "pbx_lost"
    assert (play.call.cause, play.call.ended_by) == (Cause.PBX_LOST, "gateway")


def test_pbx_that_knows_something_else_goes_on() -> None:
    play, _, _ = talking()
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    play.reply(play.far_request("UPDATE"), 491)
    play.wait(30)
    assert play.call.state is CallState.ACTIVE


def test_pbx_does_not_answer_the_question() -> None:
    play, _, _ = talking()
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    play.wait(4)
    play.near_request("BYE")
    assert play.call.cause is Cause.PBX_LOST


def test_not_back_in_time() -> None:
    play, _, talk = talking()
    play.happens(UpstreamClosed("closed", ""))
    play.wait(7.9)
    assert play.call.state is CallState.ACTIVE
    play.wait(0.1)
    play.near_request("BYE")
    assert play.calls[talk.call].cause is Cause.PBX_LOST


def test_tries_are_close_together_while_a_call_waits() -> None:
    play, _, _ = talking()
    for _ in range(4):
        play.happens(UpstreamClosed("closed", ""))
        retry_in = play.line_views[-1].retry_in
        assert retry_in is not None and retry_in <= 2
        play.wait(retry_in + 0.05)


def test_bye_is_said_when_the_pbx_is_back() -> None:
    play, page, talk = talking()
    play.happens(UpstreamClosed("closed", ""))
    page.asks("BYE", talk.near)
    play.near_response(200)
    play.silence()
    assert play.call.state is CallState.ENDED
    reconnected(play)
    assert play.far_request("BYE").call_id == talk.far.call_id


def test_lost_once_more_while_it_is_asked() -> None:
    play, _, _ = talking()
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    play.far_request("UPDATE")
    play.happens(UpstreamClosed("closed", ""))
    assert play.call.state is CallState.ACTIVE
    reconnected(play)
    play.reply(play.far_request("UPDATE"), 200)
    play.wait(30)
    assert play.call.state is CallState.ACTIVE


def test_hold_waits_for_the_pbx() -> None:
    play, page, talk = talking()
    play.happens(UpstreamClosed("closed", ""))
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.near_response(100)
    play.silence()
    reconnected(play)
    play.reply(play.far_request("UPDATE"), 200)
    play.reply(play.far_request("INVITE"), 200, body=sdp("pbx", "recvonly"))
    play.far_request("ACK")
    play.near_response(200)
    assert play.call.held


def test_hold_that_was_under_way_is_asked_again() -> None:
    play, page, talk = talking()
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.near_response(100)
    play.far_request("INVITE")
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    play.reply(play.far_request("UPDATE"), 200)
    play.reply(play.far_request("INVITE"), 200, body=sdp("pbx", "recvonly"))
    play.near_response(200)
    assert play.call.held


def test_hold_waits_in_vain() -> None:
    play, page, talk = talking()
    play.happens(UpstreamClosed("closed", ""))
    page.asks("INVITE", talk.near, body=sdp("page", "sendonly"))
    play.near_response(100)
    play.wait(8)
    play.near_response(487)
    play.near_request("BYE")
    assert play.calls[talk.call].cause is Cause.PBX_LOST


def test_handset_drops_while_the_other_side_holds() -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx", "sendonly"))
    play.far_response(100)
    play.near_request("INVITE")
    play.happens(HandsetDetached("h1"))
    play.far_response(491)
    back(play, page)
    play.wait(30)
    assert play.call.state is CallState.ACTIVE


def test_hold_of_the_other_side_is_not_asked_again() -> None:
    play, page, talk = talking()
    play.pbx_asks("INVITE", talk.far, body=sdp("pbx", "sendonly"))
    play.far_response(100)
    passed = play.near_request("INVITE")
    play.happens(UpstreamClosed("closed", ""))
    reconnected(play)
    play.reply(play.far_request("UPDATE"), 200)
    page.answers(passed, 200, body=sdp("page", "recvonly"))
    play.near_request("ACK")
    play.silence()


def test_silent_pbx_is_asked_whether_it_knows_the_call() -> None:
    play, _, talk = talking()
    play.happens(MediaChanged(talk.call, MediaHappening.LEG_SILENT, "h1"))
    play.silence()
    play.happens(MediaChanged(talk.call, MediaHappening.LEG_SILENT, FAR))
    play.reply(play.far_request("UPDATE"), 481)
    play.near_request("BYE")
    assert play.call.cause is Cause.PBX_LOST


def test_both_are_lost() -> None:
    play, page, talk = talking()
    play.happens(UpstreamClosed("closed", ""), HandsetDetached("h1"))
    play.wait(1.9)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 200)
    back(play, page)
    play.reply(play.far_request("UPDATE"), 200)
    page.asks("BYE", talk.near)
    play.near_response(200)
    bye = play.far_request("BYE")
    assert isinstance(bye, Request)


def test_only_so_many_farewells_are_kept() -> None:
    play = Playbook(max_calls=20)
    page = ready(play)
    talks = [call_out(play, page) for _ in range(18)]
    play.happens(UpstreamClosed("closed", ""))
    for talk in talks:
        page.asks("BYE", talk.near)
        play.near_response(200)
    reconnected(play)
    assert [play.far_request("BYE").call_id for _ in range(16)] == [talk.far.call_id for talk in talks[2:]]
    play.silence()
