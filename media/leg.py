"""One leg: the hub's end of the ICE and DTLS-SRTP association with one peer (a handset, or the far side).

    new -> checked (an address passed an authenticated check) -> handshake -> connected; or failed, for good

The SDP decides what is expected (`described`), the hub delivers what came (`checked`, `dtls`).
"""

import secrets
from collections.abc import Callable

from .capture import Kind
from .dtls import Handshake, Identity, Role, State
from .engine import Direction, Happening, LegStats
from .ice import Address, Checks, Credentials
from .rewrite import Local, Shape
from .sdp import Codec, Section, Transport
from .srtp import Buffer, Protection, protection
from .writer import Tape

MAX_ADDRESSES = 16  # per leg that passed a check; an older one goes
MAX_EARLY = 8  # DTLS datagrams kept until the peer's description is here
MAX_SOURCES = 256  # SSRCs of one peer: each costs libsrtp memory
HANDSHAKE_SECONDS = 15.0
SECOND = 1_000_000_000  # ns
# No packet and no check for this long is silence. A handset sends 50 packets a second; a PBX may have nothing to say
# and then sends RTCP every 5 s; who does not send at all (on hold) is only heard by its checks.
SILENT_NEAR = 5 * SECOND
SILENT_FAR = 12 * SECOND
SILENT_NOT_SENDING = 30 * SECOND
CONSENT = 30 * SECOND  # RFC 7675 section 5.1: nothing is sent to who was not heard for this long

Reported = Callable[["Leg", Happening], None]
Send = Callable[["Leg", bytes, Address], None]


class Leg:
    def __init__(self, name: str, kind: Kind, identity: Identity, buffer: Buffer, reported: Reported) -> None:
        self.name = name
        self.kind = kind
        self.reported = reported
        self._identity = identity
        self._buffer = buffer
        # What was said in SDP.
        self.credentials = Credentials()
        self.restarted = False  # has credentials that the hub does not know yet
        self.remote: Transport | None = None
        self.shape: Shape | None = None
        self.stream: Section | None = None
        self.direction = Direction.SENDRECV
        self.expected_since = 0  # monotonic ns: offer and answer are complete
        self._session_id = secrets.randbits(62)
        self._version = 1
        self._said = b""
        # Where it is.
        self.checks: Checks | None = None
        self.addresses: dict[Address, object] = {}  # address -> socket it was heard on, oldest first
        self.address: Address | None = None
        self.socket: object = None
        # Keys.
        self.role: Role | None = None
        self.handshake: Handshake | None = None
        self.handshake_since = 0
        self.early: list[bytes] = []
        self.protection: Protection | None = None
        self.failed = False
        # The hot path reads these.
        self.targets: tuple[Leg, ...] = ()
        self.tape: Tape | None = None
        self.digits: frozenset[int] = frozenset()  # telephone-event payload types, which are never recorded
        self.digits_seen = 0
        self.sources: set[bytes] = set()
        self.heard = 0  # monotonic ns of the last authentic thing
        self.silent = False
        self.consented = True
        self.packets_in = 0
        self.packets_out = 0
        self.dropped = 0

    @property
    def connected(self) -> bool:
        return self.protection is not None

    @property
    def far(self) -> bool:
        return self.kind is Kind.OTHER

    @property
    def codecs(self) -> tuple[Codec, ...]:
        return self.stream.codecs if self.stream else ()

    def local(self, advertised: tuple[str, ...], port: int, setup: str) -> Local:
        """The hub's lines towards this peer. Two lite agents would wait for each other: towards a lite peer that has
        spoken first the hub is a full one, and sends the checks.
        """
        ours = self.credentials
        lite = self.remote is None or not self.remote.lite
        fingerprint = self._identity.fingerprint
        return Local(advertised, port, ours.ufrag, ours.pwd, fingerprint, setup, lite, self._session_id, self._version)

    def say(self, make: Callable[[], bytes]) -> bytes:
        """The text of a description for this peer; its o= version grows when anything else in it changes."""
        text = make()
        if self._said and text != self._said:
            self._version += 1
            text = make()
        self._said = text
        return text

    def described(self, remote: Transport, *, offer: bool) -> None:
        """The peer's transport lines came. In an offer that restarts ICE the answer needs new credentials; another
        certificate or another role needs a new handshake (RFC 8842 section 5).
        """
        old = self.remote
        if offer and old is not None and (old.ufrag, old.pwd) != (remote.ufrag, remote.pwd):
            self.credentials = Credentials()
            self.restarted = True
        if old is not None and not set(old.fingerprints) & set(remote.fingerprints):
            self._forget_keys()
            self.role = None
        role = self._role_towards(remote, offer)
        if self.role is not None and role is not self.role:
            self._forget_keys()
        self.role = role
        self.remote = remote
        if not remote.lite:
            self.checks = None
        elif self.checks is None or self.checks.peer != remote or self.restarted:
            self.checks = Checks(self.credentials, remote)

    def checked(self, address: Address, socket: object, nominated: bool, now: int) -> Address | None:
        """``address`` passed an authenticated check. Gives an address to forget, if there are too many."""
        self.heard = now
        self.addresses[address] = socket
        if nominated or self.address is None:
            self.address = address
            self.socket = socket
        if len(self.addresses) <= MAX_ADDRESSES:
            return None
        stale = next(known for known in self.addresses if known != self.address)
        del self.addresses[stale]
        return stale

    def begin(self, now: int) -> list[bytes]:
        """Starts the handshake when address, role and fingerprint are known; gives the datagrams to send."""
        if self.handshake or self.failed or self.remote is None or self.role is None or self.address is None:
            return []
        self.handshake = Handshake(self._identity, self.role, self.remote.fingerprints)
        self.handshake_since = now
        self.handshake.start()
        early, self.early = self.early, []
        for datagram in early:
            self.handshake.receive(datagram)
        return self._advanced(self.handshake, now)

    def dtls(self, datagram: bytes, now: int) -> list[bytes]:
        """A DTLS datagram from an address that passed a check; gives the datagrams to send."""
        if self.handshake is None:
            # Asterisk sends its ClientHello before its 200 has been seen: the role is not known yet.
            if len(self.early) < MAX_EARLY and not self.failed:
                self.early.append(datagram)
            return []
        self.handshake.receive(datagram)
        return self._advanced(self.handshake, now)

    def handshake_due(self, now: int) -> list[bytes]:
        """The retransmit timer ran off."""
        if self.handshake is None or self.handshake.state is not State.HANDSHAKE:
            return []
        self.handshake.timeout()
        return self._advanced(self.handshake, now)

    def look(self, now: int) -> None:
        """Once a second: silence, consent, and handshakes that do not end."""
        handshake = self.handshake
        if handshake and handshake.state is State.HANDSHAKE:
            if now - self.handshake_since > HANDSHAKE_SECONDS * SECOND:
                self._fail()
        since = max(self.heard, self.expected_since)
        if not self.expected_since or self.failed:
            return
        silent = now - since > self._patience()
        if silent != self.silent:
            self.silent = silent
            self.reported(self, Happening.LEG_SILENT if silent else Happening.LEG_ALIVE)
        self.consented = now - since <= CONSENT

    def stats(self, now: int) -> LegStats:
        silent_for = (now - self.heard) / SECOND if self.heard else None
        return LegStats(self.packets_in, self.packets_out, self.dropped, self.connected, silent_for)

    def _patience(self) -> int:
        if self.connected and self.direction not in (Direction.SENDRECV, Direction.SENDONLY):
            return SILENT_NOT_SENDING
        return SILENT_FAR if self.far else SILENT_NEAR

    def _role_towards(self, remote: Transport, offer: bool) -> Role:
        if remote.setup == "passive":
            return Role.CLIENT
        if remote.setup == "active" or not offer:
            return Role.SERVER
        return self.role or Role.CLIENT  # actpass: as it was, else the one who answers is active

    def _forget_keys(self) -> None:
        self.handshake = None
        self.protection = None
        self.failed = False
        self.early.clear()
        self.sources.clear()

    def _advanced(self, handshake: Handshake, now: int) -> list[bytes]:
        flights = handshake.flights()
        if handshake.state is State.FAILED:
            self._fail()
        elif handshake.keys is not None and self.protection is None:
            self.protection = protection(handshake.keys, self._buffer)
            self.heard = now
            self.reported(self, Happening.LEG_CONNECTED)
        return flights

    def _fail(self) -> None:
        if not self.failed:
            self.failed = True
            self.protection = None
            self.handshake = None
            self.reported(self, Happening.LEG_FAILED)
