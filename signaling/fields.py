"""The typed values of single header fields: Via, CSeq, Content-Type, Reason, Warning.

Each has ``parse`` (raises ValueError with a full phrase) and ``__str__``, and ``parse(str(x)) == x``.
"""

from dataclasses import dataclass, replace

from .grammar import CSEQ, HOST, MEDIA_TYPE, TOKEN, VIA, WARNING, number, quote, unquote
from .parameters import Parameters

MAGIC_COOKIE = "z9hG4bK"  # RFC 3261 section 8.1.1.7


@dataclass(frozen=True, slots=True)
class Via:
    """One Via (RFC 3261 section 20.42, RFC 7118 for WS and WSS). ``protocol`` is name and version."""

    transport: str
    host: str
    port: int | None = None
    parameters: Parameters = Parameters()
    protocol: str = "SIP/2.0"

    def __post_init__(self) -> None:
        name, _, version = self.protocol.partition("/")
        if not all(TOKEN.fullmatch(part) for part in (name, version, self.transport)) or not HOST.fullmatch(self.host):
            raise ValueError("Via is malformed")
        if self.branch == MAGIC_COOKIE:
            raise ValueError("The branch of Via is only the magic cookie")

    @classmethod
    def build(cls, transport: str, host: str, branch: str, port: int | None = None) -> "Via":
        """One of our own: ``branch`` is a fresh token, the magic cookie is put before it."""
        return cls(transport, host, port, Parameters((("branch", MAGIC_COOKIE + branch),)))

    @classmethod
    def parse(cls, text: str) -> "Via":
        match = VIA.match(text)
        if not match:
            raise ValueError("Via is malformed")
        port = number(match[5], 65535) if match[5] else None
        return cls(match[3], match[4], port, Parameters.parse(text[match.end() :]), f"{match[1]}/{match[2]}")

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"{self.protocol}/{self.transport} {self.host}{port}{self.parameters}"

    @property
    def branch(self) -> str | None:
        return self.parameters.get("branch")

    @property
    def sent_by(self) -> str:
        return self.host.lower() + ("" if self.port is None else f":{self.port}")

    def with_received(self, address: str) -> "Via":
        """With ``received`` set: the address that the request really came from (RFC 3261 section 18.2.1)."""
        return replace(self, parameters=self.parameters.set("received", address))


@dataclass(frozen=True, slots=True)
class CSeq:
    """RFC 3261 section 8.1.1.5: the number is less than 2**31."""

    number: int
    method: str

    def __post_init__(self) -> None:
        if not 0 <= self.number < 2**31 or not TOKEN.fullmatch(self.method):
            raise ValueError("CSeq is malformed")

    @classmethod
    def parse(cls, text: str) -> "CSeq":
        match = CSEQ.fullmatch(text)
        if not match:
            raise ValueError("CSeq is malformed")
        return cls(number(match[1], 2**31 - 1), match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class MediaType:
    """Content-Type (RFC 3261 section 20.15); ``essence`` is what to compare, in lower case."""

    type: str
    subtype: str
    parameters: Parameters = Parameters()

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.type) or not TOKEN.fullmatch(self.subtype):
            raise ValueError("Content-Type is malformed")

    @classmethod
    def parse(cls, text: str) -> "MediaType":
        match = MEDIA_TYPE.match(text)
        if not match:
            raise ValueError("Content-Type is malformed")
        return cls(match[1], match[2], Parameters.parse(text[match.end() :]))

    def __str__(self) -> str:
        return f"{self.type}/{self.subtype}{self.parameters}"

    @property
    def essence(self) -> str:
        return f"{self.type}/{self.subtype}".lower()


@dataclass(frozen=True, slots=True)
class Reason:
    """One Reason (RFC 3326): why a BYE or CANCEL was sent; ``cause`` is a SIP status or a Q.850 code."""

    protocol: str
    cause: int | None = None
    text: str | None = None

    @classmethod
    def parse(cls, text: str) -> "Reason":
        protocol, semicolon, rest = text.partition(";")
        parameters = Parameters.parse(semicolon + rest)
        protocol, cause = protocol.strip(" \t"), parameters.get("cause")
        if not TOKEN.fullmatch(protocol):
            raise ValueError("Reason is malformed")
        return cls(protocol, None if cause is None else number(cause, 999), parameters.get("text"))

    def __str__(self) -> str:
        cause = "" if self.cause is None else f";cause={self.cause}"
        return self.protocol + cause + ("" if self.text is None else f";text={quote(self.text)}")


@dataclass(frozen=True, slots=True)
class Warning:
    """One Warning (RFC 3261 section 20.43); ``agent`` is a host or a pseudonym."""

    code: int
    agent: str
    text: str

    @classmethod
    def parse(cls, text: str) -> "Warning":
        match = WARNING.fullmatch(text)
        if not match:
            raise ValueError("Warning is malformed")
        return cls(int(match[1]), match[2], unquote(match[3]))

    def __str__(self) -> str:
        return f"{self.code:03} {self.agent} {quote(self.text)}"
