"""The certificate of the pretend phone company: its own authority, made anew at each start, for loopback only."""

import datetime
import ipaddress
import json
import os
import ssl
import tempfile
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Certificate:
    """``ca`` is what a client has to trust, ``chain`` and ``key`` are the server's; all PEM."""

    ca: str
    chain: str
    key: str = field(repr=False)

    def context(self) -> ssl.SSLContext:
        """A context for the server. The private key passes through a file that nobody else can read, and is gone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with tempfile.NamedTemporaryFile("w", suffix=".pem") as file:  # mode 0600
            file.write(self.chain + self.key)
            file.flush()
            context.load_cert_chain(Path(file.name))
        return context


def make(now: datetime.datetime) -> Certificate:
    """A new authority and a server certificate of it, for ``localhost``, 127.0.0.1 and ::1, good from ``now`` on."""
    authority_key, server_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Ramal sandbox authority")])
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    authority = (
        _builder(issuer, issuer, authority_key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    names += [x509.IPAddress(ipaddress.ip_address(address)) for address in ("127.0.0.1", "::1")]
    server = (
        _builder(subject, issuer, server_key.public_key(), now)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(server_key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    key = server_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem = serialization.Encoding.PEM
    return Certificate(
        ca=authority.public_bytes(pem).decode(), chain=server.public_bytes(pem).decode(), key=key.decode()
    )


def kept(path: Path, now: datetime.datetime) -> Certificate:
    """The certificate of the file ``path`` (authority, server, key), which is made, mode 0600, where it is not there:
    for a sandbox that is to be stopped and started again under the same name.
    """
    if not path.exists():
        made = make(now)
        with open(path, "x", encoding="ascii", opener=partial(os.open, mode=0o600)) as file:
            json.dump(asdict(made), file)
        return made
    return Certificate(**json.loads(path.read_text(encoding="ascii")))


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))  # clocks differ
        .not_valid_after(now + _LIFE)
    )


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
