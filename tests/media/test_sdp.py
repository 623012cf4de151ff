"""SDP of real peers, and SDP that nobody should send."""

import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.engine import BadDescription, Direction
from media.sdp import DEFAULT_LIMITS, Codec, Fingerprint, SdpLimits, parse, summary

DATA = Path(__file__).parent / "data"
REAL = sorted(path.name for path in DATA.glob("*.sdp"))
DIGITS = ":".join(["AB"] * 32)
GOOD = (
    "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nt=0 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 111\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:" + "p" * 22 + "\r\na=fingerprint:sha-256 " + DIGITS + "\r\n"
    "a=setup:active\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
)


def with_line(line: str, of: str = GOOD) -> bytes:
    return (of + line + "\r\n").encode()


def without(start: str) -> bytes:
    return "".join(line for line in GOOD.splitlines(True) if not line.startswith(start)).encode()


@pytest.mark.parametrize("name", REAL)
def test_real_descriptions_are_understood(name: str) -> None:
    session = parse((DATA / name).read_bytes())
    assert session.audio == 0 and session.direction(0) is Direction.SENDRECV
    transport = session.transport(0)
    assert transport.fingerprints[0].algorithm == "sha-256" and not transport.lite
    section = session.sections[0]
    assert section.codecs[0].name == "opus" and section.telephone_events
    assert session.bundles(section.mid)


def test_a_chromium_offer_in_detail() -> None:
    session = parse((DATA / "chromium-offer.sdp").read_bytes())
    assert [section.media for section in session.sections] == ["audio", "video"]
    audio = session.sections[0]
    assert audio.telephone_events == {110, 126} and audio.mid == "0"
    assert audio.codecs[:3] == (Codec(111, "opus", 48000, 2), Codec(63, "red", 48000, 2), Codec(9, "g722", 8000, 1))
    assert [address for address, _ in session.transport(0).candidates] == ["192.0.2.2", "fd00::2"]  # no TCP


def test_firefox_says_its_fingerprint_for_the_session() -> None:
    transport = parse((DATA / "firefox-offer.sdp").read_bytes()).transport(0)
    assert transport.ufrag == "7f3a9b21" and transport.setup == "actpass"
    assert len(transport.fingerprints) == 1 and transport.candidates == ()  # names of mDNS are left out


def test_transport_lines_of_the_session_count_where_the_stream_has_none() -> None:
    head, _, stream = GOOD.partition("m=")
    moved = [line for line in stream.splitlines() if line.startswith(("a=ice-", "a=finger", "a=setup"))]
    rest = [line for line in ("m=" + stream).splitlines() if line not in moved]
    session = parse((head + "\r\n".join(["a=ice-lite", *moved, *rest]) + "\r\n").encode())
    transport = session.transport(0)
    assert transport.ufrag == "abcd" and transport.setup == "active" and transport.lite
    assert transport.fingerprints == (Fingerprint("sha-256", DIGITS),)


def test_no_setup_is_actpass() -> None:
    assert parse(without("a=setup")).transport(0).setup == "actpass"


@pytest.mark.parametrize(
    ("line", "direction"),
    [("a=sendonly", "sendonly"), ("a=recvonly ", "recvonly"), ("a=inactive", "inactive"), ("a=x", "sendrecv")],
)
def test_direction(line: str, direction: str) -> None:
    assert summary(with_line(line)) == (Direction(direction), True)
    session = GOOD.replace("t=0 0\r\n", f"t=0 0\r\n{line}\r\n")
    assert summary(session.encode())[0] is Direction(direction)
    assert summary(with_line("a=sendrecv", session))[0] is Direction.SENDRECV


@pytest.mark.parametrize(
    ("media", "audio"),
    [
        ("m=audio 9 RTP/AVP 0", True),
        ("m=audio 0 RTP/AVP 0", False),
        ("m=audio 9/2 RTP/AVP 8 ", True),
        ("m=audio 9 RTP/AVP 13 101", False),
        ("m=audio 9 RTP/AVP 96", False),
        ("m=video 9 RTP/AVP 0", False),
        ("m=image 9 udptl t38", False),
        ("", False),
    ],
)
def test_what_counts_as_audio(media: str, audio: bool) -> None:
    text = f"v=0\ns=-\n{media}\na=rtpmap:101 telephone-event/8000\n" if media else "v=0\ns=-\n"
    assert summary(text.encode())[1] is audio


def test_the_second_audio_passes_where_the_first_is_refused() -> None:
    assert parse(b"v=0\nm=audio 0 RTP/AVP 0\nm=video 9 RTP/AVP 96\nm=audio 9 RTP/AVP 8\n").audio == 2


@pytest.mark.parametrize(
    ("sdp", "why"),
    [
        (b"", "does not start"),
        (b"v=1\r\n", "does not start"),
        (b"v=0\r\nfoo\r\n", "letter=value"),
        (b"v=0\r\nA=x\r\n", "letter=value"),
        (b"v=0\r\ns=a\rb\r\n", "letter=value"),
        (b"v=0\r\ns=a\0b\r\n", "letter=value"),
        (b"v=0\r\n\r\ns=-\r\n", "letter=value"),
        (b"v=0\r\ns=\xff\r\n", "UTF-8"),
        (b"v=0\r\nm=audio\r\n", "cannot be read"),
        (b"v=0\r\nm=audio 123456 RTP/AVP 0\r\n", "cannot be read"),
        (b"v=0\r\nm=audio 65536 RTP/AVP 0\r\n", "65535"),
        (b"v=0\r\nm=audio 9 RTP/AVP x\r\n", "0 to 127"),
        (b"v=0\r\nm=audio 9 RTP/AVP 128\r\n", "0 to 127"),
        (b"v=0\r\nm=audio 9 RTP/AVP 0\r\na=rtpmap:0 PCMU\r\n", "rtpmap"),
        (b"v=0\r\nm=audio 9 RTP/AVP 0\r\na=mid:a b\r\n", "no token"),
    ],
)
def test_what_is_no_description_says_why(sdp: bytes, why: str) -> None:
    with pytest.raises(BadDescription, match=why):
        parse(sdp)


@pytest.mark.parametrize(
    ("sdp", "why"),
    [
        (GOOD.replace("UDP/TLS/RTP/SAVPF", "RTP/AVP").encode(), "RTP/AVP"),
        (without("a=rtcp-mux"), "rtcp-mux"),
        (without("a=ice-ufrag"), "user name and password"),
        (without("a=ice-pwd"), "user name and password"),
        (without("a=fingerprint"), "fingerprint"),
        (GOOD.replace("abcd", "abc").encode(), "does not allow"),
        (GOOD.replace("abcd", "ab;d").encode(), "does not allow"),
        (GOOD.replace("p" * 22, "p" * 21).encode(), "does not allow"),
        (GOOD.replace("sha-256", "sha-1").encode(), "sound"),
        (GOOD.replace(DIGITS, DIGITS[:-3]).encode(), "wrong length"),
        (GOOD.replace(DIGITS, DIGITS[:-1] + "G").encode(), "cannot be read"),
        (GOOD.replace("setup:active", "setup:holdconn").encode(), "DTLS role"),
    ],
)
def test_what_cannot_be_anchored_says_why(sdp: bytes, why: str) -> None:
    session = parse(sdp)
    assert session.audio == 0
    with pytest.raises(BadDescription, match=why):
        session.transport(0)


@pytest.mark.parametrize(
    "candidate",
    [
        "1 2 UDP 1 192.0.2.1 5000 typ host",
        "1 1 TCP 1 192.0.2.1 5000 typ host",
        "1 1 UDP 1 a.local 5000 typ host",
        "1 1 UDP 1 192.0.2.1 0 typ host",
        "1 1 UDP 1 192.0.2.1 65536 typ host",
        "1 1 UDP 1 192.0.2.999 5000 typ host",
        "1 1 UDP",
    ],
)
def test_candidates_that_cannot_be_checked_are_left_out(candidate: str) -> None:
    assert parse(with_line(f"a=candidate:{candidate}")).transport(0).candidates == ()


def test_candidates() -> None:
    line = "a=candidate:1 1 udp 1 192.0.2.1 5000 typ srflx raddr 10.0.0.1 rport 9"
    assert parse(with_line(line)).transport(0).candidates == (("192.0.2.1", 5000),)


CANDIDATE = "a=candidate:1 1 UDP 1 192.0.2.1 5000 typ host\r\n"


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, SdpLimits(2_000, 60, 2, 3)], ids=["default", "set"])
@pytest.mark.parametrize("beyond", [-1, 0, 1])
@pytest.mark.parametrize("what", ["bytes", "lines", "sections", "candidates"])
def test_limits(limits: SdpLimits, what: str, beyond: int) -> None:
    """Each at one below, at, and one above."""
    wanted = getattr(limits, what) + beyond
    filler, size = {
        "bytes": ("", 0),
        "lines": ("a=x\r\n", wanted - GOOD.count("\n")),
        "sections": ("m=video 0 RTP/AVP 0\r\n", wanted - 1),
        "candidates": (CANDIDATE, wanted),
    }[what]
    text = GOOD + filler * size
    if what == "bytes":
        text += "a=" + "x" * (wanted - len(GOOD) - 4) + "\r\n"
        assert len(text) == wanted
    if beyond <= 0:
        assert parse(text.encode(), limits).audio == 0
        return
    with pytest.raises(BadDescription, match="more than|longer than"):
        parse(text.encode(), limits)


def test_limits_are_at_least_one() -> None:
    with pytest.raises(ValueError, match="at least one"):
        SdpLimits(lines=0)


@given(st.binary(max_size=400) | st.text(max_size=400).map(lambda text: ("v=0\r\n" + text).encode(errors="ignore")))
def test_anything_is_parsed_or_refused(data: bytes) -> None:
    try:
        session = parse(data)
        session.direction(session.audio)
        if session.audio is not None:
            session.transport(session.audio)
    except BadDescription as error:
        assert str(error).endswith(".")


@given(st.data())
def test_a_real_offer_with_a_flaw_is_parsed_or_refused(data: st.DataObject) -> None:
    text = bytearray((DATA / "chromium-offer.sdp").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        session = parse(bytes(text))
        if session.audio is not None:
            session.transport(session.audio)
    except BadDescription:
        pass


@pytest.mark.parametrize(
    "line",
    [
        "a=candidate:" + "1 " * 7_000,
        "a=candidate:1 1 UDP 1 " + ":" * 15_000,
        "a=fingerprint:sha-256 " + "AB:" * 5_000,
        "a=rtpmap:1 " + "a" * 15_000,
        "a=mid:" + "a" * 15_000,
        "m=audio 9 RTP/AVP" + " 1" * 7_000 + " ",
        "m=audio 9 RTP/AVP" + " " * 15_000,
        "a=group:BUNDLE" + " 0" * 7_000,
    ],
)
def test_hostile_lines_are_read_in_linear_time(line: str) -> None:
    start = time.process_time()
    for _ in range(5):
        try:
            session = parse(with_line(line))
            session.bundles("1")
            session.transport(0)
        except BadDescription:
            pass
    assert time.process_time() - start < 5 * 0.5  # ten times what style.md asks for: quadratic would take seconds
