"""The switch of the sandbox: requests in, calls and registrations kept, commands out. Pure: time and ids are given."""

from collections.abc import Callable

from signaling.message import Request, Response
from signaling.uri import NameAddr, Uri

from . import dialplan
from .authenticator import Authenticator, Extension
from .commands import Command, Note, Send, SetTimer
from .events import (
    ConnectionClosed,
    Event,
    KeyPressed,
    OfferAnswered,
    OfferRefused,
    PeerEvent,
    Received,
    SoundEnded,
    TimerFired,
)
from .leg import ALLOW, CONTACT, DOMAIN, Leg, LegState
from .line_call import LineCall
from .number_call import NumberCall
from .registrar import Registrar

GONE = 32.0  # seconds that a call outlives the connection of one of its sides: 64*T1
MAX_CALLS = 200

Call = NumberCall | LineCall


class Switch:
    """``extensions`` by their number; ``token`` makes fresh identifiers."""

    def __init__(
        self,
        extensions: dict[str, Extension],
        authenticator: Authenticator,
        registrar: Registrar,
        token: Callable[[], str],
    ) -> None:
        self._extensions = extensions
        self._authenticator = authenticator
        self._registrar = registrar
        self._token = token
        self._calls: dict[str, Call] = {}

    def handle(self, event: Event, now: float) -> list[Command]:
        """``now`` is in seconds on any clock that only goes forward."""
        match event:
            case Received(connection, message):
                if isinstance(message, Request):
                    commands = self._requested(connection, message, now)
                else:
                    commands = self._responded(message)
            case ConnectionClosed(connection):
                commands = self._closed(connection)
            case TimerFired(name):
                commands = self._timer_fired(name)
            case _:
                commands = self._peer_told(event)
        self._calls = {call: it for call, it in self._calls.items() if not it.ended}
        return commands

    @property
    def calls(self) -> int:
        """How many are going on."""
        return len(self._calls)

    def registered(self, extension: str, now: float) -> int:
        """How many contacts the extension has."""
        return len(self._registrar.bindings(extension, now))

    def hang_up(self) -> list[Command]:
        """Ends every call, as a PBX does that is shut down in order."""
        commands = [command for call in self._calls.values() for command in call.hang_up()]
        self._calls = {call: it for call, it in self._calls.items() if not it.ended}
        return commands

    # Requests

    def _requested(self, connection: str, request: Request, now: float) -> list[Command]:
        if request.to_tag is not None:
            return self._in_dialog(connection, request)
        match request.method:
            case "REGISTER":
                return self._register(connection, request, now)
            case "INVITE":
                return self._invite(connection, request, now)
            case "CANCEL":
                return self._cancel(connection, request)
            case "OPTIONS":
                return [Send(connection, request.reply(200, to_tag=self._token(), headers=[ALLOW]))]
            case "ACK":
                return []
            case _:
                return [Send(connection, request.reply(405, to_tag=self._token(), headers=[ALLOW]))]

    def _register(self, connection: str, request: Request, now: float) -> list[Command]:
        extension = request.to.uri.unescaped_user
        refused = self._refused(connection, request, extension, now)
        if refused:
            return refused
        response = self._registrar.register(extension, request, connection, now)
        bound = self.registered(extension, now)
        for leg in self._legs():  # a client that lost its connection in a call and came back
            if leg.extension == extension and leg.connection == "":
                leg.connection = connection
        return [Note(f"REGISTER {extension} {response.status} {bound}"), Send(connection, response)]

    def _invite(self, connection: str, request: Request, now: float) -> list[Command]:
        caller = request.from_.uri.unescaped_user
        refused = self._refused(connection, request, caller, now)
        if refused:
            return refused
        if any(leg.call_id == request.call_id for leg in self._legs()):
            return [Send(connection, request.reply(482, to_tag=self._token()))]
        if len(self._calls) >= MAX_CALLS:
            return [Send(connection, request.reply(503, to_tag=self._token()))]
        number = request.uri.unescaped_user
        note = Note(f"INVITE {caller} {number}")
        if number in dialplan.NUMBERS:
            return [note, *self._dial_number(connection, caller, request, dialplan.NUMBERS[number])]
        if number in self._extensions:
            return [note, *self._dial_line(connection, caller, request, number, now)]
        return [note, Send(connection, request.reply(404, to_tag=self._token()))]

    def _refused(self, connection: str, request: Request, extension: str, now: float) -> list[Command]:
        """Empty where the request is signed by ``extension``."""
        refusal = self._authenticator.refusal(request, extension, now)
        if refusal is None:
            return []
        notes: list[Command] = [Note(f"WRONG SECRET {request.method} {extension}")] if refusal.wrong else []
        return [*notes, Send(connection, refusal.response)]

    def _dial_number(
        self, connection: str, caller: str, request: Request, steps: tuple[dialplan.Step, ...]
    ) -> list[Command]:
        leg = Leg.received(self._token, connection, caller, request)
        call = NumberCall(self._token(), leg, steps)
        self._calls[call.call] = call
        return [leg.respond(100), *call.start()]

    def _dial_line(self, connection: str, caller: str, request: Request, number: str, now: float) -> list[Command]:
        bindings = self._registrar.bindings(number, now)
        if not bindings:
            return [Send(connection, request.reply(480, to_tag=self._token()))]
        if not request.body:  # an offer in the 200 (RFC 3261 section 13.2.1) is nothing a WebRTC client asks for
            return [Send(connection, request.reply(488, to_tag=self._token()))]
        leg = Leg.received(self._token, connection, caller, request)
        shown = NameAddr(Uri("sip", caller, DOMAIN), self._extensions[caller].name or None)
        invited = [
            Leg.calling(self._token, binding.connection, number, binding.uri, shown, request.body)
            for binding in bindings
        ]
        call = LineCall(self._token(), leg, tuple(branch for branch, _ in invited))
        self._calls[call.call] = call
        return [leg.respond(100), *call.start(), *(invite for _, invite in invited)]

    def _cancel(self, connection: str, request: Request) -> list[Command]:
        for call in self._calls.values():
            for leg in call.legs:
                if leg.asked is not None and leg.asked.branch == request.branch and leg.call_id == request.call_id:
                    ok = Send(connection, request.reply(200, to_tag=leg.tag))
                    return [ok, *(call.cancelled(leg) if leg.state is LegState.EARLY else [])]
        return [Send(connection, request.reply(481, to_tag=self._token()))]

    def _in_dialog(self, connection: str, request: Request) -> list[Command]:
        found = self._find(request)
        if found is None:
            return [] if request.method == "ACK" else [Send(connection, request.reply(481))]
        call, leg = found
        leg.connection = connection
        if request.method == "ACK":
            return []
        if request.method == "INVITE" and (leg.asked is not None or leg.sent is not None):
            return [Send(connection, request.reply(491))]
        if not leg.take(request):
            return [Send(connection, request.reply(500))]
        match request.method:
            case "BYE":
                return [Send(connection, request.reply(200)), *call.hung_up(leg)]
            case "INVITE":
                return [leg.respond(100), *call.reoffered(leg)]
            case "UPDATE" if request.body:
                return [Send(connection, request.reply(488))]
            case "UPDATE":  # a target refresh (RFC 3311): the leg has taken the new Contact
                return [Send(connection, request.reply(200, headers=[("Contact", str(CONTACT)), ALLOW]))]
            case "OPTIONS" | "INFO":
                return [Send(connection, request.reply(200, headers=[ALLOW]))]
            case _:
                return [Send(connection, request.reply(405, headers=[ALLOW]))]

    def _find(self, request: Request) -> tuple[Call, Leg] | None:
        """The dialog of a request that claims to be in one (RFC 3261 section 12.2.2)."""
        for call in self._calls.values():
            for leg in call.legs:
                if leg.established and leg.call_id == request.call_id and leg.tag == request.to_tag:
                    return call, leg
        return None

    # Everything else

    def _responded(self, response: Response) -> list[Command]:
        if response.cseq.method != "INVITE" or (response.is_success and response.to_tag is None):
            return []
        for call in self._calls.values():
            for leg in call.legs:
                if leg.sent is not None and leg.sent.branch == response.branch and isinstance(call, LineCall):
                    return [*leg.answered(response), *call.answered(leg, response)]
        return []

    def _closed(self, connection: str) -> list[Command]:
        lines = self._registrar.forget(connection)
        commands: list[Command] = [Note(" ".join(("CLOSED", *lines)))]
        for call in list(self._calls.values()):
            for leg in call.legs:
                if leg.connection != connection:
                    continue
                leg.connection = ""
                if leg.state is LegState.EARLY:
                    commands += call.gone(leg)
                else:
                    commands.append(SetTimer(f"gone:{call.call}", GONE))
        return commands

    def _timer_fired(self, name: str) -> list[Command]:
        what, _, call_id = name.partition(":")
        call = self._calls.get(call_id)
        if call is None:
            return []
        if what != "gone":
            return call.timer_fired(name)
        lost = [leg for leg in call.legs if leg.connection == ""]
        return [command for leg in lost for command in call.gone(leg)]

    def _peer_told(self, event: PeerEvent) -> list[Command]:
        call = self._calls.get(event.call)
        if not isinstance(call, NumberCall):
            return []
        match event:
            case OfferAnswered(sdp=sdp):
                return call.offer_answered(sdp)
            case OfferRefused(detail=detail):
                return call.offer_refused(detail)
            case SoundEnded():
                return call.sound_ended()
            case KeyPressed(key=key):
                return call.key_pressed(key)
            case _:
                return call.hang_up()

    def _legs(self) -> list[Leg]:
        return [leg for call in self._calls.values() for leg in call.legs]
