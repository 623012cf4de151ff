"""The feed of a page: a snapshot, then every change, each with a number that grows by one."""

import asyncio
from collections.abc import Coroutine

from aiohttp import WSMsgType, web

from ..auth.sessions import Standing
from ..auth.tickets import Purpose, Ticket
from ..feed import Change, LineChanged, Listener, TooSlow
from ..keys import FEED, JOURNAL, SECURITY, SESSIONS, SETTINGS, SOCKETS, SOCKETS_BY_ADDRESS, STORE, TICKETS
from ..lines import LineFacts
from ..problems import Problem, too_many
from ..sockets import SESSION_ENDED, TOO_SLOW, failures_logged, shut
from ..store.scope import now
from . import routes
from .bodies import CallBody, CallMessage, LineBody, LineMessage, LinesMessage, Me, Snapshot
from .lines import line_body
from .me import describe

CHECK_EVERY = 60.0  # seconds between two looks at the session
SEND_TIMEOUT = 10.0


def admit(request: web.Request, purpose: Purpose) -> Ticket:
    """The ticket of a WebSocket, checked before the upgrade. Raises `Problem` 403, 429."""
    app = request.app
    app[SECURITY].check_origin(request)
    wait = app[SOCKETS_BY_ADDRESS].take(app[SECURITY].client_address(request))
    if wait:
        raise too_many(wait)
    ticket = app[TICKETS].redeem(request.query.get("ticket", ""), purpose)
    if ticket is None:
        raise Problem(403, "forbidden", "the ticket is unknown, used or late")
    return ticket


async def check_session(app: web.Application, session: str) -> None:
    """Raises `Problem` 403 where the session of a ticket has ended since."""
    if await app[SESSIONS].standing(session) is not Standing.ALIVE:
        raise Problem(403, "forbidden", "the session has ended")


async def events(request: web.Request) -> web.StreamResponse:
    app, ticket = request.app, admit(request, Purpose.EVENTS)
    await check_session(app, ticket.session)
    user = await app[STORE].users.get(ticket.scope)
    if user is None:
        raise Problem(403, "forbidden", "the user is gone")
    me = await describe(request, user, ticket.scope)
    socket = web.WebSocketResponse(compress=False, heartbeat=app[SETTINGS].timing.ping, max_msg_size=1024)
    with app[SESSIONS].watch(ticket.session) as ended, app[SOCKETS].holding(socket, ticket.scope.user):
        await socket.prepare(request)
        with failures_logged("a feed socket failed"):
            await _FeedSocket(app, ticket, socket).serve(me, ended)
    return socket


class _FeedSocket:
    """One page's socket: three tasks, of which the first to finish ends it; the socket is closed after them, because a
    reader that waits would take the page's answer to the close.
    """

    def __init__(self, app: web.Application, ticket: Ticket, socket: web.WebSocketResponse) -> None:
        self._app = app
        self._ticket = ticket
        self._scope = ticket.scope
        self._socket = socket
        self._seq = 0
        self._ending: tuple[int, str] | None = None

    async def serve(self, me: Me, ended: asyncio.Event) -> None:
        finished = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            running = [
                tasks.create_task(self._until(self._send_changes(me), finished), name="feed sender"),
                tasks.create_task(self._until(self._watch_session(ended), finished), name="feed session watch"),
                tasks.create_task(self._until(self._read(), finished), name="feed reader"),
            ]
            await finished.wait()
            for task in running:
                task.cancel()
        if self._ending is not None:
            await shut(self._socket, *self._ending)

    @staticmethod
    async def _until(work: Coroutine[None, None, None], finished: asyncio.Event) -> None:
        try:
            await work
        finally:
            finished.set()

    async def _send_changes(self, me: Me) -> None:
        own = await self._app[STORE].lines.own(self._scope)
        lines = await self._app[STORE].lines.all_of(self._scope) if self._scope.sees_account else []
        try:
            with self._app[FEED].listen(self._scope) as listener:
                # Between `listen` and the snapshot nothing is awaited: no change falls between the two.
                facts = None if own is None else LineFacts.of(own)
                snapshot = self._snapshot(me, facts)
                every = [line_body(self._app, self._scope, LineFacts.of(row)) for row in lines]
                await self._send(snapshot)
                if self._scope.sees_account:
                    await self._send(LinesMessage(seq=self._next(), lines=every))
                await self._forward(listener)
        except TooSlow:
            self._ending = (TOO_SLOW, "too slow")
        except (ConnectionError, TimeoutError):
            return

    def _snapshot(self, me: Me, facts: LineFacts | None) -> Snapshot:
        calls = [] if facts is None else self._app[JOURNAL].calls(facts.id)
        return Snapshot(
            seq=self._next(),
            now=now(),
            me=me,
            line=None if facts is None else line_body(self._app, self._scope, facts),
            calls=[CallBody.of(call.row()) for call in calls],
        )

    async def _forward(self, listener: Listener) -> None:
        while True:
            await self._send(self._message(await listener.next()))

    def _message(self, change: Change) -> LineMessage | CallMessage:
        if isinstance(change, LineChanged):
            body = LineBody.of(
                change.line.facts,
                change.line,
                details=self._scope.sees_account,
                max_handsets=self._app[SETTINGS].limits.handsets,
            )
            return LineMessage(seq=self._next(), line=body)
        return CallMessage(seq=self._next(), call=CallBody.of(change.row))

    async def _watch_session(self, ended: asyncio.Event) -> None:
        """Ends the socket when the session is revoked, at once, or found to be over, at the next look."""
        while True:
            try:
                async with asyncio.timeout(CHECK_EVERY):
                    await ended.wait()
                break
            except TimeoutError:
                if await self._is_over():
                    break
        self._ending = (SESSION_ENDED, "the session ended")

    async def _is_over(self) -> bool:
        """A session that has merely expired goes on while a call of its user is live."""
        standing = await self._app[SESSIONS].standing_again(self._ticket.session)
        return standing is Standing.REVOKED or (
            standing is Standing.EXPIRED and not self._app[JOURNAL].has_calls(self._scope.user)
        )

    async def _read(self) -> None:
        """The page has nothing to say here; reading answers pings and sees the end."""
        while (await self._socket.receive()).type not in (WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED):
            pass

    async def _send(self, message: Snapshot | LineMessage | LinesMessage | CallMessage) -> None:
        async with asyncio.timeout(SEND_TIMEOUT):
            await self._socket.send_str(message.model_dump_json())

    def _next(self) -> int:
        self._seq += 1
        return self._seq


def add(app: web.Application) -> None:
    app.router.add_get(routes.API + "/events", events)
