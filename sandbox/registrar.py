"""Who is registered where: the location service of the sandbox (RFC 3261 section 10.3). Pure: the caller brings the
time. A binding ends with the WebSocket that brought it.
"""

from dataclasses import dataclass

from signaling.message import Request, Response
from signaling.uri import NameAddr, Uri

MAX_CONTACTS = 5
DEFAULT_EXPIRES = 3600


@dataclass(frozen=True, slots=True)
class Binding:
    """``contact`` is what the client gave; ``until`` is on the clock of the caller, in seconds."""

    extension: str
    contact: NameAddr
    connection: str
    until: float

    @property
    def uri(self) -> Uri:
        return self.contact.uri.bare()


class Registrar:
    """``most_expires`` is the longest life in seconds that a binding is granted."""

    def __init__(self, most_expires: int = DEFAULT_EXPIRES) -> None:
        self._most_expires = most_expires
        self._bindings: list[Binding] = []

    def bindings(self, extension: str, now: float) -> tuple[Binding, ...]:
        """Those that are alive, oldest first."""
        return tuple(binding for binding in self._bindings if binding.extension == extension and binding.until > now)

    def register(self, extension: str, request: Request, connection: str, now: float) -> Response:
        """Does what an authenticated REGISTER asks and gives the answer to it: 200 with every binding, or 403."""
        if request.contact_is_star:  # with Expires 0: the parser has seen to it
            self._bindings = [binding for binding in self._bindings if binding.extension != extension]
            return self._listing(extension, request, now)
        others = [binding for binding in self._bindings if binding.until > now]
        for contact in request.contacts:
            others = [b for b in others if b.extension != extension or not b.uri.same_aor(contact.uri)]
            life = self._life(contact, request)
            if life > 0:
                others.append(Binding(extension, contact, connection, now + life))
        if sum(binding.extension == extension for binding in others) > MAX_CONTACTS:
            return request.reply(403, "Too many contacts")
        self._bindings = others
        return self._listing(extension, request, now)

    def forget(self, connection: str) -> tuple[str, ...]:
        """Ends the bindings of a connection that is gone; gives the extensions that had one."""
        gone = [binding for binding in self._bindings if binding.connection == connection]
        self._bindings = [binding for binding in self._bindings if binding.connection != connection]
        return tuple(dict.fromkeys(binding.extension for binding in gone))

    def _life(self, contact: NameAddr, request: Request) -> int:
        own = contact.parameters.get("expires")
        if own is not None and own.isascii() and own.isdigit() and len(own) < 10:
            return min(int(own), self._most_expires)
        asked = DEFAULT_EXPIRES if request.expires is None else request.expires
        return min(asked, self._most_expires)

    def _listing(self, extension: str, request: Request, now: float) -> Response:
        contacts = [
            ("Contact", f"<{binding.contact.uri}>;expires={max(1, round(binding.until - now))}")
            for binding in self.bindings(extension, now)
        ]
        return request.reply(200, headers=contacts)
