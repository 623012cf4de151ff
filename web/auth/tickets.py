"""Tickets: what a page shows to open a WebSocket, since a browser cannot put a header of its own on one.

A ticket is good once, for 30 s, for one purpose, and only as long as the session that took it. They are kept in the
memory of the web process: the WebSocket they open ends in the same process, they are short-lived, and a restart closes
every WebSocket anyway.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from ..store.scope import Scope

LIFE = 30.0  # seconds
_MOST = 10_000  # the oldest go first


class Purpose(StrEnum):
    SIP = "sip"
    EVENTS = "events"


@dataclass(frozen=True, slots=True)
class Ticket:
    """What was promised to the one who shows it."""

    purpose: Purpose
    session: str
    scope: Scope
    handset: str | None
    page: str | None = None  # which of the pages that come with one handset id


class Tickets:
    def __init__(self, *, life: float = LIFE, clock: Callable[[], float] = time.monotonic) -> None:
        self._life = life
        self._clock = clock
        self._open: OrderedDict[bytes, tuple[float, Ticket]] = OrderedDict()

    def issue(self, ticket: Ticket) -> str:
        """The text to show, 256 random bits; only its hash is kept."""
        text = secrets.token_urlsafe(32)
        self._open[_hash(text)] = (self._clock() + self._life, ticket)
        if len(self._open) > _MOST:
            self._open.popitem(last=False)
        return text

    def redeem(self, text: str, purpose: Purpose) -> Ticket | None:
        """The ticket, which is used up by this whatever comes of it; None where it is unknown, late or for another
        purpose.
        """
        until, ticket = self._open.pop(_hash(text), (0.0, None))
        if ticket is None or self._clock() >= until or ticket.purpose is not purpose:
            return None
        return ticket

    def revoke(self, session: str) -> None:
        """The session has ended."""
        for key in [key for key, (_, ticket) in self._open.items() if ticket.session == session]:
            del self._open[key]


def _hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
