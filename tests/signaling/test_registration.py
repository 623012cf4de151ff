"""The line at the PBX: up with the first handset, kept up, given up, and what each refusal means."""

from dataclasses import replace

import pytest

from signaling.commands import Audit, Connect, Disconnect
from signaling.events import (
    HandsetDetached,
    LineClosed,
    Reconfigured,
    RetryAsked,
    UpstreamClosed,
    UpstreamOpened,
    UpstreamWaits,
)
from signaling.ports import Secret
from signaling.timing import Timing
from signaling.views import LineState

from .page import attach, call_out, ready
from .playbook import CONFIG, Playbook


def states(play: Playbook) -> list[LineState]:
    """Without repetitions: a view also changes with the number of handsets."""
    shown = [view.state for view in play.line_views]
    return [state for i, state in enumerate(shown) if i == 0 or shown[i - 1] != state]


def test_first_handset_brings_the_line_up() -> None:
    play = Playbook()
    attach(play)
    assert play.connections == [Connect("wss://pbx.example/ws", None)]
    play.happens(UpstreamOpened())
    register = play.far_request("REGISTER")
    assert (str(register.uri), register.expires) == ("sip:pbx.example", 300)
    assert str(register.to) == "<sip:1001@pbx.example>"
    assert "Authorization" not in register.headers
    play.challenge(register)
    signed = play.far_request("REGISTER")
    assert signed.call_id == register.call_id and signed.cseq.number == register.cseq.number + 1
    assert 'username="auth-1001"' in (signed.headers.get("Authorization") or "")
    assert play.audits == [Audit("signed", "REGISTER realm=asterisk algorithm=MD5 version=1")]
    play.reply(signed, 200)
    assert states(play) == [LineState.CONNECTING, LineState.REGISTERING, LineState.READY]
    assert play.line_views[-1].handsets == 1


def test_second_handset_finds_it_up() -> None:
    play = Playbook()
    ready(play)
    attach(play, "h2")
    play.silence()
    assert play.line_views[-1].handsets == 2


@pytest.mark.parametrize(
    ("header", "granted"),
    [
        (("Expires", "100"), 100),
        (("Contact", "<{contact}>;expires=60"), 60),
        (("Contact", "<sip:other@else.example>;expires=60"), 300),
        (("Contact", "<{contact}>;expires=soon"), 300),
        (("X-Nothing", "x"), 300),
    ],
)
def test_refreshed_at_half_the_life_that_was_granted(header: tuple[str, str], granted: int) -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    contact = str(play.line.far.contact.uri)
    play.reply(play.far_request("REGISTER"), 200, headers=((header[0], header[1].format(contact=contact)),))
    play.wait(granted / 2 - 1)
    play.silence()
    play.wait(1)
    play.reply(play.far_request("REGISTER"), 200)
    assert play.state is LineState.READY


def test_interval_too_brief() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 423, headers=(("Min-Expires", "900"),))
    register = play.far_request("REGISTER")
    assert register.expires == 900
    play.reply(register, 423, headers=(("Min-Expires", "900"),))
    assert (play.state, play.line_views[-1].reason) == (LineState.OFFLINE, "server_error")


@pytest.mark.parametrize("text", ["", "often", "10", "99999999"])
def test_interval_too_brief_without_sense(text: str) -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 423, headers=(("Min-Expires", text),))
    assert play.state is LineState.OFFLINE


@pytest.mark.parametrize(
    ("status", "signed", "reason"),
    [
        (401, True, "bad_secret"),
        (403, True, "bad_secret"),
        (407, False, "bad_secret"),  # a challenge that this PBX may not ask
        (403, False, "forbidden"),
        (404, False, "not_found"),
        (404, True, "not_found"),
    ],
)
def test_refusals_are_not_tried_again(status: int, signed: bool, reason: str) -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    register = play.far_request("REGISTER")
    if signed:
        play.challenge(register)
        register = play.far_request("REGISTER")
    if status in (401, 407):
        play.challenge(register, status, nonce="n2")
    else:
        play.reply(register, status)
    view = play.line_views[-1]
    assert (view.state, view.reason, view.retry_in) == (LineState.REFUSED, reason, None)
    assert isinstance(play.connections[-1], Disconnect)
    play.wait(3600)
    attach(play, "h2")
    play.silence()
    assert play.state is LineState.REFUSED


def test_refused_line_stays_refused_when_the_page_is_reloaded() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 403)
    play.happens(HandsetDetached("h1"))
    play.wait(60)
    assert not play.line.is_down
    attach(play)
    play.silence()
    assert play.connections[-1] == Disconnect()


def test_refused_until_somebody_asks() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 403)
    play.happens(RetryAsked())
    assert play.connections[-1] == Connect("wss://pbx.example/ws", None)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 200)
    assert play.state is LineState.READY
    play.happens(RetryAsked())
    play.silence()


def test_refused_until_there_is_a_new_secret() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 403)
    play.happens(Reconfigured(replace(CONFIG, secret=Secret("nova", 2))), UpstreamOpened())
    play.challenge(play.far_request("REGISTER"))
    play.reply(play.far_request("REGISTER"), 200)
    assert play.audits[-1].detail.endswith("version=2")
    assert play.state is LineState.READY


def test_stale_nonce_is_answered_once_more() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.challenge(play.far_request("REGISTER"))
    play.challenge(play.far_request("REGISTER"), stale=True, nonce="n2")
    signed = play.far_request("REGISTER")
    assert 'nonce="n2"' in (signed.headers.get("Authorization") or "")
    play.challenge(signed, stale=True, nonce="n3")
    assert (play.state, play.line_views[-1].reason) == (LineState.REFUSED, "bad_secret")
    assert play.audits[-1].what == "sign_refused"


def test_back_off_grows_and_is_told() -> None:
    play = Playbook()
    attach(play)
    waits = []
    for _ in range(8):
        play.happens(UpstreamClosed("unreachable", "no connection"))
        view = play.line_views[-1]
        assert (view.state, view.reason, view.detail) == (LineState.OFFLINE, "unreachable", "no connection")
        assert view.retry_in is not None
        waits.append(view.retry_in)
        tries = len(play.connections)
        play.wait(view.retry_in + 0.05)
        assert play.connections[tries:] == [Connect("wss://pbx.example/ws", None)]
    assert waits == [1.5, 2.5, 4.5, 8.5, 15.5, 15.5, 15.5, 15.5]  # half way between 1 and 2, 4, 8, 16, 30 ...


def test_retry_at_once_with_a_fresh_back_off() -> None:
    play = Playbook()
    attach(play)
    for _ in range(5):
        play.happens(UpstreamClosed("tls", "x"))
        play.happens(RetryAsked())
    assert play.state is LineState.CONNECTING
    play.happens(UpstreamClosed("tls", "x"))
    assert play.line_views[-1].retry_in == 1.5


def test_server_error_honours_retry_after() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 503, headers=(("Retry-After", "40"),))
    view = play.line_views[-1]
    assert (view.reason, view.detail, view.retry_in) == ("server_error", "503 Service Unavailable", 40)


def test_no_answer_to_register() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamOpened())
    play.far_request("REGISTER")
    play.wait(9.9)
    assert play.state is LineState.REGISTERING
    play.wait(0.1)
    assert (play.state, play.line_views[-1].reason) == (LineState.OFFLINE, "timeout")


def test_failed_refresh_takes_the_line_offline() -> None:
    play = Playbook()
    ready(play)
    play.wait(150)
    play.reply(play.far_request("REGISTER"), 500)
    assert play.state is LineState.OFFLINE


def test_lost_and_back() -> None:
    play = Playbook()
    ready(play)
    play.happens(UpstreamClosed("closed", "the connection broke"))
    assert play.line_views[-1].retry_in == 1.5
    play.wait(2)
    play.happens(UpstreamOpened())
    play.reply(play.far_request("REGISTER"), 200)
    assert play.state is LineState.READY


def test_a_turn_that_is_told_too_late_does_nothing() -> None:
    play = Playbook()
    ready(play)
    play.happens(UpstreamWaits(3.0))
    play.silence()
    assert (play.state, play.line_views[-1].retry_in) == (LineState.READY, None)


def test_late_events_of_a_connection_do_nothing() -> None:
    play = Playbook()
    play.happens(UpstreamOpened(), UpstreamClosed("closed", ""))
    assert play.line_views == []


def test_idle_line_leaves_the_pbx() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(19)
    play.silence()
    play.wait(1)
    goodbye = play.far_request("REGISTER")
    assert goodbye.expires == 0
    assert (play.state, play.line.is_down) == (LineState.IDLE, False)
    play.reply(goodbye, 200)
    assert play.connections[-1] == Disconnect()
    assert play.line.is_down
    assert play.timers == {}


def test_idle_line_does_not_wait_for_a_pbx_that_is_silent() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(20)
    play.far_request("REGISTER")
    play.wait(3)
    assert play.line.is_down


def test_idle_line_whose_connection_ends() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(20)
    play.happens(UpstreamClosed("closed", ""))
    assert play.line.is_down


def test_gateway_stops_while_the_line_leaves() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(20)
    goodbye = play.far_request("REGISTER")
    play.happens(LineClosed())
    play.silence()
    play.reply(goodbye, 200)
    assert play.line.is_down


def test_page_comes_back_while_the_line_leaves() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(20)
    goodbye = play.far_request("REGISTER")
    attach(play)
    again = play.far_request("REGISTER")
    assert again.expires == 300
    play.reply(goodbye, 200)
    assert play.state is LineState.REGISTERING
    play.reply(again, 200)
    assert play.line.is_ready


def test_page_comes_back_in_time() -> None:
    play = Playbook()
    ready(play)
    play.happens(HandsetDetached("h1"))
    play.wait(10)
    attach(play)
    play.wait(60)
    play.silence()
    assert play.state is LineState.READY


def test_offline_line_is_left_at_once() -> None:
    play = Playbook()
    attach(play)
    play.happens(UpstreamClosed("unreachable", ""), HandsetDetached("h1"))
    play.wait(20)
    assert play.line.is_down


def test_line_with_a_call_stays_longer() -> None:
    play = Playbook(timing=Timing(detached=200))
    page = ready(play)
    call_out(play, page)
    play.happens(HandsetDetached("h1"))
    play.wait(89)
    play.silence()
    play.wait(1)
    play.far_request("BYE")
    assert play.far_request("REGISTER").expires == 0


def test_new_secret_is_used_at_once() -> None:
    play = Playbook()
    ready(play)
    play.happens(Reconfigured(replace(CONFIG, secret=Secret("nova", 2))))
    register = play.far_request("REGISTER")
    play.challenge(register)
    play.reply(play.far_request("REGISTER"), 200)
    assert play.audits[-1].detail.endswith("version=2")


def test_new_address_is_used_at_once() -> None:
    play = Playbook()
    ready(play)
    play.happens(Reconfigured(replace(CONFIG, url="wss://other.example/ws", ca="PEM")))
    assert play.connections[-2:] == [Disconnect(), Connect("wss://other.example/ws", "PEM")]
    assert play.state is LineState.CONNECTING


def test_new_name_is_no_business_of_the_pbx() -> None:
    play = Playbook()
    ready(play)
    play.happens(Reconfigured(replace(CONFIG, name="Ana Maria")))
    play.silence()


def test_new_secret_while_it_connects_or_idles() -> None:
    play = Playbook()
    play.happens(Reconfigured(replace(CONFIG, secret=Secret("nova", 2))))
    assert play.connections == []
    attach(play)
    play.happens(Reconfigured(replace(CONFIG, secret=Secret("nova", 3))))
    assert play.connections == [Connect("wss://pbx.example/ws", None)]
