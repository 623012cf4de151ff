"""A WebRTC peer of a few lines on a loopback socket: real STUN, DTLS and SRTP, no codec. Also drives the bench."""

import asyncio
import secrets
import socket
import struct
import time
from collections.abc import Callable

from aioice import stun
from pylibsrtp import Error, Policy, Session

from media import sdp
from media.dtls import Handshake, Identity, Role, State

CODECS = ("111 opus/48000/2", "0 PCMU/8000", "126 telephone-event/8000")


async def until(condition: Callable[[], object], seconds: float = 10.0) -> None:
    """Waits for a condition, but not for ever."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        await asyncio.sleep(0.005)


def rtp(sequence: int, payload: bytes = b"voice" * 16, payload_type: int = 111, ssrc: int = 0x1234) -> bytes:
    return struct.pack("!BBHII", 0x80, payload_type, sequence & 0xFFFF, sequence * 960 & 0xFFFFFFFF, ssrc) + payload


def sender_report(ssrc: int = 0x1234) -> bytes:
    return struct.pack("!BBHIIIIII", 0x80, 200, 6, ssrc, 1, 2, 3, 4, 5)


class Peer:
    """Must be made inside a running event loop and closed."""

    def __init__(self, *, lite: bool = False, host: str = "127.0.0.1") -> None:
        self.lite = lite
        self.identity = Identity()
        self.restart()
        self.host = host
        self.session = secrets.randbits(32)
        self.socket = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.setblocking(False)
        self.socket.bind((host, 0))
        self.port = self.socket.getsockname()[1]
        self.loop = asyncio.get_running_loop()
        self.loop.add_reader(self.socket, self._readable)
        self.handshake: Handshake | None = None
        self.remote: sdp.Transport | None = None
        self.hub = (host, 0)
        self.answered = 0  # checks of ours that the hub answered
        self.checked = 0  # checks of the hub's that we answered
        self.clear: list[bytes] = []
        self.reports: list[bytes] = []
        self.raw: list[bytes] = []
        self.keep_raw = False
        self._timer: asyncio.TimerHandle | None = None
        self._sessions: tuple[Session, Session] | None = None

    def restart(self) -> None:
        """New ICE credentials."""
        self.ufrag, self.pwd = secrets.token_hex(4), secrets.token_hex(12)

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self.loop.remove_reader(self.socket)
        self.socket.close()

    def describe(
        self,
        setup: str = "actpass",
        *,
        fingerprint: str | None = None,
        direction: str = "sendrecv",
        codecs: tuple[str, ...] = CODECS,
    ) -> bytes:
        family = "IP6" if ":" in self.host else "IP4"
        lines = ["v=0", f"o=- {self.session} 1 IN {family} {self.host}", "s=-", "t=0 0", "a=group:BUNDLE 0"]
        if self.lite:
            lines.append("a=ice-lite")
        numbers = " ".join(codec.split(" ")[0] for codec in codecs)
        lines += [f"m=audio {self.port} UDP/TLS/RTP/SAVPF {numbers}", f"c=IN {family} {self.host}", "a=mid:0"]
        lines += [f"a=ice-ufrag:{self.ufrag}", f"a=ice-pwd:{self.pwd}", f"a=setup:{setup}", "a=rtcp-mux"]
        lines += [f"a=fingerprint:{fingerprint or self.identity.fingerprint}", f"a={direction}"]
        lines += [f"a=candidate:1 1 UDP 2130706431 {self.host} {self.port} typ host"]
        lines += [f"a=rtpmap:{codec}" for codec in codecs]
        return ("\r\n".join(lines) + "\r\n").encode()

    def connect(self, described: bytes, role: Role) -> None:
        """The hub's description came: sends checks, then does DTLS in ``role``."""
        session = sdp.parse(described)
        self.remote = session.transport(0)
        self.hub = next(known for known in self.remote.candidates if (":" in known[0]) == (":" in self.host))
        if self.handshake is None:
            self.handshake = Handshake(self.identity, role, self.remote.fingerprints)
        if not self.lite:
            self.check()

    @property
    def connected(self) -> bool:
        return self._sessions is not None

    @property
    def receiver(self) -> Session:
        assert self._sessions is not None
        return self._sessions[0]

    @property
    def sender(self) -> Session:
        assert self._sessions is not None
        return self._sessions[1]

    def check(self, *, pwd: str | None = None, nominate: bool = True, ufrag: str | None = None) -> None:
        assert self.remote is not None
        message = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        message.attributes["USERNAME"] = f"{ufrag or self.remote.ufrag}:{self.ufrag}"
        message.attributes["PRIORITY"] = 1
        message.attributes["ICE-CONTROLLING"] = 1
        if nominate:
            message.attributes["USE-CANDIDATE"] = None
        message.add_message_integrity((pwd or self.remote.pwd).encode())
        self.send(bytes(message))

    def send(self, datagram: bytes) -> None:
        self.socket.sendto(datagram, self.hub)

    def send_rtp(self, packet: bytes) -> None:
        self.send(self.sender.protect(packet))

    def send_rtcp(self, packet: bytes) -> None:
        self.send(self.sender.protect_rtcp(packet))

    def _readable(self) -> None:
        while True:
            try:
                data, address = self.socket.recvfrom(2048)
            except OSError:
                return
            if data[0] < 4:
                self._stun(data, address)
            elif 20 <= data[0] < 64 and self.handshake is not None:
                self.handshake.receive(data)
                self._flush()
            elif self._sessions is not None:
                self._media(data)

    def _stun(self, data: bytes, address: tuple[str, int]) -> None:
        message = stun.parse_message(data)
        if message.message_class == stun.Class.REQUEST:
            if not message.check_message_integrity(self.pwd.encode()):
                return
            self.checked += 1
            if self.lite:
                self.hub = address  # which is not the advertised one
            reply = stun.Message(stun.Method.BINDING, stun.Class.RESPONSE, message.transaction_id)
            reply.attributes["XOR-MAPPED-ADDRESS"] = address[:2]
            reply.add_message_integrity(self.pwd.encode())
            self.socket.sendto(bytes(reply), address)
        else:
            assert self.remote is not None
            if not message.check_message_integrity(self.remote.pwd.encode()):
                return
            self.answered += 1
        if self.handshake is not None and self.handshake.state is State.HANDSHAKE:
            self.handshake.start()
            self._flush()

    def _flush(self) -> None:
        assert self.handshake is not None
        for datagram in self.handshake.flights():
            self.send(datagram)
        keys = self.handshake.keys
        if keys is not None and self._sessions is None:
            receive = Policy(keys.receive, Policy.SSRC_ANY_INBOUND, srtp_profile=keys.profile.number)
            send = Policy(keys.send, Policy.SSRC_ANY_OUTBOUND, srtp_profile=keys.profile.number)
            self._sessions = Session(receive), Session(send)
        if self._timer is not None:
            self._timer.cancel()
        wait = self.handshake.wait()
        if wait is not None:
            self._timer = self.loop.call_later(wait, self._due)

    def _due(self) -> None:
        assert self.handshake is not None
        self.handshake.timeout()
        self._flush()

    def _media(self, data: bytes) -> None:
        if self.keep_raw:
            self.raw.append(data)
            return
        try:
            if 192 <= data[1] <= 223:
                self.reports.append(self.receiver.unprotect_rtcp(data))
            else:
                self.clear.append(self.receiver.unprotect(data))
        except Error:
            pass
