"""Keys by INFO, where the line's PBX wants them so."""

from dataclasses import replace

import pytest

from signaling.digits import RELAY, Digit
from signaling.events import UpstreamClosed
from signaling.message import Request
from signaling.parser import parse
from signaling.ports import Dtmf

from .page import Page, Talk, call_out, ready, talking
from .playbook import CONFIG, Playbook


def by_info() -> tuple[Playbook, Page, Talk]:
    play = Playbook(replace(CONFIG, dtmf=Dtmf.INFO))
    page = ready(play)
    return play, page, call_out(play, page)


def press(page: Page, talk: Talk, body: bytes, cseq: int = 60, kind: str = RELAY) -> None:
    page.asks("INFO", talk.near, cseq=cseq, body=body, content_type=kind)


@pytest.mark.parametrize(
    ("body", "digit"),
    [
        (b"Signal=5\r\nDuration=100\r\n", Digit("5", 100)),
        (b"Signal= #\r\nDuration= 250", Digit("#", 250)),
        (b"signal=d", Digit("D")),
        (b"Signal=*\nDuration=1\n", Digit("*", 40)),
        (b"Signal=1\nDuration=99999", Digit("1", 6000)),
        (b"Signal=12\r\n", None),
        (b"Signal=x", None),
        (b"Signal=5\r\nVia: x\r\n", None),
        (b"", None),
    ],
)
def test_bodies(body: bytes, digit: Digit | None) -> None:
    play, page, talk = by_info()
    press(page, talk, body)
    if digit is None:
        assert play.near_response(415).headers.get("Accept") == RELAY
        play.silence()
        return
    info = play.far_request("INFO")
    assert Digit.of(info) == digit
    assert info.body == digit.body


def test_digit_reaches_the_pbx() -> None:
    play, page, talk = by_info()
    press(page, talk, b"Signal=5\r\nDuration=100")
    info = play.far_request("INFO")
    play.reply(info, 100)
    play.silence()
    play.reply(info, 200)
    play.near_response(200)


@pytest.mark.parametrize("status", [408, 415, 481, None])
def test_pbx_does_not_take_it(status: int | None) -> None:
    play, page, talk = by_info()
    press(page, talk, b"Signal=5")
    info = play.far_request("INFO")
    if status is None:
        play.wait(32)
    else:
        play.reply(info, status)
    play.near_response(480)


def test_pbx_is_away() -> None:
    play, page, talk = by_info()
    play.happens(UpstreamClosed("closed", ""))
    press(page, talk, b"Signal=5")
    play.near_response(480)


def test_line_that_has_its_digits_in_the_audio() -> None:
    play, page, talk = talking()
    press(page, talk, b"Signal=5")
    play.near_response(405)


def test_other_bodies() -> None:
    play, page, talk = by_info()
    press(page, talk, b"Signal=5", kind="application/x")
    play.near_response(415)
    plain = b"INFO sip:x SIP/2.0\r\nVia: SIP/2.0/WSS a;branch=z9hG4bKa\r\nMax-Forwards: 70\r\nFrom: <sip:a@b>;tag=a\r\n"
    message = parse(plain + b"To: <sip:a@b>\r\nCall-ID: a\r\nCSeq: 1 INFO\r\nContent-Length: 0\r\n\r\n")
    assert isinstance(message, Request) and Digit.of(message) is None
