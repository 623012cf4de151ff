"""SRTP of one leg (RFC 3711, RFC 7714): clears what the peer sent, protects what goes to it, in one shared buffer.

`InPlace` works on the hub's buffer by pylibsrtp's own binding (2.2 us for a packet's two operations); `ByCopy` uses the
public API (4.2 us) and takes over where that binding is not what it was.
"""

from dataclasses import dataclass
from typing import Any, Protocol

from pylibsrtp import Error, Policy, Session

try:
    from pylibsrtp._binding import ffi, lib
except ImportError:  # pragma: no cover  (another build of pylibsrtp)
    ffi = lib = None

CAPACITY = 2048  # bytes of the hub's buffer: the longest datagram taken, and libsrtp's 148 bytes of trailer
WINDOW = 1024  # packets of the replay window


@dataclass(frozen=True, slots=True)
class Profile:
    """A protection profile as OpenSSL and libsrtp call it (RFC 5764 section 4.1.2, RFC 7714 section 14.2)."""

    name: bytes
    number: int
    key: int  # bytes
    salt: int  # bytes


GCM = Profile(b"SRTP_AEAD_AES_128_GCM", Policy.SRTP_PROFILE_AEAD_AES_128_GCM, 16, 12)
SHA1_80 = Profile(b"SRTP_AES128_CM_SHA1_80", Policy.SRTP_PROFILE_AES128_CM_SHA1_80, 16, 14)
PROFILES = {profile.name: profile for profile in (GCM, SHA1_80)}  # in order of preference


@dataclass(frozen=True, slots=True)
class Keys:
    """What a DTLS handshake gave: master key and salt of either direction."""

    profile: Profile
    receive: bytes
    send: bytes


class Buffer:
    """Where a datagram lies while the hub has it. ``view`` is writable and ``CAPACITY`` long."""

    def __init__(self) -> None:
        self.cdata: Any = None
        if ffi is None:  # pragma: no cover  (another build of pylibsrtp)
            self.view = memoryview(bytearray(CAPACITY))
            return
        self.cdata = ffi.new("unsigned char[]", CAPACITY)
        self.length = ffi.new("int *")
        self.view = memoryview(ffi.buffer(self.cdata)).cast("B")


class Protection(Protocol):
    """Each works on the first ``size`` bytes of the buffer and gives the new size, or 0 where it failed (a forged,
    replayed or broken packet). RTCP has its own operations (RFC 3711 section 3.4).
    """

    def unprotect(self, size: int) -> int: ...
    def protect(self, size: int) -> int: ...
    def unprotect_rtcp(self, size: int) -> int: ...
    def protect_rtcp(self, size: int) -> int: ...


class InPlace:
    def __init__(self, keys: Keys, buffer: Buffer) -> None:
        self._receiver, self._sender = _sessions(keys)  # own the memory of the two pointers
        self._rx = self._receiver._srtp[0]
        self._tx = self._sender._srtp[0]
        self._data = buffer.cdata
        self._length = buffer.length

    def unprotect(self, size: int) -> int:
        length = self._length
        length[0] = size
        return length[0] if lib.srtp_unprotect(self._rx, self._data, length) == 0 else 0

    def protect(self, size: int) -> int:
        length = self._length
        length[0] = size
        return length[0] if lib.srtp_protect(self._tx, self._data, length) == 0 else 0

    def unprotect_rtcp(self, size: int) -> int:
        length = self._length
        length[0] = size
        return length[0] if lib.srtp_unprotect_rtcp(self._rx, self._data, length) == 0 else 0

    def protect_rtcp(self, size: int) -> int:
        length = self._length
        length[0] = size
        return length[0] if lib.srtp_protect_rtcp(self._tx, self._data, length) == 0 else 0


class ByCopy:
    def __init__(self, keys: Keys, buffer: Buffer) -> None:
        self._receiver, self._sender = _sessions(keys)
        self._view = buffer.view

    def unprotect(self, size: int) -> int:
        return self._run(self._receiver.unprotect, size)

    def protect(self, size: int) -> int:
        return self._run(self._sender.protect, size)

    def unprotect_rtcp(self, size: int) -> int:
        return self._run(self._receiver.unprotect_rtcp, size)

    def protect_rtcp(self, size: int) -> int:
        return self._run(self._sender.protect_rtcp, size)

    def _run(self, operation: Any, size: int) -> int:
        try:
            result = operation(bytes(self._view[:size]))
        except (Error, ValueError):  # ValueError: longer than pylibsrtp's own buffer
            return 0
        self._view[: len(result)] = result
        return len(result)


def protection(keys: Keys, buffer: Buffer) -> Protection:
    return ByCopy(keys, buffer) if buffer.cdata is None else InPlace(keys, buffer)


def _sessions(keys: Keys) -> tuple[Session, Session]:
    receiver = Policy(keys.receive, Policy.SSRC_ANY_INBOUND, srtp_profile=keys.profile.number)
    sender = Policy(keys.send, Policy.SSRC_ANY_OUTBOUND, srtp_profile=keys.profile.number)
    receiver.window_size = sender.window_size = WINDOW
    return Session(receiver), Session(sender)
