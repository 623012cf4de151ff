"""Runs one line: brings it the events, does its commands. One atomic step per event, nothing awaited in between."""

import asyncio
import contextlib
import logging
import math
import secrets
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from .causes import Cause
from .commands import (
    Audit,
    CancelTimer,
    CloseHandset,
    Command,
    Connect,
    Disconnect,
    MediaAnswer,
    MediaCommand,
    MediaDrop,
    MediaOffer,
    MediaRelease,
    MediaSelect,
    Publish,
    SendFar,
    SendNear,
    SetTimer,
)
from .errors import MalformedMessage
from .events import (
    Event,
    FarReceived,
    MediaDescribed,
    MediaRefused,
    NearReceived,
    TimerFired,
    UpstreamClosed,
    UpstreamOpened,
    UpstreamWaits,
)
from .handset import Handset
from .limits import GatewayLimits
from .line import Line
from .message import Request, Response
from .pacing import Lane, Pacer, Urgency
from .parser import Limits, parse, serialize
from .ports import Journal, MediaEngine, MediaError
from .rates import Bucket, Rates
from .upstream import MAX_SIZE, Authorities, Upstream, UpstreamLost
from .views import CallState, CallView, LineView

_log = logging.getLogger(__name__)
_MEDIA_TIMEOUT = 5.0  # seconds for one command of the media engine
_INTERNAL_ERROR = 1011
_TELL_WAIT = 1.5  # seconds: a shorter wait for our turn is not worth telling
_TELL_AGAIN = 5.0  # seconds after which a wait is estimated anew
_FAR_LIMITS = Limits(message=MAX_SIZE, headers=200, header_section=65_536)

Spawn = Callable[[Coroutine[Any, Any, None], str], asyncio.Task[None]]


class Runner:
    """Owns what a line has in the world: handsets, the connection to the PBX, timers, the order of media commands.

    ``spawn`` starts a named task in the gateway's group; no task of a runner lets an exception out.
    """

    def __init__(
        self,
        line: Line,
        *,
        media: MediaEngine,
        journal: Journal,
        authorities: Authorities,
        pacer: Pacer,
        limits: GatewayLimits,
        user_agent: str,
        ping: float,
        spawn: Spawn,
        emptied: Callable[["Runner"], None],
    ) -> None:
        self.line = line
        self.handsets: dict[str, Handset] = {}
        self.left: dict[str, str] = {}  # the session of each handset that has gone and that a call waits for
        self.calls: dict[str, CallView] = {}  # live ones, as last published
        self.view: LineView | None = None
        self.stopped = asyncio.Event()  # the connection is closed and nothing is left to do
        self.quiet = asyncio.Event()  # no call is live
        self.quiet.set()
        self._name = line.config.line
        self._media = media
        self._journal = journal
        self._authorities = authorities
        self._pacer = pacer
        self._limits = limits
        self._user_agent = user_agent
        self._ping = ping
        self._spawn = spawn
        self._emptied = emptied
        self._events: deque[Event] = deque()
        self._handling = False
        self._dropped = False
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._upstream: Upstream | None = None
        self._connection: asyncio.Task[None] | None = None
        now = asyncio.get_running_loop().time()
        self.bucket = Bucket(limits.rate, limits.burst, now)
        self._rates = Rates(limits.methods, now)
        self._media_queues: dict[str, asyncio.Queue[MediaCommand]] = {}

    def happened(self, event: Event) -> None:
        """Handle ``event`` and what follows from it, now."""
        if self._dropped:
            return
        self._events.append(event)
        if self._handling:
            return
        self._handling = True
        try:
            while self._events:
                for command in self.line.handle(self._events.popleft()):
                    self._do(command)
        except Exception:
            _log.exception("line %s failed and is dropped", self._name)
            self._drop()
        finally:
            self._handling = False
        if (self.line.is_down or self._dropped) and not self.handsets:
            self.stopped.set()
            self._emptied(self)

    def received(self, page: Handset, message: Request | Response) -> None:
        """A good message of a handset: handled, unless it asks for too much within a minute."""
        now, rules = asyncio.get_running_loop().time(), self.line.config.dial
        self._rates.limit_invites(rules.per_minute, now)
        wait = 0.0 if self.is_urgent(message) else self._rates.wait(message, now)
        if wait and isinstance(message, Request):
            after = ("Retry-After", str(math.ceil(wait)))
            cause = ("X-Ramal-Cause", Cause.TOO_MANY.value)
            reply = message.reply(503, "Too Many Requests", to_tag=secrets.token_hex(16), headers=[after, cause])
            page.send(serialize(reply))
        else:
            self.happened(NearReceived(page.handset, message))

    def is_urgent(self, message: Request | Response) -> bool:
        """The call of an emergency number: no rate holds for it."""
        if isinstance(message, Response) or message.method != "INVITE" or message.to_tag is not None:
            return False
        return self.line.config.dial.is_emergency(message.uri.unescaped_user)

    def has_left(self, handset: str, session: str) -> None:
        """Remembers whose a handset was, as long as a call waits for it."""
        waited_for = {call.handset for call in self.calls.values() if call.detached}
        self.left = {name: whose for name, whose in {**self.left, handset: session}.items() if name in waited_for}

    def abandon(self) -> None:
        """The gateway has waited long enough."""
        self._disconnect()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def _drop(self) -> None:
        """After a defect of ours: whatever the line thought, its calls end and everybody is let go."""
        self._events.clear()
        self.abandon()
        for call in tuple(self.calls.values()):
            ended = replace(call, state=CallState.ENDED, cause=Cause.INTERRUPTED, ended_by="gateway")
            self._do(Publish(ended))
            self._do(MediaRelease(call.call))
        for handset in self.handsets.values():
            handset.close(_INTERNAL_ERROR, "internal error")
        self._dropped = True
        self._emptied(self)

    def _do(self, command: Command) -> None:
        match command:
            case SendNear():
                if handset := self.handsets.get(command.handset):
                    handset.send(serialize(command.message))
            case SendFar():
                self._send_far_paced(command.message)
            case SetTimer():
                self._set_timer(command)
            case CancelTimer():
                if timer := self._timers.pop(command.name, None):
                    timer.cancel()
            case Publish():
                self._publish(command.view)
            case Audit():
                self._journal.audit(self._name, command.what, command.detail)
            case MediaOffer() | MediaAnswer() | MediaSelect() | MediaDrop() | MediaRelease():
                self._queue_media(command)
            case CloseHandset():
                if handset := self.handsets.get(command.handset):
                    handset.close(command.code, command.reason)
            case Connect():
                self._disconnect()
                self._connection = self._spawn(self._connect(command), f"line {self._name} upstream")
            case Disconnect():
                self._disconnect()

    def _publish(self, view: LineView | CallView) -> None:
        if isinstance(view, LineView):
            self.view = view
            self._journal.line_changed(view)
            return
        if view.state is CallState.ENDED:
            self.calls.pop(view.call, None)
        else:
            self.calls[view.call] = view
        if self.calls:
            self.quiet.clear()
        else:
            self.quiet.set()
        self._journal.call_changed(view)

    def _set_timer(self, command: SetTimer) -> None:
        if timer := self._timers.pop(command.name, None):
            timer.cancel()

        def fire() -> None:
            del self._timers[command.name]
            self.happened(TimerFired(command.name))

        self._timers[command.name] = asyncio.get_running_loop().call_later(command.seconds, fire)

    # The connection to the PBX

    async def _connect(self, command: Connect) -> None:
        """Runs one connection to its end; reports it only while it is the line's current one."""
        me = asyncio.current_task()
        await self._wait_for_turn(self._pacer.openings(command.url))
        while self._pacer.registers(command.url).is_behind:  # a connection is of no use before its REGISTER can go
            await self._wait_for_turn(self._pacer.openings(command.url))
        try:
            upstream = await Upstream.open(
                command.url,
                command.ca,
                self._authorities,
                user_agent=self._user_agent,
                queue=self._limits.queue,
                ping=self._ping,
            )
        except UpstreamLost as lost:
            if self._connection is me:
                self._lose(lost)
            return
        self._upstream = upstream
        try:
            async with asyncio.TaskGroup() as tasks:
                sender = tasks.create_task(upstream.run_sender(), name=f"line {self._name} upstream sender")
                self.happened(UpstreamOpened())
                try:
                    while True:
                        self._receive_far(await upstream.receive(), upstream)
                except UpstreamLost as lost:
                    if self._upstream is upstream:
                        self._lose(lost)
                finally:
                    sender.cancel()
        finally:
            await upstream.close()

    async def _wait_for_turn(self, lane: Lane) -> None:
        """Until this line may open its connection; the page is told where that takes a while."""
        come = asyncio.Event()
        turn = lane.ask(Urgency.CALL if self.calls else Urgency.NEW, come.set)
        try:
            while turn.waits:
                if (seconds := lane.seconds(turn)) >= _TELL_WAIT:
                    self.happened(UpstreamWaits(seconds))
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(_TELL_AGAIN):
                        await come.wait()
        finally:
            turn.give_up()

    def _receive_far(self, data: bytes, upstream: Upstream) -> None:
        if self._upstream is not upstream:
            return
        try:
            message = parse(data, _FAR_LIMITS, strict=False)
        except MalformedMessage as error:
            _log.warning("line %s: the PBX sent a malformed message: %s", self._name, error.phrase)
            if error.reply is not None:
                self._send_far(serialize(error.reply))
            return
        self.happened(FarReceived(message))

    def _send_far_paced(self, message: Request | Response) -> None:
        """A REGISTER waits for its turn; by then the connection may be another one, and it is not sent."""
        data, upstream = serialize(message), self._upstream
        if upstream is None or not isinstance(message, Request) or message.method != "REGISTER":
            self._send_far(data)
            return

        def send() -> None:
            if self._upstream is upstream:
                self._send_far(data)

        self._pacer.registers(self.line.config.url).ask(self._urgency(message), send)

    def _urgency(self, register: Request) -> Urgency:
        if self.calls:
            return Urgency.CALL
        if register.expires == 0:
            return Urgency.LEAVING
        signed = register.headers.get("Authorization") or register.headers.get("Proxy-Authorization")
        return Urgency.KNOWN if signed or self.line.is_ready else Urgency.NEW

    def _send_far(self, data: bytes) -> None:
        if self._upstream is None:
            return
        try:
            self._upstream.send(data)
        except UpstreamLost as lost:
            self._disconnect()
            self._lose(lost)

    def _lose(self, lost: UpstreamLost) -> None:
        self._upstream = self._connection = None
        self.happened(UpstreamClosed(lost.reason, lost.detail))

    def _disconnect(self) -> None:
        upstream, connection = self._upstream, self._connection
        self._upstream = self._connection = None
        if upstream is not None:
            self._spawn(upstream.close(), f"line {self._name} upstream closing")
        elif connection is not None:
            connection.cancel()

    # Media

    def _queue_media(self, command: MediaCommand) -> None:
        queue = self._media_queues.get(command.call)
        if queue is None:
            queue = self._media_queues[command.call] = asyncio.Queue(self._limits.media)
            self._spawn(self._run_media(command.call, queue), f"line {self._name} media {command.call}")
        if queue.full() and isinstance(command, MediaRelease):
            queue.get_nowait()  # the end counts more than what came before it
        try:
            queue.put_nowait(command)
        except asyncio.QueueFull:
            self._refused(command, "ours", "too many commands wait for the media engine")

    async def _run_media(self, call: str, queue: asyncio.Queue[MediaCommand]) -> None:
        """The media commands of one call, in order; ends with its `MediaRelease`."""
        while True:
            command = await queue.get()
            try:
                async with asyncio.timeout(_MEDIA_TIMEOUT):
                    await self._run_media_command(command)
            except MediaError as error:
                self._refused(command, error.whose, str(error))
            except TimeoutError:
                self._refused(command, "ours", f"no answer of the media engine within {_MEDIA_TIMEOUT:.0f} s")
            except Exception as error:
                _log.exception("media engine: %s", type(command).__name__)
                self._refused(command, "ours", type(error).__name__)
            if isinstance(command, MediaRelease):
                del self._media_queues[call]
                return

    async def _run_media_command(self, command: MediaCommand) -> None:
        match command:
            case MediaOffer(call, ref, leg, sdp, to):
                self.happened(MediaDescribed(call, ref, await self._media.offer(call, leg, sdp, to=to)))
            case MediaAnswer(call, ref, leg, sdp, to):
                self.happened(MediaDescribed(call, ref, await self._media.answer(call, leg, sdp, to=to)))
            case MediaSelect(call, _, leg, record):
                await self._media.select(call, leg, record=record)
            case MediaDrop(call, leg):
                await self._media.drop(call, leg)
            case MediaRelease(call):
                await self._media.release(call)

    def _refused(self, command: MediaCommand, whose: str, detail: str) -> None:
        if isinstance(command, MediaOffer | MediaAnswer | MediaSelect):
            self.happened(MediaRefused(command.call, command.ref, whose, detail))
