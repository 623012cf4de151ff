"""Keys of the keypad that go by INFO: ``application/dtmf-relay``, as most PBXs and JsSIP write it."""

import re
from dataclasses import dataclass

from .agent import Outcome
from .leg import Leg
from .message import Request

RELAY = "application/dtmf-relay"
_RELAY = re.compile(rb"\s*Signal ?= ?([0-9A-D*#])\s*(?:Duration ?= ?(\d{1,5})\s*)?", re.IGNORECASE)
_SHORTEST, _LONGEST = 40, 6000  # milliseconds
_USUAL = 160


@dataclass(frozen=True, slots=True)
class Digit:
    """One of 0 to 9, A to D, ``*`` and ``#``; ``duration`` in milliseconds."""

    signal: str
    duration: int = _USUAL

    @classmethod
    def of(cls, info: Request) -> "Digit | None":
        """None where ``info`` is about something else, or cannot be read."""
        kind = info.content_type
        found = _RELAY.fullmatch(info.body)
        if kind is None or kind.essence != RELAY or found is None:
            return None
        duration = int(found[2]) if found[2] else _USUAL
        return cls(found[1].decode().upper(), min(max(duration, _SHORTEST), _LONGEST))

    @property
    def body(self) -> bytes:
        return f"Signal={self.signal}\r\nDuration={self.duration}\r\n".encode()


def passed_on(leg: Leg, info: Request, outcome: Outcome) -> None:
    """Tells the page what became of its digit. Never by 408 or 481: JsSIP ends the call for these."""
    response = outcome.response
    if response is None or response.is_final:
        leg.reply(info, 200 if response is not None and response.is_success else 480)
