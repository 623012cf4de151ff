"""ICE of one leg without I/O (RFC 8445): answers the peer's checks, and makes ours where the peer is lite as well.

The hub is ICE-lite: reachable by everybody, it answers. A peer may restart ICE, and sends checks with its old
credentials until it has our answer, so every user name and password of a leg stays good until the leg goes.
"""

import secrets

from aioice import stun

from .sdp import Transport

Address = tuple[str, int]

_PRIORITY = (110 << 24) + (65535 << 8) + 255  # peer-reflexive, RFC 8445 section 5.1.2.2
MAX_OPEN_CHECKS = 16


class Credentials:
    """A user name of 8 and a password of 24 characters of RFC 8839's alphabet: 48 and 144 random bits."""

    def __init__(self) -> None:
        self.ufrag = _token(6)
        self.pwd = _token(18)


def username(message: stun.Message) -> str | None:
    """The first half of the user name of a check, which is ours; None where it is no check."""
    if message.message_method != stun.Method.BINDING or message.message_class != stun.Class.REQUEST:
        return None
    name = message.attributes.get("USERNAME")
    return name.partition(":")[0] if isinstance(name, str) else None


def response(request: stun.Message, pwd: str, address: Address) -> bytes:
    """The answer to a check that was found authentic."""
    message = stun.Message(
        stun.Method.BINDING, stun.Class.RESPONSE, request.transaction_id, {"XOR-MAPPED-ADDRESS": address[:2]}
    )
    message.add_message_integrity(pwd.encode())
    return bytes(message)


class Checks:
    """The checks that this side sends to a lite peer; nominates with each, as RFC 8445 allows a controlling agent."""

    def __init__(self, ours: Credentials, peer: Transport) -> None:
        self.peer = peer
        self._username = f"{peer.ufrag}:{ours.ufrag}"
        self._tie_breaker = secrets.randbits(64)
        self._open: dict[bytes, Address] = {}

    def request(self, address: Address) -> bytes:
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = self._username
        message.attributes["PRIORITY"] = _PRIORITY
        message.attributes["ICE-CONTROLLING"] = self._tie_breaker
        message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity(self.peer.pwd.encode())
        while len(self._open) >= MAX_OPEN_CHECKS:
            del self._open[next(iter(self._open))]
        self._open[message.transaction_id] = address
        return bytes(message)

    def confirms(self, message: stun.Message, address: Address) -> bool:
        """``message`` is the authentic success of a check that was sent to ``address``."""
        if message.message_class != stun.Class.RESPONSE or self._open.get(message.transaction_id) != address:
            return False
        if not message.check_message_integrity(self.peer.pwd.encode()):
            return False
        del self._open[message.transaction_id]
        return True


def _token(size: int) -> str:
    return secrets.token_urlsafe(size).replace("-", "+").replace("_", "/")
