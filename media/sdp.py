"""SDP as values (RFC 8866, RFC 8839, RFC 8842): what the hub must know of a description, every other line as it came.

Strict and linear: one pass over the lines, limits beside the parser. `media.rewrite` makes the other side's text of it.
"""

import ipaddress
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from .engine import BadDescription, Direction

DIGESTS = {"sha-256": 32, "sha-384": 48, "sha-512": 64}  # bytes; the hashes of RFC 8122 that are still sound
DTLS_PROTOCOLS = ("UDP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP", "RTP/SAVPF")  # the last: browsers of before RFC 5764's names

_LINE = re.compile(r"[a-z]=[^\x00-\x08\x0a-\x1f\x7f]*")
_MEDIA = re.compile(r"m=([a-z]{1,32}) (\d{1,5})(?:/\d{1,5})? ([A-Za-z0-9/.-]{1,64}) (\S+(?: \S+)*) ?")
_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]{1,64}")
_RTPMAP = re.compile(r"rtpmap:(\d{1,3}) ([A-Za-z0-9_.+-]{1,32})/(\d{1,6})(?:/(\d{1,2}))?")
_UFRAG = re.compile(r"[A-Za-z0-9+/]{4,256}")  # RFC 8839 section 5.4
_PWD = re.compile(r"[A-Za-z0-9+/]{22,256}")
_FINGERPRINT = re.compile(r"([A-Za-z0-9-]{1,16}) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){0,127})")
_CANDIDATE = re.compile(
    r"candidate:\S{1,32} 1 (?i:udp) \d{1,10} ([0-9A-Fa-f:.]{2,45}) (\d{1,5}) typ [a-z]{1,16}(?: .*)?"
)

# Payload type -> name, clock of RFC 3551 section 6, where no rtpmap is needed.
STATIC_CODECS = {0: ("pcmu", 8000), 8: ("pcma", 8000), 9: ("g722", 8000), 13: ("cn", 8000), 18: ("g729", 8000)}
_DIRECTIONS = frozenset(direction.value for direction in Direction)
_NO_VOICE = ("telephone-event", "cn", "red")


@dataclass(frozen=True, slots=True)
class SdpLimits:
    """Of one description; ``sections`` are its m-lines, ``candidates`` those of all of them together."""

    bytes: int = 16 * 1024
    lines: int = 400
    sections: int = 4
    candidates: int = 40

    def __post_init__(self) -> None:
        if min(self.bytes, self.lines, self.sections, self.candidates) < 1:
            raise ValueError("the limits of a description must be at least one")


DEFAULT_LIMITS = SdpLimits()


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """``algorithm`` in small letters, ``value`` as upper-case hex with colons."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class Codec:
    """One payload type of an audio stream; ``name`` in small letters."""

    payload_type: int
    name: str
    clock: int  # Hz
    channels: int


@dataclass(frozen=True, slots=True)
class Transport:
    """How one peer wants to be reached; ``candidates`` are those over UDP with a literal address."""

    ufrag: str
    pwd: str
    fingerprints: tuple[Fingerprint, ...]
    setup: str  # actpass, active, passive (RFC 4145, RFC 8842)
    lite: bool
    candidates: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """One m-line and what follows it. ``lines`` are the others as they came, without the m-line."""

    media: str
    port: int
    protocol: str
    formats: tuple[str, ...]
    lines: tuple[str, ...]

    def attributes(self) -> Iterator[str]:
        return _attributes(self.lines)

    def attribute(self, name: str) -> str | None:
        """The value of the first ``a=name:value``, or None."""
        return _first(self.attributes(), name)

    @property
    def mid(self) -> str | None:
        return self.attribute("mid")

    @property
    def codecs(self) -> tuple[Codec, ...]:
        """In the order of the m-line; payload types without an rtpmap only where RFC 3551 names them."""
        maps: dict[int, Codec] = {}
        for value in self.attributes():
            match = _RTPMAP.fullmatch(value)
            if match is not None:
                number, name, clock, channels = match.groups()
                maps[int(number)] = Codec(int(number), name.lower(), int(clock), int(channels or 1))
        for payload_type, (static, hertz) in STATIC_CODECS.items():
            maps.setdefault(payload_type, Codec(payload_type, static, hertz, 1))
        return tuple(maps[int(number)] for number in self.formats if int(number) in maps)

    @property
    def telephone_events(self) -> frozenset[int]:
        """Payload types that carry keypad digits (RFC 4733)."""
        return frozenset(codec.payload_type for codec in self.codecs if codec.name == "telephone-event")

    @property
    def speaks(self) -> bool:
        """It is audio, not refused, and has at least one codec for voice."""
        return self.media == "audio" and self.port != 0 and any(codec.name not in _NO_VOICE for codec in self.codecs)


@dataclass(frozen=True, slots=True)
class Session:
    """A whole description. ``lines`` are those before the first m-line."""

    lines: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def audio(self) -> int | None:
        """The index of the one stream that passes: the first audio that is not refused."""
        return next((index for index, section in enumerate(self.sections) if section.speaks), None)

    def direction(self, index: int | None) -> Direction:
        """As the sender wants it: the stream's own, else the session's, else ``sendrecv`` (RFC 8866 section 6.7)."""
        own = self.sections[index].attributes() if index is not None else iter(())
        for value in (*own, *_attributes(self.lines)):
            if value in _DIRECTIONS:
                return Direction(value)
        return Direction.SENDRECV

    def bundles(self, mid: str | None) -> bool:
        """``mid`` is in a BUNDLE group (RFC 9143)."""
        groups = (value.split(" ") for value in _attributes(self.lines) if value.startswith("group:BUNDLE"))
        return mid is not None and any(mid in group[1:] for group in groups)

    def transport(self, index: int) -> Transport:
        """What stream ``index`` says of ICE and DTLS, with the session's lines where it has none of its own (Firefox).

        Raises `BadDescription` where the hub could not connect to it.
        """
        section = self.sections[index]
        if section.protocol not in DTLS_PROTOCOLS:
            raise BadDescription(f"The audio stream uses {section.protocol}, and only DTLS-SRTP can be anchored.")
        if "rtcp-mux" not in section.attributes():
            raise BadDescription("The audio stream has no rtcp-mux, which WebRTC requires.")
        ufrag, pwd = self._credentials(section)
        fingerprints = tuple(_fingerprints(section.attributes())) or tuple(_fingerprints(_attributes(self.lines)))
        if not fingerprints:
            raise BadDescription("The description has no certificate fingerprint of a hash that is still sound.")
        setup = section.attribute("setup") or _first(_attributes(self.lines), "setup") or "actpass"
        if setup not in ("actpass", "active", "passive"):
            raise BadDescription("The description has a DTLS role (a=setup) that cannot be used.")
        lite = "ice-lite" in _attributes(self.lines)
        return Transport(ufrag, pwd, fingerprints, setup, lite, tuple(_candidates(section.attributes())))

    def _credentials(self, section: Section) -> tuple[str, str]:
        session = tuple(_attributes(self.lines))
        ufrag = section.attribute("ice-ufrag") or _first(session, "ice-ufrag")
        pwd = section.attribute("ice-pwd") or _first(session, "ice-pwd")
        if ufrag is None or pwd is None:
            raise BadDescription("The audio stream has no ICE user name and password.")
        if not (_UFRAG.fullmatch(ufrag) and _PWD.fullmatch(pwd)):
            raise BadDescription("The ICE user name or password has a length or characters that ICE does not allow.")
        return ufrag, pwd


def decode(sdp: bytes, limits: SdpLimits = DEFAULT_LIMITS) -> str:
    """Raises `BadDescription` for what is too long or no UTF-8."""
    if len(sdp) > limits.bytes:
        raise BadDescription(f"The description is longer than {limits.bytes} bytes.")
    try:
        return sdp.decode()
    except UnicodeDecodeError:
        raise BadDescription("The description is not UTF-8.") from None


def parse(sdp: bytes, limits: SdpLimits = DEFAULT_LIMITS) -> Session:
    """Raises `BadDescription` for what is no SDP, is over a limit, or has a line that could not be forwarded."""
    text = decode(sdp, limits)
    lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
    if len(lines) > limits.lines:
        raise BadDescription(f"The description has more than {limits.lines} lines.")
    if lines[0] != "v=0":
        raise BadDescription("The description does not start with v=0.")
    for line in lines:
        if not _LINE.fullmatch(line):
            raise BadDescription("The description has a line that is not of the form letter=value.")
    if sum(line.startswith("a=candidate:") for line in lines) > limits.candidates:
        raise BadDescription(f"The description has more than {limits.candidates} candidates.")
    starts = [index for index, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > limits.sections:
        raise BadDescription(f"The description has more than {limits.sections} media streams.")
    sections = tuple(_section(lines[start:end]) for start, end in pairwise([*starts, len(lines)]))
    return Session(tuple(lines[: starts[0]] if starts else lines), sections)


def summary(sdp: bytes, limits: SdpLimits = DEFAULT_LIMITS) -> tuple[Direction, bool]:
    """The direction its sender asks for, and whether an audio stream with a codec is in it.

    Raises `BadDescription`.
    """
    session = parse(sdp, limits)
    return session.direction(session.audio), session.audio is not None


def _section(lines: list[str]) -> Section:
    match = _MEDIA.fullmatch(lines[0])
    if match is None:
        raise BadDescription("The description has a media line that cannot be read.")
    media, port, protocol, rest = match.groups()
    if int(port) > 65535:
        raise BadDescription("The description has a media line with a port above 65535.")
    formats = tuple(rest.split(" "))
    section = Section(media, int(port), protocol, formats, tuple(lines[1:]))
    if section.mid is not None and not _TOKEN.fullmatch(section.mid):
        raise BadDescription("The description has a media identifier (a=mid) that is no token.")
    if media == "audio":
        _check_audio(section)
    return section


def _check_audio(section: Section) -> None:
    if not all(re.fullmatch(r"\d{1,3}", number) and int(number) < 128 for number in section.formats):
        raise BadDescription("The audio stream names a payload type that is not a number from 0 to 127.")
    for value in section.attributes():
        if value.startswith("rtpmap:") and not _RTPMAP.fullmatch(value):
            raise BadDescription("The audio stream has a codec line (a=rtpmap) that cannot be read.")


def _attributes(lines: Iterable[str]) -> Iterator[str]:
    return (line[2:].rstrip(" ") for line in lines if line.startswith("a="))


def _first(attributes: Iterable[str], name: str) -> str | None:
    prefix = name + ":"
    return next((value[len(prefix) :] for value in attributes if value.startswith(prefix)), None)


def _fingerprints(attributes: Iterable[str]) -> Iterator[Fingerprint]:
    for value in attributes:
        if not value.startswith("fingerprint:"):
            continue
        match = _FINGERPRINT.fullmatch(value.removeprefix("fingerprint:"))
        if match is None:
            raise BadDescription("The description has a certificate fingerprint that cannot be read.")
        algorithm, digits = match[1].lower(), match[2].upper()
        if algorithm in DIGESTS:
            if len(digits) != 3 * DIGESTS[algorithm] - 1:
                raise BadDescription("The description has a certificate fingerprint of the wrong length.")
            yield Fingerprint(algorithm, digits)


def _candidates(attributes: Iterable[str]) -> Iterator[tuple[str, int]]:
    """Names (``.local``), TCP and the RTCP component are left out: the hub sends checks only to literal addresses."""
    for value in attributes:
        match = _CANDIDATE.fullmatch(value)
        if match is None:
            continue
        try:
            address = ipaddress.ip_address(match[1])
        except ValueError:
            continue
        if 0 < int(match[2]) < 65536:
            yield str(address), int(match[2])
