"""What of a handset's message counts: each header by itself, and every message of RFC 4475 and RFC 5118."""

from dataclasses import replace

import pytest

from signaling.errors import MalformedMessage
from signaling.events import NearReceived
from signaling.message import Request, Response
from signaling.parser import parse, serialize
from signaling.uri import NameAddr, Uri

from .frames import frame
from .page import OWN, attach, ready
from .playbook import Playbook, sdp
from .verdicts import VERDICTS, Verdict

FORGED = (
    ("Authorization", 'Digest username="1001", realm="pbx", nonce="f0rged", uri="sip:x", response="f0rged"'),
    ("Proxy-Authorization", 'Digest username="1001", realm="pbx", nonce="f0rged", uri="sip:x", response="f0rged"'),
    ("P-Asserted-Identity", "<sip:f0rged@pbx.example>"),
    ("P-Preferred-Identity", "<sip:f0rged@pbx.example>"),
    ("Remote-Party-ID", "<sip:f0rged@pbx.example>;party=calling"),
    ("Diversion", "<sip:f0rged@pbx.example>;reason=unconditional"),
    ("History-Info", "<sip:f0rged@pbx.example>;index=1"),
    ("Referred-By", "<sip:f0rged@pbx.example>"),
    ("Identity", "f0rged"),
    ("Privacy", "f0rged"),
    ("X-Account", "f0rged"),
    ("X-Ramal-Call", "f0rged"),
    ("X-Ramal-Cause", "f0rged"),
    ("Route", "<sip:f0rged.example;lr>"),
    ("Record-Route", "<sip:f0rged.example;lr>"),
    ("Path", "<sip:f0rged.example;lr>"),
    ("Service-Route", "<sip:f0rged.example;lr>"),
    ("Alert-Info", "<http://f0rged.example>;info=alert-autoanswer"),
    ("Call-Info", "<sip:f0rged.example>;answer-after=0"),
    ("Answer-Mode", "Auto;f0rged"),
    ("P-Auto-Answer", "f0rged"),
    ("Subject", "f0rged"),
    ("User-Agent", "f0rged"),
    ("Organization", "f0rged"),
    ("Supported", "f0rged"),
    ("Allow", "F0RGED"),
    ("Reason", 'SIP;cause=200;text="f0rged"'),
    ("Date", "Sat, 15 Oct 2005 04:44:56 GMT"),
    ("Session-Expires", "90;f0rged=1"),
    ("Min-SE", "90;f0rged=1"),
    ("Join", "f0rged;to-tag=a;from-tag=b"),
    ("Target-Dialog", "f0rged;local-tag=a;remote-tag=b"),
    ("Geolocation", "<sip:f0rged@pbx.example>"),
)


@pytest.mark.parametrize(("name", "value"), FORGED, ids=[name for name, _ in FORGED])
def test_a_header_of_a_handset_goes_no_further(name: str, value: str) -> None:
    """Neither by an INVITE nor by a BYE nor by a refused REGISTER: what the PBX gets is the same as without it."""

    def said(headers: tuple[tuple[str, str], ...]) -> tuple[list[bytes], list[bytes]]:
        play = Playbook()
        page = ready(play)
        page.request("REGISTER", "sip:ramal.invalid", to=OWN, headers=headers)
        invite = page.request("INVITE", "sip:600@ramal.invalid", headers=headers, body=sdp("page"))
        far = play.far_request("INVITE")
        play.reply(far, 200, body=sdp("pbx"))
        ack = play.far_request("ACK")
        ok = next(it for _, it in play.to_near if isinstance(it, Response) and it.status == 200 and it.body)
        page.ack(invite, ok)
        page.request("BYE", from_=ok.from_, to=ok.to, call_id=ok.call_id, cseq=9, headers=headers)
        bye = play.far_request("BYE")
        return [serialize(it) for it in (far, ack, bye)], [serialize(it) for _, it in play.to_near]

    plain, _ = said(())
    far, near = said(((name, value),))
    assert far == plain
    for message in far:
        assert b"f0rged" not in message.lower()
    for message in near:
        assert b"f0rged" not in message.lower() or name == "Record-Route"  # a 200 tells its sender its own route


def test_identity_contact_expires_and_route_are_the_session_s() -> None:
    play = Playbook()
    page = ready(play)
    page.request(
        "INVITE",
        "sip:600@ramal.invalid",
        from_=NameAddr(OWN.uri, "Somebody Else").with_tag("page"),
        to=NameAddr.parse('"Forged" <sip:999@evil.example>'),
        contact='"Forged" <sip:forged@evil.example>;expires=99',
        headers=(("Route", "<sip:evil.example;lr>"), ("Expires", "1")),
        body=sdp("page"),
    )
    invite = play.far_request("INVITE")
    assert str(invite.uri) == str(invite.to).strip("<>") == "sip:600@pbx.example"
    assert (invite.from_.display_name, invite.from_.uri) == (None, Uri("sip", "1001", "pbx.example"))
    assert invite.contact == play.line.far.contact
    assert (invite.routes, invite.expires, invite.max_forwards) == ((), None, 70)
    assert invite.call_id not in ("near", page.handset) and invite.cseq.number == 1


@pytest.mark.parametrize(
    "line",
    [
        "From: <sip:1001@ramal.invalid>;tag=x",
        "To: <sip:600@ramal.invalid>",
        "Call-ID: other",
        "CSeq: 7 OPTIONS",
        "Max-Forwards: 70",
        "Content-Type: application/sdp",
        "Expires: 5",
        "Content-Length: 0",
    ],
)
def test_a_single_field_that_is_there_twice_is_refused(line: str) -> None:
    name = line.partition(":")[0]
    text = frame("Content-Type: application/sdp", "Expires: 5").decode().split("\r\n")
    text.insert(1, line)
    with pytest.raises(MalformedMessage) as refused:
        parse("\r\n".join(text))
    assert (refused.value.status, f"{name} is there more than once") == (400, refused.value.phrase)


@pytest.mark.parametrize("aor", ["sip:1002@ramal.invalid", "sip:1001@pbx.example", "sips:1001@ramal.invalid"])
def test_another_address_of_record_is_refused(aor: str) -> None:
    play = Playbook()
    page = attach(play)
    stranger = NameAddr.parse(f"<{aor}>")
    page.request("REGISTER", "sip:ramal.invalid", from_=stranger.with_tag("x"), to=OWN)
    play.near_response(403)
    page.request("REGISTER", "sip:ramal.invalid", to=stranger)
    play.near_response(403)
    assert play.line.registered() == []


@pytest.mark.parametrize(
    "method", ["REFER", "SUBSCRIBE", "PUBLISH", "NOTIFY", "UPDATE", "PRACK", "INFO", "FOO", "register"]
)
def test_other_methods_out_of_a_dialog(method: str) -> None:
    play = Playbook()
    page = attach(play)
    page.request(method, "sip:600@ramal.invalid")
    response = play.near_response(405)
    assert method not in response.allow and "INVITE" in response.allow
    play.silence()


# RFC 4475, as it came and as this line's own


def given() -> Playbook:
    """A line that is ready, with one handset."""
    play = Playbook()
    ready(play)
    return play


def say(play: Playbook, message: Request | Response) -> int | str:
    """What the line does: the final status, ``accept`` where the PBX hears of it, or ``drop``."""
    play.happens(NearReceived("h1", message))
    if play.to_far:
        return "accept"
    said = [it.status for _, it in play.to_near if isinstance(it, Response) and it.status != 100]
    return said[0] if said else "drop"


def owned(message: Request) -> Request:
    """The same message of the line's own user, out of any dialog, to somebody at the gateway."""
    target = Uri("sip", "600", "ramal.invalid")
    to = OWN if message.method == "REGISTER" else NameAddr(target)
    headers = message.headers.replace("From", str(OWN.with_tag("t"))).replace("To", str(to))
    return replace(message, uri=target, headers=headers)


# What the line says to those that the parser takes: as they came (of strangers), and as this line's own.
LINE = {
    "wsinv": (481, "accept"),
    "intmeth": (405, 405),
    "esc01": (403, "accept"),
    "escnull": (403, 400),
    "esc02": (405, 405),
    "lwsdisp": (403, 200),
    "longreq": (403, "accept"),
    "semiuri": (403, 200),
    "transports": (403, 200),
    "mpart01": (405, 405),
    "unreason": ("drop", None),
    "noreason": ("drop", None),
    "baddate": (403, "accept"),
    "regaut01": (403, 200),
    "bcast": ("drop", None),
    "zeromf": (483, 483),
    "cparam01": (403, 200),
    "cparam02": (403, 200),
    "regescrt": (403, 200),
    "sdp01": (403, "accept"),
}


@pytest.mark.parametrize("verdict", [it for it in VERDICTS if it.status is None], ids=lambda it: it.name)
def test_rfc_4475_through_the_line(verdict: Verdict) -> None:
    as_it_came, as_own = LINE[verdict.name]
    message = parse(verdict.frame)
    play = given()
    assert say(play, message) == as_it_came
    if as_own is None:
        assert verdict.line == "drop"
        return
    assert isinstance(message, Request)
    play = given()
    assert say(play, owned(message)) == as_own
    for far in play.to_far:
        for value in ("evil", "example.com", "example.net", "Authorization", "NewFangled"):
            assert value not in serialize(far).decode(errors="replace"), far


def test_every_verdict_of_the_line_is_asserted() -> None:
    assert set(LINE) == {it.name for it in VERDICTS if it.status is None}
    for verdict in VERDICTS:
        if verdict.status is None and isinstance(verdict.line, int):
            assert verdict.line in LINE[verdict.name]


def test_a_contact_with_a_route_registers_without_it() -> None:
    """`regescrt`: requests to the handset do not go where its Contact's headers say."""
    message = parse(next(it for it in VERDICTS if it.name == "regescrt").frame)
    assert isinstance(message, Request)
    play = given()
    assert say(play, owned(message)) == 200
    (agent,) = play.line.registered()
    assert agent.binding is not None and agent.binding.uri.headers == ()


def test_an_unknown_scheme_of_authorization_is_no_reason_to_refuse() -> None:
    """`regaut01`: the header is dropped."""
    message = parse(next(it for it in VERDICTS if it.name == "regaut01").frame)
    assert isinstance(message, Request) and "Authorization" in message.headers
    play = given()
    assert say(play, owned(message)) == 200
    play.silence_far()


RFC_5118 = {
    "ipv6-good": ("Via: SIP/2.0/UDP [2001:db8::9:1];received=[2001:db8::9:255];branch=z9hG4bKas3-111", 200),
    "ipv6-bad": ("Via: SIP/2.0/UDP 2001:db8::9:1;branch=z9hG4bKas3", 400),
    "port-unambiguous": ("Contact: <sip:1001@[2001:db8::10]:5070>", 200),
    "port-ambiguous": ("Contact: <sip:1001@[2001:db8::10:5070]>", 200),
    "via-received": ("Via: SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;branch=z9hG4bKas4", 200),
    "ipv4-mapped": ("Via: SIP/2.0/UDP [::ffff:192.0.2.10]:19823;branch=z9hG4bKbh19", 200),
    "mult-ip-in-header": ("Via: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bK5, SIP/2.0/UDP h.invalid", 200),
    "ipv6-bug-abnf-3-colons": ("Contact: <sip:1001@[2001:db8:::192.0.2.1]>", 200),
}  # fmt: skip


@pytest.mark.parametrize(("line", "status"), RFC_5118.values(), ids=RFC_5118.keys())
def test_rfc_5118_through_the_line(line: str, status: int) -> None:
    """Those of its eleven messages that are not SDP, which is the media engine's."""
    own = ("From: <sip:1001@ramal.invalid>;tag=f", "To: <sip:1001@ramal.invalid>")
    text = frame(*own, line).decode().replace("OPTIONS sip:600@pbx.example", "REGISTER sip:ramal.invalid")
    play = given()
    try:
        message = parse(text.replace("7 OPTIONS", "7 REGISTER"))
    except MalformedMessage as refused:
        assert refused.status == status
        return
    assert say(play, message) == status


@pytest.mark.parametrize(
    ("contact", "host", "port"),
    [
        ("<sip:1001@[2001:db8::10]:5070>", "[2001:db8::10]", 5070),
        ("<sip:1001@[2001:db8::10:5070]>", "[2001:db8::10:5070]", None),
    ],
)
def test_port_of_an_ipv6_address(contact: str, host: str, port: int | None) -> None:
    uri = NameAddr.parse(contact).uri
    assert (uri.host, uri.port) == (host, port)
