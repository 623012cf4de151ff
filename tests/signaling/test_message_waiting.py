"""How many messages wait, as the PBX tells it."""

import pytest

from signaling.uri import NameAddr

from .page import ready
from .playbook import Playbook

PBX = NameAddr.parse("<sip:asterisk@pbx.example>;tag=a")
LINE = NameAddr.parse("<sip:1001@pbx.example>")
EVENT = ("Event", "message-summary")
SUMMARY = b"Messages-Waiting: yes\r\nMessage-Account: sip:1001@pbx.example\r\nVoice-Message: 2/8 (0/2)\r\n"


def told(play: Playbook, body: bytes, *headers: tuple[str, str]) -> int | None:
    play.pbx_says("NOTIFY", from_=PBX, to=LINE, call_id=f"n-{play.branches.token()}", headers=headers, body=body)
    play.far_response(200)
    return play.line_views[-1].messages_waiting


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (SUMMARY, 2),
        (b"Messages-Waiting: no\r\n", 0),
        (b"messages-waiting:YES", 1),
        (b"Messages-Waiting: yes\nvoice-message : 3/0", 3),
        (b"Messages-Waiting: perhaps\r\n", None),
        (b"Voice-Message: 2/8\r\n", None),
        (b"", None),
    ],
)
def test_summary(body: bytes, expected: int | None) -> None:
    play = Playbook()
    ready(play)
    assert told(play, body, EVENT) == expected


def test_what_was_told_stays() -> None:
    play = Playbook()
    ready(play)
    assert play.line_views[-1].messages_waiting is None
    assert told(play, SUMMARY, ("Event", "Message-Summary;id=1")) == 2
    assert told(play, b"", EVENT) == 2
    assert told(play, b"Messages-Waiting: no", ("Event", "presence")) == 2
    assert told(play, b"Messages-Waiting: no", EVENT) == 0
