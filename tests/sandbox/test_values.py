"""The pure pieces around the switch: key presses, the bits of SDP, sounds, signatures that cannot be read."""

import numpy as np
import pytest

from sandbox import authenticator, sdp, sounds
from sandbox.telephone_event import KEYS, KeyReader, TelephoneEvent

from .desk import Desk, sent
from .ear import pitch_of


def packet(key: str) -> bytes:
    return bytes(TelephoneEvent(event=KEYS.index(key), end=False, volume=10, duration=160))


@pytest.mark.parametrize("end", [True, False])
def test_a_telephone_event_round_trips(end: bool) -> None:
    event = TelephoneEvent(event=11, end=end, volume=63, duration=65535)
    assert TelephoneEvent.parse(bytes(event)) == event


def test_a_short_telephone_event_is_an_error() -> None:
    with pytest.raises(ValueError, match="4 bytes, not 3"):
        TelephoneEvent.parse(b"\1\2\3")


def test_a_key_is_told_once_and_in_order_also_when_timestamps_wrap() -> None:
    reader = KeyReader()
    wrap = (1 << 32) - 100
    arrivals = [(wrap, "1"), (wrap, "1"), (300, "1"), (wrap, "1"), (900, "#"), (900, "#")]
    assert [reader.read(timestamp, packet(key)) for timestamp, key in arrivals] == ["1", None, "1", None, "#", None]


def test_what_is_no_key_is_not_told() -> None:
    reader = KeyReader()
    assert reader.read(1, b"\1") is None
    assert reader.read(2, bytes(TelephoneEvent(event=16, end=False, volume=0, duration=0))) is None


def test_telephone_events_are_found_and_accepted_in_the_audio_section() -> None:
    offer = "m=audio 9 X 111 126\r\na=rtpmap:111 opus/48000/2\r\na=rtpmap:126 Telephone-Event/8000\r\n"
    assert sdp.telephone_events(offer) == {126: 8000}
    answer = "v=0\r\nm=audio 9 X 111\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:111 opus/48000/2\r\n"
    assert sdp.with_telephone_events(answer, {126: 8000}) == (
        "v=0\r\nm=audio 9 X 111 126\r\nc=IN IP4 0.0.0.0\r\na=rtpmap:126 telephone-event/8000\r\na=fmtp:126 0-16\r\n"
        "a=rtpmap:111 opus/48000/2\r\n"
    )
    assert sdp.with_telephone_events(answer, {}) == answer
    assert sdp.with_telephone_events("v=0\r\n", {126: 8000}) == "v=0\r\n"


def test_candidates_say_where_the_peer_is_unless_one_is_a_name() -> None:
    numeric = "a=candidate:1 1 UDP 2 192.0.2.1 5000 typ host\r\na=candidate:2 1 udp 2 ::1 5000 typ host\r\n"
    tcp = "a=candidate:3 1 tcp 2 192.0.2.9 9 typ host tcptype active\r\na=candidate:short\r\n"
    name = "a=candidate:4 1 udp 2 0f0f.local 5000 typ host\r\n"
    assert sdp.candidate_addresses(numeric + tcp) == ["192.0.2.1", "::1"]
    assert sdp.candidate_addresses(numeric + name) is None
    assert sdp.candidate_addresses("v=0\r\n") is None


@pytest.mark.parametrize(
    ("offer", "codec"),
    [
        ("m=audio 9 X 0 111\r\na=rtpmap:111 OPUS/48000/2\r\n", "audio/opus"),
        ("m=audio 9 X 8 0\r\n", "audio/PCMU"),
        ("m=audio 9 X 96\r\na=rtpmap:96 PCMU/8000\r\n", "audio/PCMU"),
        ("m=audio 9 X 8\r\n", "audio/PCMA"),
        ("m=audio 9 X 18\r\n", None),
    ],
)
def test_one_codec_is_chosen(offer: str, codec: str | None) -> None:
    assert sdp.preferred_codec(offer) == codec


def test_sounds_are_what_they_say() -> None:
    assert pitch_of(sounds.tone()) == pytest.approx(1004.0)
    assert not sounds.silence().any()
    assert len(sounds.music()) == 16 * sounds.RATE
    assert 1.5 < len(sounds.announcement()) / sounds.RATE < 2.5
    for sound in (sounds.tone(), sounds.music(), sounds.announcement(), sounds.keys("0123456789*#ABCD")):
        assert 2000 < np.abs(sound.astype(np.int32)).max() < 32000
    with pytest.raises(KeyError):
        sounds.keys("x")


def test_the_tone_and_the_music_loop_without_a_click() -> None:
    for sound in (sounds.tone(), sounds.music()):
        step = np.abs(np.diff(np.concatenate([sound[-100:], sound[:100]]).astype(np.int32)))
        assert step.max() <= np.abs(np.diff(sound.astype(np.int32))).max()


def test_nonces_are_bounded_and_the_oldest_go(monkeypatch: pytest.MonkeyPatch) -> None:
    desk = Desk()
    monkeypatch.setattr(authenticator, "MAX_NONCES", 1)
    request = desk.build("1001", "REGISTER", "1001")
    first = desk.signed("1001", request)
    desk.tell("1001", request)
    assert sent(desk.tell("1001", first)) == [("1001", 401)]


def test_a_signature_that_cannot_be_read_or_is_for_another_address_does_not_count() -> None:
    desk = Desk()
    signed = desk.signed("1001", desk.build("1001", "REGISTER", "1001"))
    value = signed.headers.get("Authorization") or ""
    for other in ("Basic x", value.replace("sip:pbx.invalid", "sip:other.invalid"), value.replace("SHA-256", "MD5")):
        request = type(signed)(signed.method, signed.uri, signed.headers.replace("Authorization", other))
        assert sent(desk.tell("1001", request)) == [("1001", 401)]
    both = signed.headers.replace("Authorization", "Basic x", value)
    assert sent(desk.tell("1001", type(signed)(signed.method, signed.uri, both))) == [("1001", 200)]


def test_the_life_of_a_contact_is_its_own_or_that_of_the_request() -> None:
    desk = Desk()
    for parameter, life in ((";expires=60", 60), (";expires=x", 3600), ("", 3600)):
        request = desk.build("1001", "REGISTER", "1001")
        headers = request.headers.replace("Contact", f"<sip:1001@client.invalid>{parameter}")
        desk.tell("1001", desk.signed("1001", type(request)("REGISTER", request.uri, headers)))
        assert desk.switch.registered("1001", desk.now + life - 1) == 1
        assert desk.switch.registered("1001", desk.now + life) == 0
