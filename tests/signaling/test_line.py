"""The line as a whole: its stop, and what the PBX may ask out of dialogs."""

import pytest

from signaling.events import (
    HandsetAttached,
    HandsetDetached,
    LineClosed,
    UpstreamOpened,
)
from signaling.uri import NameAddr, Uri

from .page import attach, ready
from .playbook import CONFIG, Playbook, sdp


def test_gateway_stops() -> None:
    play = Playbook()
    ready(play)
    play.happens(LineClosed())
    assert play.closed == [("h1", 1012)]
    play.challenge(play.far_request("REGISTER"))
    play.reply(play.far_request("REGISTER"), 200)
    play.happens(HandsetDetached("h1"))
    assert play.line.is_down
    assert play.timers == {}
    play.happens(HandsetAttached("h1"))
    assert play.closed == [("h1", 1012), ("h1", 1012)]


def test_gateway_stops_while_the_line_leaves() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(20)
    play.happens(LineClosed())
    play.reply(play.far_request("REGISTER"), 200)
    assert play.line.is_down


def test_gateway_stops_with_a_line_that_was_never_up() -> None:
    play = Playbook()
    play.happens(LineClosed())
    assert (play.connections, play.line.is_down, play.line.config) == ([], True, CONFIG)


def test_gateway_stops_with_a_refused_line() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 403)
    play.happens(LineClosed(), HandsetDetached("h1"))
    assert play.line.is_down


def test_far_message_without_a_connection() -> None:
    play = Playbook()
    play.pbx_invite()
    play.silence()


def test_what_the_pbx_requires_but_we_do_not_know() -> None:
    play = Playbook()
    ready(play)
    play.pbx_invite(headers=(("Require", "100rel, precondition, timer"),))
    assert play.far_response(420).headers.get("Unsupported") == "precondition"
    assert play.calls == {}


@pytest.mark.parametrize(
    ("method", "status"), [("OPTIONS", 200), ("NOTIFY", 200), ("BYE", 481), ("MESSAGE", 405), ("REFER", 405)]
)
def test_requests_out_of_dialogs(method: str, status: int) -> None:
    play = Playbook()
    ready(play)
    caller, callee = NameAddr(Uri("sip", "pbx", "x")).with_tag("t"), NameAddr(Uri("sip", "1001", "x"))
    play.pbx_says(method, from_=caller, to=callee, call_id="c")
    play.far_response(status)
    play.pbx_says(method, from_=caller, to=callee.with_tag("unknown"), call_id="c")
    play.far_response(481)


def test_request_for_somebody_else() -> None:
    play = Playbook()
    ready(play)
    play.pbx_says(
        "INVITE",
        uri=Uri("sip", "1001", "pbx.example"),
        from_=NameAddr(Uri("sip", "1002", "x")).with_tag("t"),
        to=NameAddr(Uri("sip", "1001", "x")),
        call_id="c",
        body=sdp("pbx"),
    )
    play.far_response(404)
    assert play.calls == {}
