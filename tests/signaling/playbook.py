"""Plays a line by hand: what happens goes in, what it does is read back, time passes when the script says so.

Every message goes through `serialize` and `parse`, in both directions and strictly towards the handset, as on the wire.
The media engine answers by itself (`Playbook.media`), unless a script takes that over.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from signaling.commands import (
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
from signaling.digest import Algorithm, Challenge
from signaling.events import (
    Event,
    FarReceived,
    MediaChanged,
    MediaDescribed,
    MediaHappening,
    MediaRefused,
    NearReceived,
    TimerFired,
)
from signaling.fields import Via
from signaling.line import Line
from signaling.message import Request, Response
from signaling.parser import parse, serialize
from signaling.ports import Description, LineConfig, Profile, Secret, SecretTries
from signaling.timing import Timing
from signaling.transaction import build_cancel
from signaling.tries import Unlimited
from signaling.uri import NameAddr, Uri
from signaling.views import CallView, LineState, LineView

_Message = TypeVar("_Message", Request, Response, Request | Response)

CONFIG = LineConfig(
    line="line-1",
    account="acme",
    number="1001",
    name="Ana",
    url="wss://pbx.example/ws",
    domain="pbx.example",
    user="1001",
    auth_user="auth-1001",
    secret=Secret("s3nha", 1),
    profile=Profile.ASTERISK,
    record=True,
)
TIMING = Timing()
SDP = "application/sdp"


def sdp(who: str, direction: str = "sendrecv") -> bytes:
    """A body that is opaque to the line; the media engine of the playbook reads its direction."""
    return f"v=0 {who} a={direction}".encode()


class Ids:
    def __init__(self) -> None:
        self._count = 0

    def token(self) -> str:
        self._count += 1
        return f"id{self._count:030}"


@dataclass
class Playbook:
    """``line_views``, ``audits`` and ``closed`` (handset, code) collect; ``calls`` holds the last view of each call."""

    config: LineConfig = CONFIG
    timing: Timing = TIMING
    max_calls: int = 6
    max_transactions: int = 32
    tries: SecretTries = field(default_factory=Unlimited)
    now: float = 0.0
    timers: dict[str, float] = field(default_factory=dict)
    to_near: list[tuple[str, Request | Response]] = field(default_factory=list)
    to_far: list[Request | Response] = field(default_factory=list)
    connections: list[Connect | Disconnect] = field(default_factory=list)
    media_commands: list[MediaCommand] = field(default_factory=list)
    line_views: list[LineView] = field(default_factory=list)
    call_views: list[CallView] = field(default_factory=list)
    calls: dict[str, CallView] = field(default_factory=dict)
    audits: list[Audit] = field(default_factory=list)
    closed: list[tuple[str, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.ids = Ids()
        self.line = Line(
            self.config,
            self.ids,
            timing=self.timing,
            random=lambda: 0.5,
            max_calls=self.max_calls,
            max_transactions=self.max_transactions,
            tries=self.tries,
            user_agent="Ramal",
        )
        self.media: Callable[[MediaOffer | MediaAnswer], Event | None] = self.describe
        self.branches = Ids()

    # In

    def happens(self, *events: Event) -> None:
        queue = list(events)
        while queue:
            for command in self.line.handle(queue.pop(0)):
                if (follows := self._do(command)) is not None:
                    queue.append(follows)

    def wait(self, seconds: float) -> None:
        """Time passes; timers fire in order."""
        until = self.now + seconds
        while due := min(((at, name) for name, at in self.timers.items() if at <= until), default=None):
            self.now = due[0]
            del self.timers[due[1]]
            self.happens(TimerFired(due[1]))
        self.now = until

    def describe(self, command: MediaOffer | MediaAnswer) -> Event | None:
        """The media engine: the SDP for the other leg is the sender's, marked with where it goes."""
        direction = command.sdp.rpartition(b"a=")[2].decode(errors="replace")
        described = Description(
            b"to " + command.to.encode() + b": " + command.sdp, direction, b"m=0" not in command.sdp
        )
        return MediaDescribed(command.call, command.ref, described)

    def refuse_media(self, whose: str) -> None:
        self.media = lambda command: MediaRefused(command.call, command.ref, whose, "no")

    # Out

    def _do(self, command: Command) -> Event | None:
        match command:
            case SendNear(handset, message):
                self.to_near.append((handset, wired(message)))
            case SendFar(message):
                self.to_far.append(wired(message))
            case SetTimer(name, seconds):
                self.timers[name] = self.now + seconds
            case CancelTimer(name):
                del self.timers[name]
            case Connect() | Disconnect():
                self.connections.append(command)
            case CloseHandset(handset, code):
                self.closed.append((handset, code))
            case Audit():
                self.audits.append(command)
            case Publish(view):
                self._published(view)
            case MediaOffer() | MediaAnswer():
                self.media_commands.append(command)
                return self.media(command)
            case MediaSelect() | MediaDrop() | MediaRelease():
                self.media_commands.append(command)
        return None

    def _published(self, view: LineView | CallView) -> None:
        if isinstance(view, LineView):
            self.line_views.append(view)
        else:
            self.call_views.append(view)
            self.calls[view.call] = view

    @property
    def state(self) -> LineState:
        return self.line_views[-1].state

    @property
    def call(self) -> CallView:
        """The call that was published last."""
        return self.calls[self.call_views[-1].call]

    def near_request(self, method: str, handset: str = "h1") -> Request:
        """The next message to that handset, which must be this request."""
        message = self._next_near(handset)
        assert isinstance(message, Request) and message.method == method, message
        return message

    def near_response(self, status: int, handset: str = "h1") -> Response:
        message = self._next_near(handset)
        assert isinstance(message, Response) and message.status == status, message
        return message

    def _next_near(self, handset: str) -> Request | Response:
        index = next((i for i, (to, _) in enumerate(self.to_near) if to == handset), None)
        assert index is not None, f"nothing was sent to {handset}"
        return self.to_near.pop(index)[1]

    def far_request(self, method: str) -> Request:
        """The next message to the PBX, which must be this request."""
        assert self.to_far, "nothing was sent to the PBX"
        message = self.to_far.pop(0)
        assert isinstance(message, Request) and message.method == method, message
        return message

    def far_response(self, status: int) -> Response:
        assert self.to_far, "nothing was sent to the PBX"
        message = self.to_far.pop(0)
        assert isinstance(message, Response) and message.status == status, message
        return message

    def silence(self) -> None:
        """Nothing else was sent."""
        assert (self.to_near, self.to_far) == ([], [])

    def silence_far(self) -> None:
        assert self.to_far == []

    def far_says(self, message: Request | Response) -> None:
        self.happens(FarReceived(wired(message)))

    def media_done(self, kind: type[MediaCommand]) -> list[MediaCommand]:
        return [command for command in self.media_commands if isinstance(command, kind)]

    def hears(self, *legs: str) -> None:
        """The audio of these legs can flow."""
        self.happens(*(MediaChanged(self.call.call, MediaHappening.LEG_CONNECTED, leg) for leg in legs))

    # Peers

    def reply(
        self,
        request: Request,
        status: int,
        *,
        tag: str = "pbx",
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        contact: str = "<sip:pbx@192.0.2.1;transport=ws>",
        handset: str | None = None,
    ) -> None:
        """The peer answers ``request``: the PBX, or the ``handset`` that is named."""
        if status > 100 and request.method == "INVITE" and status < 300:
            headers = (("Contact", contact), *headers)
        response = request.reply(status, to_tag=tag, headers=headers, body=body, content_type=SDP if body else None)
        self.happens(FarReceived(wired(response)) if handset is None else NearReceived(handset, wired(response)))

    def challenge(self, request: Request, status: int = 401, *, stale: bool = False, nonce: str = "n1") -> None:
        challenge = Challenge("asterisk", nonce, Algorithm.MD5, ("auth",), stale=stale, proxy=status == 407)
        self.reply(request, status, headers=((challenge.header, str(challenge)),))

    def pbx_says(
        self,
        method: str,
        *,
        from_: NameAddr,
        to: NameAddr,
        call_id: str,
        uri: Uri | None = None,
        cseq: int = 1,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
    ) -> Request:
        request = Request.build(
            method,
            uri or self.line.far.contact.uri,
            via=Via.build("WSS", "192.0.2.1", self.branches.token()),
            from_=from_,
            to=to,
            call_id=call_id,
            cseq=cseq,
            contact=NameAddr(Uri("sip", "pbx", "192.0.2.1")),
            headers=headers,
            body=body,
            content_type=SDP if body else None,
        )
        self.happens(FarReceived(wired(request)))
        return request

    def pbx_invite(self, body: bytes | None = None, headers: tuple[tuple[str, str], ...] = ()) -> Request:
        """The PBX calls the line: Bruno, 1002."""
        caller = NameAddr(Uri("sip", "1002", "pbx.example"), "Bruno").with_tag("pbx")
        callee = NameAddr(Uri("sip", "1001", "pbx.example"))
        call_id, body = f"in-{self.branches.token()}", sdp("pbx") if body is None else body
        return self.pbx_says("INVITE", from_=caller, to=callee, call_id=call_id, headers=headers, body=body)

    def pbx_asks(
        self,
        method: str,
        ours: Request | Response,
        *,
        cseq: int = 100,
        headers: tuple[tuple[str, str], ...] = (),
        body: bytes = b"",
        tag: str = "pbx",
    ) -> Request:
        """Something in a dialog: of our INVITE, which the PBX answered, or of our response to its INVITE."""
        if isinstance(ours, Response):
            from_, to = ours.from_, ours.to
        else:
            from_, to = ours.to.with_tag(tag), ours.from_
        return self.pbx_says(method, from_=from_, to=to, call_id=ours.call_id, cseq=cseq, headers=headers, body=body)

    def pbx_cancel(self, invite: Request, *headers: tuple[str, str]) -> None:
        self.happens(FarReceived(wired(build_cancel(invite, *headers))))


def wired(message: _Message) -> _Message:
    """``message`` as it arrives."""
    parsed = parse(serialize(message))
    assert isinstance(parsed, type(message))
    return parsed
