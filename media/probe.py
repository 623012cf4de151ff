"""Which addresses this machine has for media, and whether a browser can reach the one that is configured."""

import ipaddress
import socket
from dataclasses import dataclass

_ANYWHERE = (("192.0.2.1", socket.AF_INET), ("2001:db8::1", socket.AF_INET6))  # RFC 5737, 3849: nothing is sent


@dataclass(frozen=True, slots=True)
class Reachability:
    """``local``: the address exists on this machine. ``loopback``: only browsers on this machine can reach it.
    ``bindable``: a UDP socket can be bound to it (for an address that is not ours: to the default address).
    ``bound`` is the local address the hub would bind.
    """

    address: str
    local: bool
    loopback: bool
    bindable: bool
    bound: str

    @property
    def ok(self) -> bool:
        """A browser on another machine may reach it."""
        return self.bindable and not self.loopback


def can_bind(address: str) -> bool:
    """True where a UDP socket can be bound to ``address`` (any port), so where it is an address of this machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def default_address() -> str:
    """The address of the default route; failing that, one of this host's own name that is not loopback; failing
    that, 127.0.0.1.
    """
    for target, family in _ANYWHERE:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((target, 9))
                found = str(probe.getsockname()[0])
        except OSError:
            continue
        if _usable(found):
            return found
    return next((found for found in _own_addresses() if _usable(found)), "127.0.0.1")


def reachable(address: str) -> Reachability:
    """What can be said of ``address`` (a literal IP) as a media address without asking anybody else.

    Raises ValueError where it is no literal IP address, or the wildcard.
    """
    parsed = ipaddress.ip_address(address)
    if parsed.is_unspecified:
        raise ValueError(f"{address} is the wildcard: the media address must be one that a browser can send to")
    local = can_bind(address)
    bound = address if local else default_address()
    return Reachability(address, local, parsed.is_loopback, local or can_bind(bound), bound)


def addresses(advertised: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(bind, advertise)`` for `MediaSettings` from the configured media address: one that is this machine's own is
    bound itself; any other is taken as the public side of 1:1 NAT and the default address is bound. None: the default.
    """
    if advertised is None:
        found = default_address()
        return (found,), (found,)
    return (reachable(advertised).bound,), (advertised,)


def _usable(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    return not (parsed.is_loopback or parsed.is_unspecified or parsed.is_link_local)


def _own_addresses() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_DGRAM)
    except OSError:
        return []
    return [str(info[4][0]) for info in found if can_bind(str(info[4][0]))]
