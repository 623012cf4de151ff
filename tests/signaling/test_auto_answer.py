"""Which calls a page may answer by itself."""

from dataclasses import replace

import pytest

from signaling.auto_answer import wants_auto_answer
from signaling.events import CallExpected
from signaling.headers import Headers
from signaling.message import Request
from signaling.uri import Uri

from .page import ready
from .playbook import CONFIG, Playbook

ASKS = (("Call-Info", "<sip:x>;answer-after=0"),)


@pytest.mark.parametrize(
    ("name", "value", "wants"),
    [
        ("Call-Info", "<sip:localhost>;answer-after=0", True),
        ("call-info", '<sip:x>; purpose=icon, <sip:y>;Answer-After="5"', True),
        ("Call-Info", "<https://x.example/icon.png>;purpose=icon", False),
        ("Alert-Info", "<http://127.0.0.1>;info=alert-autoanswer", True),
        ("Alert-Info", "info=ALERT-AUTOANSWER;delay=0", True),
        ("Alert-Info", "Auto Answer", True),
        ("Alert-Info", "Ring Answer", True),
        ("Alert-Info", "<urn:alert:source:internal>", False),
        ("Answer-Mode", "Auto", True),
        ("Answer-Mode", "auto;require", True),
        ("Answer-Mode", "Manual", False),
        ("Priv-Answer-Mode", "Auto", True),
        ("P-Auto-Answer", "normal", True),
        ("P-Auto-Answer", "", True),
        ("P-Auto-Answer", "No", False),
        ("X-Api4comintegratedcall", "true", True),
        ("X-API4COMIntegratedCall", " TRUE ", True),
        ("X-Api4comintegratedcall", "false", False),
        ("X-Other", "answer-after=0", False),
    ],
)
def test_signs(name: str, value: str, wants: bool) -> None:
    assert wants_auto_answer(Request("INVITE", Uri("sip", "1001", "x"), Headers(((name, value),)))) is wants


def hint(play: Playbook, headers: tuple[tuple[str, str], ...] = ASKS) -> str | None:
    """The PBX calls; what the page is told."""
    play.pbx_invite(headers=headers)
    play.far_response(100)
    rung = play.near_request("INVITE")
    assert not {name for name, _ in headers} & {name for name, _ in rung.headers}
    return rung.headers.get("X-Ramal-Auto-Answer")


def test_nobody_asked() -> None:
    play = Playbook()
    ready(play)
    assert hint(play) is None


@pytest.mark.parametrize("number", ["1002", None])
def test_person_asked_for_the_call(number: str | None) -> None:
    play = Playbook()
    ready(play)
    play.happens(CallExpected(number))
    assert hint(play, ()) is None
    assert hint(play) == "asked"
    assert hint(play) is None
    assert not [name for name in play.timers if name.startswith("line.expected")]


def test_call_of_somebody_else_or_too_late() -> None:
    play = Playbook()
    ready(play)
    play.happens(CallExpected("600"))
    assert hint(play) is None
    play.happens(CallExpected("1002", 30))
    play.wait(30)
    assert hint(play) is None


def test_only_so_many_calls_are_waited_for() -> None:
    play = Playbook()
    ready(play)
    play.happens(CallExpected("1002"), *(CallExpected("600") for _ in range(6)))
    assert hint(play) is None
    assert len([name for name in play.timers if name.startswith("line.expected")]) == 6


def test_intercom_is_allowed() -> None:
    play = Playbook(replace(CONFIG, intercom=True))
    ready(play)
    assert hint(play) == "intercom"
    assert hint(play, ()) is None


def test_line_that_is_full_waits_on() -> None:
    play = Playbook(max_calls=1)
    ready(play)
    play.happens(CallExpected())
    play.pbx_invite()
    play.far_response(100)
    play.pbx_invite(headers=ASKS)
    play.far_response(100)
    play.far_response(486)
    assert [name for name in play.timers if name.startswith("line.expected")]
