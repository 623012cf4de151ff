"""Calls that the page answers by itself: only what its person asked for a moment ago, or an intercom that the
administrator allows. PBXs ask for it in many ways; none of these headers goes to the page, but our own does.
"""

from .context import Context
from .message import Message

HEADER = "X-Ramal-Auto-Answer"  # value: why, for the page to say (``asked``, ``intercom``)
ASKED = "asked"
INTERCOM = "intercom"
_MOST = 6  # calls that are waited for at once
_SIGNS = {
    "Call-Info": ("answer-after",),
    "Alert-Info": ("alert-autoanswer", "auto answer", "auto-answer", "ring answer", "ring-answer"),
    "Answer-Mode": ("auto",),
    "Priv-Answer-Mode": ("auto",),
    "P-Auto-Answer": ("",),
    "X-Api4comintegratedcall": ("",),
}
_NO = ("false", "no", "0", "off")


def wants_auto_answer(invite: Message) -> bool:
    """Whether ``invite`` asks to be answered by itself: in any case, anywhere in the value."""
    for name, signs in _SIGNS.items():
        values = [value.lower() for value in invite.headers.get_all(name)]
        if any(sign in value and value.strip() not in _NO for value in values for sign in signs):
            return True
    return False


class ExpectedCalls:
    """What the person of a line asked the PBX to call it for."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._expected: dict[str, str | None] = {}  # timer -> number
        self._count = 0

    def expect(self, number: str | None, seconds: float) -> None:
        """A call from ``number``, or from anybody where the PBX may show another one. The oldest gives way."""
        if len(self._expected) >= _MOST:
            self._forget(next(iter(self._expected)))
        self._count += 1
        timer = f"line.expected.{self._count}"
        self._expected[timer] = number
        self._context.set_timer(timer, seconds, lambda: self._forget(timer))

    def reason(self, invite: Message, number: str) -> str | None:
        """Why the call of ``invite`` from ``number`` may be answered by itself; None where it may not. A call that was
        waited for is not waited for any more then.
        """
        if not wants_auto_answer(invite):
            return None
        for timer, expected in self._expected.items():
            if expected is None or expected == number:
                self._forget(timer)
                return ASKED
        return INTERCOM if self._context.config.intercom else None

    def _forget(self, timer: str) -> None:
        self._context.cancel_timer(timer)
        del self._expected[timer]
