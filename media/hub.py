"""The hub of a worker: one UDP port, every leg behind it, one Python function per packet.

    STUN   0..3      answered where the user name is a leg's and the check is authentic; makes its address known
    DTLS   20..63    only from an address that passed a check
    SRTP   128..191  the same; cleared, captured, protected for the other leg, sent      (RFC 7983)

A datagram can do no harm: lengths are looked at before bytes, and the error of one packet is counted and survived.
A leg towards a lite peer sends the checks itself, from a socket of its own: that peer may be a hub as well.
"""

import asyncio
import logging
import socket
import time
from collections.abc import Callable

from aioice import stun

from . import ice
from .capture import Kind
from .dtls import Identity
from .ice import Address
from .leg import MAX_SOURCES, SECOND, Leg
from .srtp import CAPACITY, Buffer

BATCH = 64  # datagrams per wake-up
MAX_DATAGRAM = 1500
_RECEIVE_BUFFER = 4 * 1024 * 1024  # bytes asked of the kernel: 80 ms of stall at 100 calls and more
_EXPEDITED = 0xB8  # DSCP EF (RFC 4594 section 4.1)
_RECENT = 5 * SECOND
_RTP_HEADER = 12

_log = logging.getLogger(__name__)


class Hub:
    """Owned by one event loop; nothing here may be called from another thread.

    ``bind`` are the local addresses, each bound by itself: an answer from the wildcard may leave from another address,
    which browsers refuse. All share one port; 0 takes a free one. Raises OSError.
    """

    def __init__(self, bind: tuple[str, ...], advertised: tuple[str, ...], port: int) -> None:
        self.advertised = advertised
        self.identity = Identity()
        self.buffer = Buffer()
        self.survived = 0  # packets whose handling raised
        self.strange = 0  # packets of nobody we know
        self._view = self.buffer.view
        self._legs: set[Leg] = set()
        self._by_ufrag: dict[str, tuple[Leg, str]] = {}
        self._by_address: dict[Address, Leg] = {}
        self._private: dict[Leg, socket.socket] = {}
        self._timers: dict[Leg, asyncio.TimerHandle] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._tick: asyncio.TimerHandle | None = None
        self._ticked: Callable[[], None] = lambda: None
        self.sockets = _bind(bind, port)
        self.port = int(self.sockets[0].getsockname()[1])

    def start(self, ticked: Callable[[], None]) -> None:
        """Begins to read; ``ticked`` is called once a second."""
        self._loop = asyncio.get_running_loop()
        self._ticked = ticked
        for sock in self.sockets:
            self._loop.add_reader(sock, self._readable, sock)
        self._tick = self._loop.call_later(1.0, self._second)

    def close(self) -> None:
        for leg in tuple(self._legs):
            self.remove(leg)
        if self._tick is not None:
            self._tick.cancel()
        for sock in self.sockets:
            if self._loop is not None:
                self._loop.remove_reader(sock)
            sock.close()

    def add(self, leg: Leg) -> None:
        self._legs.add(leg)
        self._credit(leg)

    def remove(self, leg: Leg) -> None:
        """Forgets every user name and address of that leg; twice does no harm."""
        self._legs.discard(leg)
        for ufrag in [name for name, (owner, _) in self._by_ufrag.items() if owner is leg]:
            del self._by_ufrag[ufrag]
        for address in [known for known, owner in self._by_address.items() if owner is leg]:
            del self._by_address[address]
        timer = self._timers.pop(leg, None)
        if timer is not None:
            timer.cancel()
        private = self._private.pop(leg, None)
        if private is not None:
            if self._loop is not None:
                self._loop.remove_reader(private)
            private.close()

    def described(self, leg: Leg) -> None:
        """The leg has a new remote description: new credentials count, checks or a handshake can start."""
        if leg.restarted:
            leg.restarted = False
            self._credit(leg)
        if leg.checks is not None and leg not in self._private:
            self._open_private(leg)
        self._check(leg)
        self._send_all(leg, leg.begin(time.monotonic_ns()))

    def _open_private(self, leg: Leg) -> None:
        """A socket for this leg alone. A lite peer may be a hub like this one, or this one itself (two lines of ours
        call each other through a PBX that leaves SDP alone): all its legs have one address, which cannot tell ours
        apart, so our side has an address per leg.
        """
        assert leg.remote is not None
        families = [socket.AF_INET6 if ":" in host else socket.AF_INET for host, _ in leg.remote.candidates]
        shared = next((sock for sock in self.sockets if sock.family in families), None)
        if shared is None or self._loop is None:
            return
        try:
            (private,) = _bind((shared.getsockname()[0],), 0)
        except OSError as error:
            _log.warning("a leg towards a lite peer has no socket of its own: %s", error)
            return
        self._private[leg] = private
        self._loop.add_reader(private, self._readable, private, leg)

    # Packets.

    def _readable(self, sock: socket.socket, owner: Leg | None = None) -> None:
        receive = sock.recvfrom_into
        buffer = self._view
        for _ in range(BATCH):
            try:
                size, address = receive(buffer, CAPACITY)
            except BlockingIOError:
                return
            except OSError:
                continue  # an ICMP error of an earlier packet
            try:
                self._datagram(size, address, sock, owner)
            except Exception:
                self.survived += 1
                if self.survived & (self.survived - 1) == 0:  # the 1st, 2nd, 4th, 8th ...
                    _log.exception("a packet could not be handled (%d in all)", self.survived)

    def _datagram(self, size: int, address: Address, sock: socket.socket, owner: Leg | None) -> None:
        """``owner`` is the leg whose own socket this is; on a shared one, the address tells whose packet it is."""
        if size == 0 or size > MAX_DATAGRAM:
            self.strange += 1
            return
        first = self._view[0]
        if first < 4:
            self._stun(bytes(self._view[:size]), address, sock, owner)
            return
        leg = self._by_address.get(address) if owner is None else owner if address in owner.addresses else None
        if leg is None:
            self.strange += 1
        elif 128 <= first < 192:
            self._media(size, leg)
        elif 20 <= first < 64:
            self._send_all(leg, leg.dtls(bytes(self._view[:size]), time.monotonic_ns()), address)

    def _media(self, size: int, leg: Leg) -> None:
        protection = leg.protection
        if protection is None or size < _RTP_HEADER:
            leg.dropped += 1
            return
        view = self._view
        payload_type = view[1] & 0x7F
        if 64 <= payload_type < 96:  # RFC 5761 section 4
            self._rtcp(leg, size)
            return
        source = view[8:12].tobytes()
        if source not in leg.sources and len(leg.sources) >= MAX_SOURCES:
            leg.dropped += 1
            return
        clear = protection.unprotect(size)
        if clear < _RTP_HEADER:
            leg.dropped += 1
            return
        leg.sources.add(source)
        leg.packets_in += 1
        leg.heard = now = time.monotonic_ns()
        tape = leg.tape
        if tape is not None:
            if payload_type in leg.digits:
                leg.digits_seen += 1
            else:
                tape.packet(leg.kind, now, view[:clear])
        targets = leg.targets
        if len(targets) == 1:
            self._forward(targets[0], clear)
        elif targets:
            packet = view[:clear].tobytes()
            for target in targets:
                view[:clear] = packet
                self._forward(target, clear)

    def _forward(self, target: Leg, size: int) -> None:
        protection = target.protection
        if protection is not None and target.consented and self._emit(target, protection.protect(size)):
            target.packets_out += 1

    def _rtcp(self, leg: Leg, size: int) -> None:
        view = self._view
        clear = leg.protection.unprotect_rtcp(size) if leg.protection else 0
        if clear < 8:
            leg.dropped += 1
            return
        leg.heard = now = time.monotonic_ns()
        packet = view[:clear].tobytes()
        if leg.tape is not None and packet[1] == 200:  # SR, RFC 3550 section 6.4.1
            leg.tape.packet(Kind.SENDER_REPORT, now, view[:clear])
        for target in leg.targets:
            if target.protection is not None and target.consented:
                view[:clear] = packet
                self._emit(target, target.protection.protect_rtcp(clear))

    def _emit(self, target: Leg, size: int) -> bool:
        if size == 0:
            target.dropped += 1
            return False
        try:
            target.socket.sendto(self._view[:size], target.address)  # type: ignore[attr-defined]
        except OSError:  # a full send buffer, a route that is gone: RTP lives with loss
            target.dropped += 1
            return False
        return True

    # Checks.

    def _stun(self, data: bytes, address: Address, sock: socket.socket, owner: Leg | None) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            self.strange += 1
            return
        known = self._by_ufrag.get(ice.username(message) or "")
        if known is None:
            self._confirmed(message, address, sock)
            return
        leg, pwd = known
        if owner is not None and owner is not leg:
            self.strange += 1
            return
        if not message.check_message_integrity(pwd.encode()):
            self.strange += 1
            return
        if self._learn(leg, address, sock, "USE-CANDIDATE" in message.attributes):
            self._send(sock, ice.response(message, pwd, address), address)
            self._send_all(leg, leg.begin(time.monotonic_ns()))

    def _confirmed(self, message: stun.Message, address: Address, sock: socket.socket) -> None:
        for leg in self._legs:
            if leg.checks is not None and leg.checks.confirms(message, address[:2]):
                if self._learn(leg, address, sock, nominated=True):
                    self._send_all(leg, leg.begin(time.monotonic_ns()))
                return
        self.strange += 1

    def _learn(self, leg: Leg, address: Address, sock: socket.socket, nominated: bool) -> bool:
        """False where a living leg is heard from that address just now: nobody can take another's address over."""
        now = time.monotonic_ns()
        if sock is self._private.get(leg):
            leg.checked(address, sock, nominated, now)
            return True
        owner = self._by_address.get(address)
        if owner is not None and owner is not leg and owner.connected and now - owner.heard < _RECENT:
            self.strange += 1
            return False
        self._by_address[address] = leg
        stale = leg.checked(address, sock, nominated, now)
        if stale is not None and self._by_address.get(stale) is leg:
            del self._by_address[stale]
        return True

    def _check(self, leg: Leg) -> None:
        """Sends this side's checks to a lite peer: to all its addresses until one has answered, then to that one."""
        if leg.checks is None or leg.remote is None:
            return
        for address in (leg.address[:2],) if leg.connected and leg.address else leg.remote.candidates:
            private = self._private.get(leg)
            for sock in self.sockets if private is None else (private,):
                if (sock.family == socket.AF_INET6) == (":" in address[0]):
                    self._send(sock, leg.checks.request(address), address)
                    break

    # Sending and time.

    def _send_all(self, leg: Leg, datagrams: list[bytes], address: Address | None = None) -> None:
        to = address or leg.address
        for datagram in datagrams:
            self._send(leg.addresses.get(to, leg.socket) if to else leg.socket, datagram, to)
        self._arm(leg)

    def _send(self, sock: object, data: bytes, address: Address | None) -> None:
        try:
            sock.sendto(data, address)  # type: ignore[attr-defined]
        except OSError:
            self.strange += 1

    def _arm(self, leg: Leg) -> None:
        """(Re)starts the retransmit timer of the leg's handshake."""
        timer = self._timers.pop(leg, None)
        if timer is not None:
            timer.cancel()
        wait = leg.handshake.wait() if leg.handshake else None
        if wait is not None and leg in self._legs and self._loop is not None:
            self._timers[leg] = self._loop.call_later(wait + 0.001, self._due, leg)

    def _due(self, leg: Leg) -> None:
        self._send_all(leg, leg.handshake_due(time.monotonic_ns()))

    def _second(self) -> None:
        assert self._loop is not None
        self._tick = self._loop.call_later(1.0, self._second)
        now = time.monotonic_ns()
        for leg in tuple(self._legs):
            leg.look(now)
            self._check(leg)
        self._ticked()

    def _credit(self, leg: Leg) -> None:
        self._by_ufrag[leg.credentials.ufrag] = (leg, leg.credentials.pwd)


def _bind(addresses: tuple[str, ...], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            sock = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
            sockets.append(sock)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVE_BUFFER)
            if sock.family == socket.AF_INET:
                sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, _EXPEDITED)
            else:
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, _EXPEDITED)
            sock.bind((address, port))
            port = int(sock.getsockname()[1])  # the others take the port that the first was given
    except OSError as error:
        for sock in sockets:
            sock.close()
        raise OSError(error.errno, f"UDP {addresses} port {port} cannot be bound: {error.strerror}") from error
    return sockets
