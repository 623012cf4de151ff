"""What the other side is told: everything of the stream, nothing of the sender's addresses and keys."""

import itertools
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from media.engine import BadDescription
from media.rewrite import Local, Shape, Slot, answered, rewrite, shape, shape_for_offer
from media.sdp import Session, parse

DATA = Path(__file__).parent / "data"
HUB = Local(("203.0.113.5",), 40_000, "hubufrag", "h" * 24, "sha-256 " + ":".join(["0A"] * 32), "actpass", True, 77, 1)
CHROMIUM = "chromium-offer.sdp"


def load(name: str) -> Session:
    return parse((DATA / name).read_bytes())


def offer(session: Session, known: Shape | None = None) -> tuple[str, Shape]:
    to = shape_for_offer(session, known)
    stream = session.sections[session.audio] if session.audio is not None else None
    return rewrite(session, stream, to, HUB).decode(), to


def attributes(text: str, name: str) -> list[str]:
    return re.findall(rf"^a={name}:(.*)\r$", text, re.MULTILINE)


@pytest.mark.parametrize("name", [path.name for path in DATA.glob("*.sdp")])
def test_nothing_of_the_sender_passes(name: str) -> None:
    source = (DATA / name).read_text()
    text, _ = offer(load(name))
    for secret in (
        *re.findall(r"a=(?:ice-ufrag|ice-pwd|fingerprint):(\S+(?: \S+)?)", source),
        *re.findall(r"(?:c=|o=.* )IN IP4 (\S+)", source),
        *re.findall(r"a=candidate:(.*)", source),
        re.findall(r"o=(.*) IN", source)[0],
        *re.findall(r"s=([A-Z].*)", source),
    ):
        assert secret.strip() not in text or secret in ("0.0.0.0", "-")
    assert parse(text.encode()).transport(0).candidates == (("203.0.113.5", 40_000),)
    assert "rtcp:" not in text and "trickle" not in text


@pytest.mark.parametrize("name", [path.name for path in DATA.glob("*.sdp")])
def test_everything_of_the_stream_passes(name: str) -> None:
    source = (DATA / name).read_text()
    audio = source.split("m=video")[0]
    text, _ = offer(load(name))
    for kept in ("rtpmap", "fmtp", "ptime", "maxptime", "rtcp-fb", "msid"):
        assert attributes(text, kept) == re.findall(rf"^a={kept}:(.*)$", audio, re.MULTILINE)
    assert parse(text.encode()).sections[0].formats == load(name).sections[0].formats


def test_no_ssrc_is_named_so_that_another_page_can_go_on_with_the_call() -> None:
    assert "a=ssrc:" in (DATA / CHROMIUM).read_text()
    text, _ = offer(load(CHROMIUM))
    assert attributes(text, "ssrc") == attributes(text, "ssrc-group") == []


def test_extensions_that_name_streams_do_not_pass() -> None:
    text, _ = offer(load(CHROMIUM))
    assert attributes(text, "extmap") == [
        "1 urn:ietf:params:rtp-hdrext:ssrc-audio-level",
        "2 http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
        "3 http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01",
    ]


def test_the_lines_of_the_hub_are_in_the_stream_and_ice_lite_in_the_session() -> None:
    text, _ = offer(load("firefox-offer.sdp"))
    head, _, stream = text.partition("m=audio")
    assert "a=ice-lite\r\n" in head and "a=group:BUNDLE 0\r\n" in head and "fingerprint" not in head
    for line in (
        "a=ice-ufrag:hubufrag",
        "a=setup:actpass",
        "a=rtcp-mux",
        "c=IN IP4 203.0.113.5",
        f"a=ice-pwd:{HUB.pwd}",
    ):
        assert stream.count(line + "\r\n") == 1
    assert "o=- 77 1 IN IP4 203.0.113.5\r\n" in head


def test_video_is_not_offered_and_is_refused_towards_its_sender() -> None:
    chromium = load(CHROMIUM)
    text, offered = offer(chromium)
    assert "m=video" not in text and attributes(text, "group") == ["BUNDLE 0"] and len(offered.slots) == 1
    answer = load("asterisk-answer.sdp")
    stream = answered(answer, offered)
    assert stream is not None
    back = parse(rewrite(answer, stream, shape(chromium), HUB))
    assert [(part.media, part.port, part.mid) for part in back.sections] == [("audio", 40_000, "0"), ("video", 0, "1")]
    assert back.sections[1].formats == chromium.sections[1].formats
    assert back.bundles("0") and not back.bundles("1")


def test_a_bundle_is_answered_only_where_it_was_offered() -> None:
    chromium = load(CHROMIUM)
    alone = parse((DATA / CHROMIUM).read_bytes().replace(b"a=group:BUNDLE 0 1\r\n", b""))
    answer = load("asterisk-answer.sdp")
    for session, groups in ((chromium, ["BUNDLE 0"]), (alone, [])):
        text = rewrite(answer, answer.sections[0], shape(session), HUB).decode()
        assert attributes(text, "group") == groups
    assert attributes(offer(alone)[0], "group") == []


def test_a_peer_keeps_its_own_m_lines_and_names() -> None:
    known = shape(load(CHROMIUM))  # audio mid 0, video mid 1
    text, to = offer(load("asterisk-offer.sdp"), known)  # mid audio-0
    session = parse(text.encode())
    assert [(part.media, part.mid) for part in session.sections] == [("audio", "0"), ("video", "1")]
    assert session.sections[1].port == 0 and to.audio == 0 and session.bundles("0")


def test_a_stream_that_was_refused_before_gets_its_place_back() -> None:
    slot = Slot("audio", "UDP/TLS/RTP/SAVPF", ("0",), "a")
    known = Shape((Slot("video", "UDP/TLS/RTP/SAVPF", ("96",), "v"), slot), None)
    _, to = offer(load("asterisk-offer.sdp"), known)
    assert to.audio == 1 and to.slots[1].mid == "a"
    _, to = offer(load("asterisk-offer.sdp"), Shape((Slot("video", "x", ("96",), "audio-0"),), None))
    assert to.audio == 1 and to.slots[1].mid is None and not to.bundle


def test_an_offer_without_audio_refuses_what_the_peer_has() -> None:
    silent = parse(b"v=0\r\ns=-\r\nm=audio 0 RTP/AVP 0\r\n")
    text, to = offer(silent)
    assert "m=audio 0 RTP/AVP 0\r\nc=IN IP4 0.0.0.0\r\na=inactive\r\n" in text and to.audio is None
    text, to = offer(silent, shape(load(CHROMIUM)))
    assert [part.port for part in parse(text.encode()).sections] == [0, 0] and to.audio is None
    assert offer(parse(b"v=0\r\ns=-\r\n"))[1] == Shape()


def test_an_answer_must_have_the_m_lines_of_the_offer() -> None:
    offered = shape_for_offer(load(CHROMIUM), None)
    for text, why in (
        (b"v=0\n", "0 media streams"),
        (b"v=0\nm=video 9 RTP/AVP 0\n", "in the place of audio"),
    ):
        with pytest.raises(BadDescription, match=why):
            answered(parse(text), offered)
    with pytest.raises(BadDescription, match="not offered"):
        answered(parse(b"v=0\nm=audio 9 RTP/AVP 0\nm=video 9 RTP/AVP 0\n"), shape(load(CHROMIUM)))
    assert answered(parse(b"v=0\nm=audio 0 RTP/AVP 0\n"), offered) is None
    assert answered(parse(b"v=0\nm=audio 0 RTP/AVP 0\n"), shape(parse(b"v=0\nm=audio 0 RTP/AVP 0\n"))) is None


def test_a_refused_answer_is_refused_back() -> None:
    chromium = load(CHROMIUM)
    back = parse(rewrite(parse(b"v=0\nm=audio 0 RTP/AVP 0\n"), None, shape(chromium), HUB))
    assert [part.port for part in back.sections] == [0, 0] and back.sections[0].protocol == "UDP/TLS/RTP/SAVPF"


def test_bandwidth_and_session_attributes() -> None:
    text = (
        (DATA / "firefox-offer.sdp").read_text().replace("c=IN IP4 0.0.0.0", "c=IN IP4 0.0.0.0\r\nb=AS:64\r\nk=clear:x")
    )
    text = text.replace("t=0 0", "t=0 0\r\na=sendonly\r\na=extmap-allow-mixed\r\na=tool:x")
    text += "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwg\r\na=x-vendor:1\r\n"
    out, _ = offer(parse(text.encode()))
    assert "c=IN IP4 203.0.113.5\r\nb=AS:64\r\na=mid:0\r\n" in out
    assert "a=sendonly\r\na=extmap-allow-mixed\r\n" in out.split("m=audio")[0]
    assert not {"k=", "crypto", "x-vendor", "tool"} & set(re.findall(r"k=|crypto|x-vendor|tool", out))


def test_several_addresses_and_ipv6() -> None:
    local = Local(("2001:db8::5", "203.0.113.5"), 9000, "hubufrag", "h" * 24, HUB.fingerprint, "active", False, 1, 2)
    session = load("asterisk-offer.sdp")
    text = rewrite(session, session.sections[0], shape_for_offer(session, None), local).decode()
    assert "c=IN IP6 2001:db8::5\r\n" in text and "o=- 1 2 IN IP6 2001:db8::5\r\n" in text and "ice-lite" not in text
    assert attributes(text, "candidate") == [
        "1 1 UDP 2130706431 2001:db8::5 9000 typ host",
        "2 1 UDP 2130706175 203.0.113.5 9000 typ host",
    ]


@given(
    st.lists(st.sampled_from(["audio", "video", "image"]), max_size=4), st.lists(st.booleans(), min_size=4, max_size=4)
)
def test_an_answer_has_as_many_m_lines_as_the_offer(media: list[str], on: list[bool]) -> None:
    lines = [f"m={kind} {9 if use else 0} UDP/TLS/RTP/SAVPF 0" for kind, use in zip(media, on, strict=False)]
    session = parse(
        "\n".join(["v=0", *itertools.chain(*([line, f"a=mid:{i}"] for i, line in enumerate(lines)))]).encode()
    )
    text, offered = offer(session)
    there = parse(text.encode())
    assert len(there.sections) == min(len(media), 1)
    accepted = answered(there, offered)
    back = parse(rewrite(there, accepted, shape(session), HUB))
    assert [part.media for part in back.sections] == media
    assert [part.mid for part in back.sections] == [part.mid for part in session.sections]
    assert sum(part.port != 0 for part in back.sections) == (session.audio is not None)
