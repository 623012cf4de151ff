"""The checks see what is planted: a run that finds nothing would otherwise say nothing."""

from dataclasses import replace
from pathlib import Path

import pytest

from signaling.events import NearReceived
from signaling.message import Request
from signaling.parser import parse, serialize
from signaling.uri import Uri

from . import campaign, checks, peer
from .__main__ import main
from .b2bua import check_far
from .campaign import Found, Tally, keep, make, run_chunk, scene_of, shrink
from .deadline import TooLong, deadline
from .finding import Finding
from .naive import Unreadable
from .stages import DIALLING, HANDSET, enter
from .words import MARKER

SAID = parse(DIALLING.replace(b"sip:600@", b"sip:" + MARKER + b"@"))
AGENT = b"User-Agent: Ramal"
PLANTS = (
    ("line-framing", AGENT, b"l: 0"),
    ("line-framing", AGENT, AGENT + b"\r\n" + AGENT),
    ("line-framing", AGENT, AGENT + b"\nRoute: <sip:a>"),
    ("line-header", AGENT, b"X-a: b"),
    ("line-header", AGENT, b"Route: <sip:a@b>"),
    ("line-marker", AGENT, b"User-Agent: " + MARKER),
)
IDENTITIES = (
    (b"From: <sip:1001@", b"From: <sip:1002@"),
    (b"From: <sip:1001@", b'From: "Ana" <sip:1001@'),
    (b"Call-ID: ", b"Call-ID: x"),
    (b";tag=id", b";tag=x"),
    (b"Max-Forwards: 70", b"Max-Forwards: 69"),
    (b"branch=z9hG4bK", b"branch=z9hG4bKx"),
    (b"\r\nMax-Forwards", b"\r\nVia: SIP/2.0/WSS h;branch=z9hG4bKid1\r\nMax-Forwards"),
    (b"Contact: <sip:", b"Contact: <sip:x"),
)


def sent() -> bytes:
    """What the line sends for `SAID`."""
    stage = enter("ready")
    stage.play.happens(NearReceived(HANDSET, SAID))
    check_far(stage, SAID, stage.play.far_frames[0])
    return stage.play.far_frames[0]


@pytest.mark.parametrize(("check", "old", "new"), PLANTS)
def test_what_must_not_go_to_the_pbx_is_seen(check: str, old: bytes, new: bytes) -> None:
    frame = sent()
    assert old in frame
    with pytest.raises(Finding) as found:
        check_far(enter("ready"), SAID, frame.replace(old, new, 1))
    assert found.value.check == check


@pytest.mark.parametrize(("old", "new"), IDENTITIES)
def test_an_identity_that_is_not_the_lines_is_seen(old: bytes, new: bytes) -> None:
    frame = sent()
    assert old in frame
    with pytest.raises(Finding) as found:
        check_far(enter("ready"), SAID, frame.replace(old, new, 1))
    assert found.value.check == "line-identity"


def test_the_number_dialled_is_nowhere_else() -> None:
    frame = sent()
    assert frame.count(MARKER) == 2  # Request-URI and To
    with pytest.raises(Finding, match="line-marker"):
        check_far(enter("ready"), parse(DIALLING), frame)


def test_a_message_that_is_not_what_was_read_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def other(message: Request) -> bytes:
        return serialize(message).replace(b"\r\nSupported: ice,", b"\r\nSupported: ")

    monkeypatch.setattr(checks, "serialize", other)
    with pytest.raises(Finding, match="another message"):
        checks.check(DIALLING, "ready")


def test_a_message_that_cannot_be_read_again_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "serialize", lambda message: serialize(message).replace(b"\r\nCall-ID", b"\nCall-ID"))
    with pytest.raises(Finding, match="refuses what it wrote"):
        checks.check(DIALLING, "ready")


def test_a_refusal_that_is_two_messages_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "serialize", lambda message: serialize(message) + b"x")
    with pytest.raises(Finding, match="reply"):
        checks.check(DIALLING.replace(b"10 INVITE", b"10 BYE"), "ready")


@pytest.mark.parametrize(
    ("error", "check"), [(KeyError("x"), "raises"), (UnicodeError("x"), "raises"), (TooLong(), "hangs")]
)
def test_a_parser_that_raises_anything_else_is_seen(
    monkeypatch: pytest.MonkeyPatch, error: Exception, check: str
) -> None:
    def broken(frame: bytes, *, strict: bool) -> Request:
        raise error

    monkeypatch.setattr(checks, "parse", broken)
    with pytest.raises(Finding) as found:
        checks.check(DIALLING, "ready")
    assert found.value.check == check


def test_a_slow_parser_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_STARTUP", -1.0)
    with pytest.raises(Finding, match="slow"):
        checks.check(DIALLING, "ready")


def test_a_line_that_raises_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(event: object) -> None:
        raise RuntimeError

    stage = enter("ready")
    monkeypatch.setattr(stage.play.line, "handle", broken)
    monkeypatch.setattr(checks, "enter", lambda scene: stage)
    with pytest.raises(Finding, match="line-raises"):
        checks.check(DIALLING, "ready")


def test_what_two_parsers_see_otherwise_is_seen() -> None:
    message = parse(DIALLING)
    assert isinstance(message, Request) and not peer.compare(DIALLING, message)
    for other in (
        replace(message, method="BYE"),
        replace(message, uri=Uri.parse("sip:601@ramal.invalid")),
        replace(message, uri=Uri.parse("sip:600@ramal.invalid;a=b")),
        replace(message, body=b""),
        *(
            replace(message, headers=message.headers.replace(name, value))
            for name, value in {
                "From": "<sip:1001@ramal.invalid>;tag=other",
                "To": "<sip:601@ramal.invalid>",
                "Call-ID": "other",
                "CSeq": "11 INVITE",
                "Via": "SIP/2.0/WSS h1.invalid;branch=z9hG4bKother",
            }.items()
        ),
    ):
        with pytest.raises(peer.Disagreement):
            peer.compare(DIALLING, other)


@pytest.mark.parametrize(
    ("old", "new", "flaw"),
    [
        (b"To: <sip:600@ramal.invalid>", b"To: <sip:600@ramal.invalid?Replaces=a>", "refuses headers of a URI"),
        (b"WSS h1.invalid;", b"WSS h1.invalid: 80;", "wants one way of writing a Via"),
        (b"WSS h1.invalid;", b"WSS h_1.invalid;", "takes fewer host names"),
        (b"WSS h1.invalid;", b"WSS [:::1];", "looks into IPv6 addresses"),
        (b";tag=page-tag-0", b';tag=page-tag-0;x="a;tag=b"', "splits quoted strings"),
    ],
)
def test_a_flaw_that_is_known_is_counted(old: bytes, new: bytes, flaw: str) -> None:
    assert old in DIALLING
    frame = DIALLING.replace(old, new, 1)
    assert peer.compare(frame, parse(frame)) == {flaw: 1}


def test_time_is_limited() -> None:
    with pytest.raises(TooLong), deadline(0.01):
        while True:
            pass


def test_an_input_is_made_again_from_its_number() -> None:
    assert [make(1, number) for number in range(20)] == [make(1, number) for number in range(20)]
    assert make(1, 0) != make(2, 0)


def test_a_finding_is_made_small_and_kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def planted(frame: bytes, scene: str) -> checks.Verdict:
        if b"Via" in frame:
            raise Finding("planted", "there is a Via")
        return checks.Verdict()

    monkeypatch.setattr(campaign, "check", planted)
    tally = run_chunk(1, 0, 30)
    assert tally.kinds["planted"] > len(tally.found) == 3
    found = tally.found[0]
    assert b"Via" in found.frame and b"Call-ID" not in found.frame and found.frame.endswith(b"\r\n\r\n")
    path = keep(found, tmp_path)
    assert keep(replace(found, number=99), tmp_path) == path
    assert (path.read_bytes(), scene_of(path)) == (found.frame, found.scene)
    assert f"planted: {tally.kinds['planted']}" in str(tally)


def test_the_command_says_what_it_did(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["--seed", "7", "--count", "60", "--jobs", "1", "--folder", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert "seed 7: 60 inputs" in said and "inputs/s" in said and "accepted" in said and "0 findings" in said
    assert list(tmp_path.iterdir()) == []


def test_the_command_stops_in_time(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "CHUNK", 20)
    assert main(["--count", "1000000", "--seconds", "0", "--jobs", "1"]) == 0
    assert "seed 1: 40 inputs" in capsys.readouterr().out


def test_the_command_fails_for_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = Found("slow", "ready", 7, 2, "too slow", b"frame")
    monkeypatch.setattr(campaign, "run", lambda *_, **__: Tally(count=1, found=[found]))
    assert main(["--folder", str(tmp_path)]) == 1
    assert "slow.ready.7-2.sip: too slow" in capsys.readouterr().out
    assert (tmp_path / "slow.ready.7-2.sip").read_bytes() == b"frame"


def test_what_cannot_be_made_smaller_stays() -> None:
    assert shrink(b"a\r\nb: c\r\n\r\nd", lambda frame: b"b: c" in frame and b"d" in frame) == b"a\r\nb: c\r\n\r\nd"
    assert shrink(b"no message", lambda frame: frame == b"no message") == b"no message"


def test_a_found_input_has_its_scene_in_its_name() -> None:
    assert scene_of(Path(Found("slow", "ringing-in", 1, 2, "", b"").name)) == "ringing-in"


def test_unreadable_is_a_value_error() -> None:
    assert issubclass(Unreadable, ValueError)
