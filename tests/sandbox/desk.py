"""The switch without a socket, a clock or randomness: a script says what comes in, and looks at what goes out."""

from itertools import count

from sandbox.authenticator import ALGORITHMS, Authenticator, Extension
from sandbox.commands import Command, Note, Send
from sandbox.events import ConnectionClosed, Event, Received
from sandbox.registrar import Registrar
from sandbox.switch import Switch
from signaling import digest
from signaling.dialog import Dialog
from signaling.digest import Credentials
from signaling.fields import Via
from signaling.message import Request, Response
from signaling.ports import Profile
from signaling.transaction import build_cancel
from signaling.uri import NameAddr, Uri

EXTENSIONS = {number: Extension(secret=f"s-{number}", name=f"N{number}") for number in ("1001", "1002", "1003")}


class Desk:
    """``now`` is the clock. The connection of an extension is named by its number."""

    def __init__(self) -> None:
        self._numbers = count()
        self.now = 0.0
        authenticator = Authenticator(EXTENSIONS, ALGORITHMS, self.token, 300)
        self.switch = Switch(EXTENSIONS, authenticator, Registrar(), self.token)

    def token(self) -> str:
        return f"t{next(self._numbers)}"

    def hear(self, event: Event) -> list[Command]:
        """What the switch does on ``event``, without its notes."""
        return [command for command in self.switch.handle(event, self.now) if not isinstance(command, Note)]

    def tell(self, who: str, message: Request | Response) -> list[Command]:
        return self.hear(Received(who, message))

    def close(self, who: str) -> list[Command]:
        return self.hear(ConnectionClosed(who))

    def build(self, who: str, method: str, to: str, *, sdp: str = "", call_id: str = "") -> Request:
        return Request.build(
            method,
            Uri("sip", None if method == "REGISTER" else to, "pbx.invalid"),
            via=self.via(),
            from_=NameAddr(Uri("sip", who, "pbx.invalid")).with_tag(self.token()),
            to=NameAddr(Uri("sip", to, "pbx.invalid")),
            call_id=call_id or self.token(),
            cseq=1,
            contact=contact(who),
            body=sdp.encode(),
            content_type="application/sdp" if sdp else None,
        )

    def via(self) -> Via:
        return Via.build("WSS", "client.invalid", self.token())

    def signed(self, who: str, request: Request) -> Request:
        """``request`` again, with the challenge answered that the switch gives to it."""
        [challenged] = self.tell(who, request)
        assert isinstance(challenged, Send) and isinstance(challenged.message, Response)
        challenge = digest.choose(challenged.message, Profile.UNKNOWN)
        assert challenge is not None
        credentials = Credentials(who, EXTENSIONS[who].secret)
        return request.again(self.via(), digest.authorize(request, challenge, credentials, cnonce="c"))

    def register(self, who: str, connection: str = "") -> None:
        [answer] = self.tell(connection or who, self.signed(who, self.build(who, "REGISTER", who)))
        assert status_of(answer) == 200

    def invite(self, who: str, number: str, sdp: str = "offer") -> tuple[Request, list[Command]]:
        """The INVITE as it was signed, and what the switch did."""
        request = self.signed(who, self.build(who, "INVITE", number, sdp=sdp))
        return request, self.tell(who, request)

    def cancel(self, who: str, invite: Request) -> list[Command]:
        return self.tell(who, build_cancel(invite))


class Side:
    """The client of ``who`` in a call: sends in its dialog."""

    def __init__(self, desk: Desk, who: str, dialog: Dialog) -> None:
        self._desk = desk
        self._who = who
        self.dialog = dialog

    def send(self, method: str, sdp: str = "") -> list[Command]:
        """A request, and what the switch did on it."""
        request, self.dialog = self.dialog.request(
            method, self._desk.via(), contact=contact(self._who), body=sdp.encode()
        )
        return self._desk.tell(self._who, request)


def talking(desk: Desk) -> tuple[Side, Side]:
    """1001 has called 1002, who answered."""
    desk.register("1002")
    invite, commands = desk.invite("1001", "1002")
    rung = request_in(commands)
    response = rung.reply(200, to_tag="b", headers=[("Contact", str(contact("1002")))], body=b"answer")
    commands = desk.tell("1002", response)
    caller = Side(desk, "1001", Dialog.uac(invite, response_in(commands)))
    return caller, Side(desk, "1002", Dialog.uas(rung, response))


def contact(who: str) -> NameAddr:
    return NameAddr(Uri("sip", who, "client.invalid"))


def sent(commands: list[Command]) -> list[tuple[str, str | int]]:
    """Whom each message goes to, and its method or status."""
    messages = [(it.connection, it.message) for it in commands if isinstance(it, Send)]
    return [(who, it.method if isinstance(it, Request) else it.status) for who, it in messages]


def status_of(command: Command) -> int:
    assert isinstance(command, Send) and isinstance(command.message, Response)
    return command.message.status


def request_in(commands: list[Command]) -> Request:
    """The first request among them."""
    return next(it.message for it in commands if isinstance(it, Send) and isinstance(it.message, Request))


def response_in(commands: list[Command]) -> Response:
    """The last response among them."""
    found = [it.message for it in commands if isinstance(it, Send) and isinstance(it.message, Response)]
    return found[-1]
