"""Sessions: a random token in a cookie, its hash in the database.

::

    alive --idle or absolute time over--> expired      pages must log in again; a live call goes on
    alive --log-out, password changed---> revoked      handsets and sockets of the session end
"""

import asyncio
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from aiohttp import web
from sqlalchemy.exc import SQLAlchemyError

from ..log import logger
from ..settings import Settings
from ..store.scope import Scope, now
from ..store.sessions import SessionRow, Sessions
from ..store.tables import Session, User
from .tickets import Tickets

log = logger(__name__)

_TOUCH = timedelta(seconds=60)  # how often a request is written down as activity


class Standing(StrEnum):
    ALIVE = "alive"
    EXPIRED = "expired"
    REVOKED = "revoked"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who makes a request."""

    session: Session
    user: User
    scope: Scope


OnEnd = Callable[[str], Awaitable[None]]


class SessionKeeper:
    """Makes, judges and ends sessions. ``on_end`` is told the id of each session that is revoked here."""

    def __init__(self, settings: Settings, sessions: Sessions, tickets: Tickets, on_end: OnEnd) -> None:
        self._sessions = sessions
        self._tickets = tickets
        self._on_end = on_end
        self._idle = timedelta(hours=settings.session.idle_hours)
        self._absolute = timedelta(hours=settings.session.absolute_hours)
        self._secure = settings.secure
        self._watchers: dict[str, set[asyncio.Event]] = {}

    @property
    def cookie(self) -> str:
        return "__Host-ramal" if self._secure else "ramal"

    async def start(self, user: User, response: web.StreamResponse, *, address: str, agent: str) -> Session:
        """A new session with a new token, put on ``response``."""
        token = secrets.token_urlsafe(32)
        session = await self._sessions.add(user=user, token=_hash(token), at=now(), address=address, agent=agent)
        response.set_cookie(self.cookie, token, path="/", httponly=True, samesite="Lax", secure=self._secure)
        return session

    async def visitor(self, request: web.Request) -> Visitor | None:
        """Who makes this request, or None. Writes the activity down at most once a minute."""
        token = request.cookies.get(self.cookie)
        row = await self._sessions.by_token(_hash(token)) if token else None
        if row is None:
            return None
        at = now()
        if self._judge(row, at) is not Standing.ALIVE:
            return None
        if at - row.session.seen_at > _TOUCH:
            await self._sessions.touch(row.session.id, at)
        return Visitor(row.session, row.user, row.scope)

    async def standing(self, session: str) -> Standing:
        """How a session is now: another process may have ended it."""
        row = await self._sessions.get(session)
        return Standing.REVOKED if row is None else self._judge(row, now())

    async def standing_again(self, session: str) -> Standing:
        """The same for a socket that is open already: a database that is away for a while ends no call."""
        try:
            return await self.standing(session)
        except (SQLAlchemyError, OSError) as error:
            log.warning("a session cannot be looked at", session=session, why=type(error).__name__)
            return Standing.ALIVE

    async def end(self, session: str, response: web.StreamResponse | None = None) -> None:
        """Log-out: the row, its tickets, its sockets; and the cookie on ``response``."""
        await self._sessions.end(session, now())
        if response is not None:
            response.del_cookie(self.cookie, path="/", httponly=True, samesite="Lax", secure=self._secure)
        await self._ended(session)

    async def end_others(self, visitor: Visitor) -> None:
        """After a new password: every other session of the user."""
        for session in await self._sessions.end_all_of(visitor.user.id, now(), but=visitor.session.id):
            await self._ended(session)

    @contextmanager
    def watch(self, session: str) -> Iterator[asyncio.Event]:
        """An event that is set when the session is revoked in this process."""
        event = asyncio.Event()
        watchers = self._watchers.setdefault(session, set())
        watchers.add(event)
        try:
            yield event
        finally:
            watchers.discard(event)
            if not watchers:
                self._watchers.pop(session, None)

    async def _ended(self, session: str) -> None:
        self._tickets.revoke(session)
        for event in self._watchers.get(session, ()):
            event.set()
        await self._on_end(session)

    def _judge(self, row: SessionRow, at: datetime) -> Standing:
        if row.session.ended_at is not None or row.user.disabled:
            return Standing.REVOKED
        if at - row.session.seen_at > self._idle or at - row.session.created_at > self._absolute:
            return Standing.EXPIRED
        return Standing.ALIVE


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
