"""What real peers send: the far side is read with patience, JsSIP strictly."""

import pytest

from signaling.message import Request, Response
from signaling.parser import parse, serialize

from .frames import OPTIONS, frame, refusal


@pytest.mark.parametrize(
    "data",
    [
        frame("Content-Length:"),
        frame("Max-Forwards:"),
        b"\r\n\r\n" + frame(),
        frame("Content-Length: 1", body=b"x"),
        frame("Proxy-Require: x"),
        frame("Content-Type: a"),
        frame("Expires: soon"),
        frame("Max-Forwards: 1000"),
        frame('Supported: "'),
        frame("Reason: <"),
        frame("Server: a\nServer: b"),
    ],
)
def test_the_far_side_is_read_with_patience(data: bytes) -> None:
    refusal(data)
    message = parse(data, strict=False)
    assert parse(serialize(message), strict=False) == message


def test_what_the_far_side_got_wrong_is_left_out_or_put_right() -> None:
    message = parse(frame("From: João, Silva <sip:1@h>;tag=1", "Expires: soon", "Server: a\nServer: b"), strict=False)
    assert message.headers.get("From") == '"João, Silva" <sip:1@h>;tag=1'
    assert message.expires is None
    assert message.headers.get_all("Server") == ("a",)
    latin = parse(frame('From: "Jo\x7fo" <sip:1@h>;tag=1').replace(b"\x7f", b"\xe3"), strict=False)
    assert latin.from_.display_name == "Jo\ufffdo"
    assert parse(frame("From: sip:1@h;tag=1"), strict=False).from_tag == "1"


def test_a_strange_binding_of_another_device_hides_none_of_ours() -> None:
    ok = OPTIONS.replace("OPTIONS sip:600@pbx.example SIP/2.0", "SIP/2.0 200 OK").replace("OPTIONS", "REGISTER")
    message = parse(frame("Contact: João <sip:x@y>, <name:z>, <sip:1001@h>;expires=60", base=ok), strict=False)
    assert [str(contact) for contact in message.contacts] == ["<sip:1001@h>;expires=60"]
    assert parse(frame("Contact: <name:z>", base=ok), strict=False).contacts == ()
    assert parse(frame("Contact: *", base=ok), strict=False).contact_is_star


@pytest.mark.parametrize(
    "data",
    [
        frame("Content-Length: 1"),
        frame("Content-Length: 0\nContent-Length: 0"),
        frame("To: <sip:a@b>\nTo: <sip:c@d>"),
        frame("Max-Forwards: 1\nMax-Forwards: 2"),
        frame("Subject: \x00"),
        frame("Via: SIP/2.0"),
        frame("From: <sip:a@b>"),
        frame("CSeq: 7 INVITE"),
        frame("Contact: nonsense"),
        frame('From: Joe" <nonsense>;tag=1'),
        frame().replace(b"\r\n", b"\n"),
        frame() + frame(),
    ],
)
def test_the_far_side_is_still_one_safe_message(data: bytes) -> None:
    refusal(data, strict=False)


ASTERISK = """INVITE sip:1001@127.0.0.1:5060;transport=ws SIP/2.0
Via: SIP/2.0/WSS 127.0.0.1:8089;rport;branch=z9hG4bKPj6a1c1d5c-0d8e-4b7a-9a1f-2c2f9f7c8a10;alias
From: "Bruno" <sip:1002@127.0.0.1>;tag=a3b1c7f2-2f5d-4f6f-8a8a-6b3f5a7f7d11
To: <sip:1001@vq3s8n1c.invalid;ob>
Contact: <sip:asterisk@127.0.0.1:8089;transport=ws>
Call-ID: 4d0b5a56-75a5-4d3c-b3d8-7b3f2a3c9a77
CSeq: 11417 INVITE
Allow: OPTIONS, REGISTER, SUBSCRIBE, NOTIFY, PUBLISH, INVITE, ACK, BYE, CANCEL, UPDATE, PRACK, INFO, MESSAGE, REFER
Supported: 100rel, timer, replaces, norefersub, histinfo
Session-Expires: 1800
Min-SE: 90
Max-Forwards: 70
User-Agent: Asterisk test PBX
Content-Type: application/sdp
Content-Length:     4

"""
KAMAILIO = """SIP/2.0 407 Proxy Authentication Required
Via: SIP/2.0/WSS q8.invalid;rport=40122;received=192.0.2.7;branch=z9hG4bK776
From: <sip:1001@pbx.example>;tag=9fxced76sl
To: <sip:600@pbx.example>;tag=b27e1a1d33761e85846fc98f5f3a7e58.a0cd
Call-ID: 3848276298220188511
CSeq: 1 INVITE
Proxy-Authenticate: Digest realm="pbx.example", nonce="ZVx1W2VcdC9oVQ9k"
Server: kamailio (5.7.4 (x86_64/linux))

"""
FREESWITCH = """BYE sip:1001@192.0.2.7:40122;transport=wss SIP/2.0
Via: SIP/2.0/WSS 192.0.2.9:7443;rport;branch=z9hG4bKcyS9N8Dc5gZ2N
Record-Route: <sip:192.0.2.9;r2=on;lr=on;ftag=Ztr8;nat=yes>
Max-Forwards: 70
From: <sip:600@pbx.example>;tag=Ztr8m9pDvHZmN
To: "Ana" <sip:1001@pbx.example>;tag=9fxced76sl
Call-ID: 3848276298220188511
CSeq: 88423701 BYE
Contact: <sip:600@192.0.2.9:7443;transport=wss>
User-Agent: FreeSWITCH-mod_sofia/1.10.11~64bit
Supported: timer, path, replaces
Reason: Q.850;cause=16;text="NORMAL_CLEARING"
Content-Length: 0

"""


def test_messages_as_pbxs_write_them() -> None:
    invite, challenge, bye = (
        parse(text.replace("\n", "\r\n") + body, strict=False)
        for text, body in ((ASTERISK, "v=0\n"), (KAMAILIO, ""), (FREESWITCH, ""))
    )
    assert isinstance(invite, Request) and isinstance(challenge, Response) and isinstance(bye, Request)
    assert (invite.from_.display_name, invite.body, invite.supported[0]) == ("Bruno", b"v=0\n", "100rel")
    assert (challenge.status, "nonce" in (challenge.headers.get("Proxy-Authenticate") or "")) == (407, True)
    assert (bye.reasons[0].cause, bye.record_routes[0].uri.parameters.get("lr")) == (16, "on")


JSSIP = """REGISTER sip:ramal.invalid SIP/2.0
Via: SIP/2.0/WSS 5vjmptc0hlpq.invalid;branch=z9hG4bK6316497
Max-Forwards: 69
To: <sip:1001@ramal.invalid>
From: "Ana" <sip:1001@ramal.invalid>;tag=bbm6qgb7qj
Call-ID: q2eqn7nbg8s5v1rlhmk5o3
CSeq: 1 REGISTER
Contact: <sip:bq2sjm0e@5vjmptc0hlpq.invalid;transport=wss>;+sip.ice;reg-id=1;+sip.instance="<urn:uuid:5a>";expires=600
Expires: 600
Allow: INVITE,ACK,CANCEL,BYE,UPDATE,MESSAGE,OPTIONS,REFER,INFO,NOTIFY
Supported: path,gruu,outbound
User-Agent: JsSIP 3.13.8
Content-Length: 0

"""


def test_jssip() -> None:
    message = parse(JSSIP.replace("\n", "\r\n"))
    assert message.contact is not None
    assert message.contact.parameters.get("+sip.instance") == "<urn:uuid:5a>"
    assert (message.expires, message.supported) == (600, ("path", "gruu", "outbound"))
