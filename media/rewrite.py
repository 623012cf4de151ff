"""The SDP that goes to the other leg: the sender's own lines, with the transport lines replaced by the hub's.

Exactly one audio stream passes, the first. What else was offered is refused towards its sender (RFC 3264 section 6: as
many m-lines in the answer as in the offer) and is not offered to the other side. Payload types, codecs and header
extensions stay; addresses, keys and names of the other side do not pass. No SSRC is named: a browser at the other side
would play only that one, and another page may go on with the call.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from .engine import BadDescription
from .sdp import Section, Session

# What of a stream's attributes passes. Everything else is dropped: transport (candidate, ice-*, fingerprint, setup,
# rtcp, crypto), vendor's own, and whatever a later browser invents.
_PASSES = frozenset(
    "rtpmap fmtp ptime maxptime rtcp-fb extmap extmap-allow-mixed msid rtcp-rsize label content "
    "sendrecv sendonly recvonly inactive".split()
)
_SESSION_PASSES = frozenset("extmap-allow-mixed msid-semantic sendrecv sendonly recvonly inactive".split())
# With one stream these name nothing, and their values need not mean the same on both legs.
_EXTENSIONS_DROPPED = (
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id",
    "urn:ietf:params:rtp-hdrext:encrypt",
)


@dataclass(frozen=True, slots=True)
class Local:
    """The hub's transport lines towards one peer. ``addresses`` are the advertised ones, literal IPs."""

    addresses: tuple[str, ...]
    port: int
    ufrag: str
    pwd: str
    fingerprint: str  # "sha-256 AA:BB:..."
    setup: str
    lite: bool
    session_id: int
    version: int


@dataclass(frozen=True, slots=True)
class Slot:
    """One m-line of a peer's session: its place and identity never change (RFC 3264 section 8, RFC 8829 5.2.2)."""

    media: str
    protocol: str
    formats: tuple[str, ...]
    mid: str | None


@dataclass(frozen=True, slots=True)
class Shape:
    """The m-lines of a peer's session, as it offered them or as they were offered to it. ``audio`` is the one that
    passes, or None where none does.
    """

    slots: tuple[Slot, ...] = ()
    audio: int | None = None
    bundle: bool = False


def shape(session: Session) -> Shape:
    """The m-lines that the sender of ``session`` knows."""
    slots = tuple(Slot(part.media, part.protocol, part.formats, part.mid) for part in session.sections)
    audio = session.audio
    return Shape(slots, audio, audio is not None and session.bundles(slots[audio].mid))


def shape_for_offer(session: Session, known: Shape | None) -> Shape:
    """The m-lines to offer to a peer, given those it knows already: never fewer, never moved, never renamed."""
    index = session.audio
    if known is None or not known.slots:
        if not session.sections:
            return Shape()
        chosen = replace(session, sections=(session.sections[index or 0],))
        return replace(shape(chosen), bundle=session.bundles(chosen.sections[0].mid))
    if index is None:
        return replace(known, audio=None, bundle=False)
    section = session.sections[index]
    place = known.audio
    if place is None:
        place = next((i for i, slot in enumerate(known.slots) if slot.media == "audio"), len(known.slots))
    old = known.slots[place].mid if place < len(known.slots) else None
    taken = {slot.mid for i, slot in enumerate(known.slots) if i != place}
    mid = old or (section.mid if section.mid not in taken else None)
    slot = Slot("audio", section.protocol, section.formats, mid)
    slots = (*known.slots[:place], slot, *known.slots[place + 1 :])
    return Shape(slots, place, mid is not None and session.bundles(section.mid))


def answered(session: Session, offered: Shape) -> Section | None:
    """The accepted audio stream in an answer to ``offered``, or None where it was refused.

    Raises `BadDescription` where the answer's m-lines are not those of the offer.
    """
    if len(session.sections) != len(offered.slots):
        raise BadDescription(
            f"The answer has {len(session.sections)} media streams, and the offer had {len(offered.slots)}."
        )
    for index, (section, slot) in enumerate(zip(session.sections, offered.slots, strict=True)):
        if section.media != slot.media:
            raise BadDescription(f"The answer has {section.media} in the place of {slot.media}.")
        if section.port != 0 and index != offered.audio:
            raise BadDescription("The answer accepts a stream that was not offered.")
    if offered.audio is None:
        return None
    section = session.sections[offered.audio]
    return section if section.speaks else None


def rewrite(session: Session, stream: Section | None, to: Shape, local: Local) -> bytes:
    """The text for the peer whose m-lines are ``to``. ``stream`` is the audio of ``session`` that passes, or None."""
    passing = stream if to.audio is not None else None
    lines = [
        "v=0",
        f"o=- {local.session_id} {local.version} IN {_family(local)}",
        "s=-",
        "t=0 0",
    ]
    if passing is not None and to.audio is not None:
        mid = to.slots[to.audio].mid
        if to.bundle and mid is not None and session.bundles(passing.mid):
            lines.append(f"a=group:BUNDLE {mid}")
    if local.lite:
        lines.append("a=ice-lite")
    lines.extend(line for line in session.lines if line.startswith("a=") and _name(line) in _SESSION_PASSES)
    for index, slot in enumerate(to.slots):
        if passing is not None and index == to.audio:
            lines.extend(_stream(passing, slot, local))
        else:
            lines.extend(_refused(slot))
    return ("\r\n".join(lines) + "\r\n").encode()


def _stream(section: Section, slot: Slot, local: Local) -> Iterator[str]:
    yield f"m=audio {local.port} {slot.protocol} {' '.join(section.formats)}"
    yield f"c=IN {_family(local)}"
    yield from (line for line in section.lines if line.startswith("b="))
    if slot.mid is not None:
        yield f"a=mid:{slot.mid}"
    yield f"a=ice-ufrag:{local.ufrag}"
    yield f"a=ice-pwd:{local.pwd}"
    yield f"a=fingerprint:{local.fingerprint}"
    yield f"a=setup:{local.setup}"
    yield "a=rtcp-mux"
    for number, address in enumerate(local.addresses):
        # RFC 8445 section 5.1.2.1: host candidates, the first address preferred.
        priority = (126 << 24) + ((65535 - number) << 8) + 255
        yield f"a=candidate:{number + 1} 1 UDP {priority} {address} {local.port} typ host"
    yield from (line for line in section.lines if _passes(line))


def _refused(slot: Slot) -> Iterator[str]:
    yield f"m={slot.media} 0 {slot.protocol} {' '.join(slot.formats)}"
    yield "c=IN IP4 0.0.0.0"
    if slot.mid is not None:
        yield f"a=mid:{slot.mid}"
    yield "a=inactive"


def _passes(line: str) -> bool:
    if not line.startswith("a=") or _name(line) not in _PASSES:
        return False
    return not (line.startswith("a=extmap:") and any(uri in line.split(" ") for uri in _EXTENSIONS_DROPPED))


def _name(line: str) -> str:
    return line[2:].partition(":")[0].rstrip(" ")


def _family(local: Local) -> str:
    address = local.addresses[0]
    return f"{'IP6' if ':' in address else 'IP4'} {address}"
