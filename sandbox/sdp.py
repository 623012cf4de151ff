"""The little that the sandbox reads and writes in SDP beside aiortc. Pure."""

import ipaddress
import re

_TELEPHONE_EVENT = re.compile(r"a=rtpmap:(\d{1,3}) telephone-event/(\d{4,6})", re.ASCII | re.IGNORECASE)


def telephone_events(sdp: str) -> dict[int, int]:
    """Payload type to clock rate of every telephone-event format in ``sdp`` (RFC 4733 section 2.5.1)."""
    found = (_TELEPHONE_EVENT.fullmatch(line) for line in sdp.splitlines())
    return {int(match[1]): int(match[2]) for match in found if match}


def with_telephone_events(answer: str, formats: dict[int, int]) -> str:
    """``answer`` with ``formats`` accepted in its first audio section: aiortc answers without them."""
    head, mark, tail = answer.partition("m=audio ")
    if not mark or not formats:
        return answer
    line, end, rest = tail.partition("\r\n")
    before, attribute, attributes = rest.partition("a=")
    accepted = "".join(f" {payload_type}" for payload_type in formats)
    maps = "".join(f"a=rtpmap:{pt} telephone-event/{rate}\r\na=fmtp:{pt} 0-16\r\n" for pt, rate in formats.items())
    return f"{head}{mark}{line}{accepted}{end}{before}{maps}{attribute}{attributes}"


def candidate_addresses(sdp: str) -> list[str] | None:
    """The numeric addresses of the UDP candidates in ``sdp``, or None where there are none or one is a name (mDNS):
    nothing can be said then of where the peer is.
    """
    addresses = []
    for line in sdp.splitlines():
        words = line.split(" ")
        if not line.startswith("a=candidate:") or len(words) < 8 or words[2].lower() != "udp":
            continue
        try:
            addresses.append(str(ipaddress.ip_address(words[4])))
        except ValueError:
            return None
    return addresses or None


def preferred_codec(sdp: str) -> str | None:
    """The one audio codec to answer with, as aiortc's MIME type; None where no offered one is known. One codec only, so
    that an echo can send back what came as it came.
    """
    offered = sdp.lower()
    static = {word for line in offered.splitlines() if line.startswith("m=audio ") for word in line.split(" ")[3:]}
    if " opus/48000" in offered:
        return "audio/opus"
    if " pcmu/8000" in offered or "0" in static:
        return "audio/PCMU"
    if " pcma/8000" in offered or "8" in static:
        return "audio/PCMA"
    return None
