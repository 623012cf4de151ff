"""DTLS 1.2 of one leg without I/O (RFC 5763, RFC 5764): datagrams in, datagrams out, and in the end the keys for SRTP.

The certificate is our own rather than aiortc's `RTCCertificate`: its key is private there, it expires after 30 days (a
worker may live longer) and its context refuses a PBX with an RSA certificate.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from enum import Enum, StrEnum

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from OpenSSL import SSL

from .sdp import Fingerprint
from .srtp import PROFILES, Keys

_MTU = 1200  # bytes of a handshake datagram: fits every path
_LARGEST_FLIGHT = 64 * 1024
_DTLS_1_2 = 0xFEFD
_ALERT = 21
_CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-CHACHA20-POLY1305:"
    b"ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA"
)
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "sha-256": hashes.SHA256(),
    "sha-384": hashes.SHA384(),
    "sha-512": hashes.SHA512(),
}


class Role(StrEnum):
    CLIENT = "active"  # as a=setup calls it
    SERVER = "passive"


class State(Enum):
    """HANDSHAKE -> CONNECTED -> CLOSED, or HANDSHAKE -> FAILED."""

    HANDSHAKE = "handshake"
    CONNECTED = "connected"
    CLOSED = "closed"
    FAILED = "failed"


class Identity:
    """The certificate of this process and the one `SSL.Context` made of it."""

    def __init__(self) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, secrets.token_hex(16))])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=3650))
            .sign(key, hashes.SHA256())
        )
        context = SSL.Context(SSL.DTLS_METHOD)
        context.set_max_proto_version(_DTLS_1_2)
        context.set_options(SSL.OP_NO_TICKET | SSL.OP_NO_RENEGOTIATION)
        # Self-signed on both sides: the fingerprint of the SDP decides, after the handshake and before any SRTP.
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *_: True)
        context.use_certificate(certificate)
        context.use_privatekey(key)
        context.set_cipher_list(_CIPHERS)
        context.set_tlsext_use_srtp(b":".join(PROFILES))
        self.context = context
        self.certificate = certificate
        self.fingerprint = f"sha-256 {digest(certificate, 'sha-256')}"


class Handshake:
    """One DTLS association. After `start`, `receive` and `timeout` the caller sends what `flights` gives."""

    def __init__(self, identity: Identity, role: Role, fingerprints: Iterable[Fingerprint]) -> None:
        self._connection = SSL.Connection(identity.context)
        self._connection.set_ciphertext_mtu(_MTU)
        self._role = role
        self._fingerprints = tuple(fingerprints)
        self.state = State.HANDSHAKE
        self.keys: Keys | None = None  # set with State.CONNECTED
        self.why = ""  # a full phrase, with State.FAILED
        if role is Role.CLIENT:
            self._connection.set_connect_state()
        else:
            self._connection.set_accept_state()

    def start(self) -> None:
        """The client's first flight; nothing for a server."""
        self._advance()

    def receive(self, datagram: bytes) -> None:
        """Takes one datagram of the peer. Never raises; a plaintext alert, which anybody could have sent, is dropped
        (RFC 6347 section 4.1.2.7).
        """
        if len(datagram) < 13 or self.state in (State.FAILED, State.CLOSED):
            return
        if datagram[0] == _ALERT and datagram[3:5] == b"\x00\x00":
            return
        try:
            self._connection.bio_write(datagram)
        except SSL.Error:
            return
        self._advance()

    def wait(self) -> float | None:
        """Seconds until `timeout` is due, or None."""
        return self._connection.DTLSv1_get_timeout() if self.state is State.HANDSHAKE else None

    def timeout(self) -> None:
        """Retransmits the last flight."""
        try:
            self._connection.DTLSv1_handle_timeout()
        except SSL.Error:
            self._fail("The DTLS handshake was not answered.")

    def flights(self) -> list[bytes]:
        """The datagrams to send now."""
        try:
            data = self._connection.bio_read(_LARGEST_FLIGHT)
        except SSL.Error:
            return []
        return _datagrams(data)

    def _advance(self) -> None:
        try:
            if self.state is State.HANDSHAKE:
                self._connection.do_handshake()
                self._finish()
            else:
                self._connection.recv(_MTU)  # a repeated last flight: OpenSSL answers it
        except SSL.WantReadError:
            pass
        except SSL.ZeroReturnError:
            self.state = State.CLOSED
        except SSL.Error:
            if self.state is State.HANDSHAKE:
                self._fail("The DTLS handshake failed.")

    def _finish(self) -> None:
        certificate = self._connection.get_peer_certificate(as_cryptography=True)
        if certificate is None or not any(
            digest(certificate, wanted.algorithm) == wanted.value for wanted in self._fingerprints
        ):
            self._fail("The peer's certificate is not the one its description announced.")
            return
        profile = PROFILES.get(self._connection.get_selected_srtp_profile())
        if profile is None:
            self._fail("The peer agreed on no SRTP profile.")
            return
        key, salt = profile.key, profile.salt
        material = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", 2 * (key + salt))
        # RFC 5764 section 4.2: client key, server key, client salt, server salt.
        client = material[:key] + material[2 * key : 2 * key + salt]
        server = material[key : 2 * key] + material[2 * key + salt :]
        if self._role is Role.CLIENT:
            self.keys = Keys(profile, receive=server, send=client)
        else:
            self.keys = Keys(profile, receive=client, send=server)
        self.state = State.CONNECTED

    def _fail(self, why: str) -> None:
        self.state = State.FAILED
        self.why = why


def digest(certificate: x509.Certificate, algorithm: str) -> str:
    """The certificate's fingerprint as SDP writes it: upper-case hex with colons."""
    return certificate.fingerprint(_HASHES[algorithm]).hex(":").upper()


def _datagrams(data: bytes) -> list[bytes]:
    """Splits a flight at record borders into datagrams of at most the MTU: OpenSSL's memory buffer joins them."""
    datagrams: list[bytes] = []
    start = end = 0
    while end < len(data):
        record = end + 13 + int.from_bytes(data[end + 11 : end + 13])
        if record - start > _MTU and end > start:
            datagrams.append(data[start:end])
            start = end
        end = record
    if data:
        datagrams.append(data[start:])
    return datagrams
