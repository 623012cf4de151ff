"""The near side: the registrar of the handsets, and our user agent towards each of them. No digest here: the WebSocket
was admitted by a ticket, and a handset can only be the line that it was admitted to.
"""

from collections.abc import Callable

from .agent import Agent, Receiver, Sent, Then
from .commands import SendNear
from .context import Context
from .message import Request, Response
from .ports import NEAR_DOMAIN
from .uri import NameAddr, Uri, escape_user

_LONGEST = 3600  # seconds of a handset's registration
_SHORTEST = 30
REFUSAL_STATUS = 403


class NearAgent(Agent):
    """Towards one handset. ``binding`` is the Contact that it registered, where requests to it go."""

    def __init__(self, context: Context, handset: str, receiver: Receiver, max_transactions: int = 32) -> None:
        contact = NameAddr(Uri("sip", "line", NEAR_DOMAIN))
        super().__init__(
            context,
            f"near.{handset}",
            receiver,
            transport="WSS",
            host=NEAR_DOMAIN,
            contact=contact,
            max_transactions=max_transactions,
        )
        self.handset = handset
        self.binding: NameAddr | None = None

    @property
    def is_registered(self) -> bool:
        return self.is_connected and self.binding is not None

    def send(self, message: Request | Response) -> None:
        self._context.do(SendNear(self.handset, message))

    def reaches(self, target: Uri) -> bool:
        """Another page may have come with the handset's id: it has another Contact."""
        return self.binding is None or self.binding.uri.user == target.user

    def disconnected(self) -> None:
        self.binding = None
        super().disconnected()

    def invite(self, caller: NameAddr, body: bytes, tag: str, then: Then, headers: tuple[tuple[str, str], ...]) -> Sent:
        """Rings this handset; it must be registered. Without a ``body``, the handset is asked for an offer."""
        assert self.binding is not None
        request = Request.build(
            "INVITE",
            self.binding.uri.bare(),
            via=self.via(),
            from_=caller.with_tag(tag),
            to=own_address(self._context),
            call_id=self._context.ids.token(),
            cseq=1,
            contact=self.contact,
            headers=[self.allow, *headers],
            body=body,
            content_type="application/sdp" if body else None,
        )
        return self.request(request, then)


def own_address(context: Context) -> NameAddr:
    """The line as a handset sees it: ``sip:<number>@ramal.invalid``."""
    return NameAddr(Uri("sip", escape_user(context.config.number), NEAR_DOMAIN))


class Registrar:
    """Answers REGISTER. ``on_registered`` is called for a new binding and for a refreshed one."""

    def __init__(self, context: Context, on_registered: Callable[[NearAgent], None]) -> None:
        self._context = context
        self._on_registered = on_registered

    def register(self, agent: NearAgent, request: Request) -> None:
        """RFC 3261 section 10.3, for exactly one address of record and one Contact."""
        own = own_address(self._context).uri
        if not own.same_aor(request.to.uri) or not own.same_aor(request.from_.uri):
            agent.reply(request, 403)
        elif len(request.contacts) > 1 or request.contact_is_star:
            agent.reply(request, 400, "One Contact is expected")
        elif request.contact is None:
            agent.reply(request, 200, headers=self._bindings(agent))
        else:
            self._bind(agent, request, request.contact)

    def _bind(self, agent: NearAgent, request: Request, contact: NameAddr) -> None:
        seconds = _seconds(contact.parameters.get("expires"), request.expires)
        if contact.uri.scheme == "tel":
            agent.reply(request, 400, "The Contact must be a SIP URI")
        elif seconds == 0:
            self._unregister(agent)
            agent.reply(request, 200)
        elif seconds < _SHORTEST:
            agent.reply(request, 423, headers=[("Min-Expires", str(_SHORTEST))])
        else:
            granted = min(seconds, _LONGEST)
            agent.binding = NameAddr(
                contact.uri.bare(), contact.display_name, contact.parameters.set("expires", str(granted))
            )
            self._context.set_timer(self._timer(agent), granted, lambda: self._unregister(agent))
            agent.reply(request, 200, headers=self._bindings(agent))
            self._on_registered(agent)

    def _bindings(self, agent: NearAgent) -> list[tuple[str, str]]:
        return [] if agent.binding is None else [("Contact", str(agent.binding))]

    def _unregister(self, agent: NearAgent) -> None:
        self._context.cancel_timer(self._timer(agent))
        agent.binding = None

    def forget(self, agent: NearAgent) -> None:
        """The handset's socket has gone."""
        self._unregister(agent)

    @staticmethod
    def _timer(agent: NearAgent) -> str:
        return f"{agent.name}.binding"


def _seconds(parameter: str | None, header: int | None) -> int:
    """The expiry that is asked for: the parameter before the header (RFC 3261 section 10.3), else the longest."""
    if parameter is not None and parameter.isascii() and parameter.isdigit() and len(parameter) < 10:
        return int(parameter)
    return _LONGEST if header is None else header
