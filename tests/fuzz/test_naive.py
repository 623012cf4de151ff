"""The naive reader, and that it sees what it is there for."""

import pytest

from tests.signaling.frames import OPTIONS, frame

from .naive import Address, Unreadable, read, uri_parts


def test_a_plain_request() -> None:
    seen = read(frame("Content-Length: 3", body=b"a\nb"), plain=True)
    assert (seen.subject, seen.uri) == ("OPTIONS", ("sip", "600", "pbx.example", "", ""))
    assert seen.from_ == Address(("sip", "1001", "pbx.example", "", ""), "f")
    assert (seen.call_id, seen.cseq, seen.branch, seen.body) == ("c", (7, "OPTIONS"), "z9hG4bK1", b"a\nb")


def test_a_response() -> None:
    seen = read(frame(base=OPTIONS.replace("OPTIONS sip:600@pbx.example SIP/2.0", "SIP/2.0 200 OK")))
    assert (seen.subject, seen.uri, seen.to.tag) == ("200", None, None)


@pytest.mark.parametrize(
    ("from_", "uri", "tag"),
    [
        ("sip:a@b;tag=c", ("sip", "a", "b", "", ""), "c"),
        ('"<sip:x@y>;tag=z" <sip:a@b;tag=d>;x=";tag=e";tag=c', ("sip", "a", "b", "", "tag=d"), "c"),
        ('"\\"<" <SIP:a:p@[::1]:05060?q>;TAG="c\\"d"', ("sip", "a:p", "[::1]", "5060", "?q"), 'c"d'),
        ("<tel:+55;x>", ("tel", "+55", "", "", "x"), None),
    ],
)
def test_addresses(from_: str, uri: tuple[str, ...], tag: str | None) -> None:
    assert read(frame(f"From: {from_}")).from_ == Address(uri, tag)  # type: ignore[arg-type]


def test_a_uri_without_a_scheme() -> None:
    with pytest.raises(Unreadable):
        uri_parts("1001")


@pytest.mark.parametrize(
    "data",
    [
        b"OPTIONS sip:a@b SIP/2.0\r\n",
        frame("l: 0"),
        frame("Content-Length:"),
        frame("Content-Length: 1"),
        frame("Content-Length: 0", body=b"OPTIONS"),
        frame() + frame(),
        frame("Subject: a").replace(b"Subject: a", b"Subject: a\nRoute: <sip:b>"),
        frame("Subject: a\rb"),
        frame("Subject: \x00"),
        frame("Subject: \\\x00"),
        frame('Subject: "a" \\\x07'),
        frame("Subject: \xff").replace("\xff".encode(), b"\xff"),
        frame("Subject: a").replace(b"Subject: a", b"Subject: a\r\n b"),
        frame("Subject: a").replace(b"Subject: a", b"BYE sip:a@b SIP/2.0"),
        frame("Subject: a").replace(b"Subject: a", b"no colon"),
        frame("Via:"),
        frame("f: <sip:a@b>;tag=c"),
        frame("From: <sip:a@b;tag=c"),
        frame("From: <sip:a@b>;tag=c;tag=d"),
        frame("CSeq: x OPTIONS"),
        frame().replace(b"SIP/2.0\r\nVia", b"SIP/2.0 \r\nVia"),
        frame(base=OPTIONS.replace("OPTIONS sip:600@pbx.example SIP/2.0", "SIP/2.0 2000 OK")),
    ],
)
def test_what_could_be_read_in_two_ways_is_seen(data: bytes) -> None:
    with pytest.raises(Unreadable):
        read(data)


@pytest.mark.parametrize(
    "from_", ['"\\\x07" <sip:a@b>;tag=c', "sip:a@b;tag=c", '"<" <sip:a@b>', "<sip:a@b;tag=c>;tag=d"]
)
def test_what_goes_to_a_pbx_is_plainer(from_: str) -> None:
    read(frame(f"From: {from_}"))
    with pytest.raises(Unreadable):
        read(frame(f"From: {from_}"), plain=True)
