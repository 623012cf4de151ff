"""The words of the mutations: what a parser may stumble over, and what a page may want to bring past one."""

MARKER = b"Zm4rk3rZ"  # what a page smuggles in; it must not come out at the PBX, but as the number dialled and in SDP


def _lines(text: str) -> tuple[bytes, ...]:
    """One word on each line, with the escapes of Python; ``%s`` is for `marked`."""
    return tuple(line.encode("latin-1").decode("unicode_escape").encode("latin-1") for line in text[1:-1].split("\n"))


def _spaced(text: str) -> tuple[bytes, ...]:
    """The same, for words without spaces."""
    return _lines("\n" + "\n".join(text.split()) + "\n")


def marked(text: bytes) -> bytes:
    """``text`` with the marker for ``%s``."""
    return text.replace(b"%s", MARKER).replace(b"%%", b"%")


COMPACT = {
    b"Call-ID": b"i",
    b"Contact": b"m",
    b"Content-Length": b"l",
    b"Content-Type": b"c",
    b"From": b"f",
    b"Supported": b"k",
    b"To": b"t",
    b"Via": b"v",
}
BYTES = _spaced(
    r"""
    \x00 \n \r \t \x20 " \\ < > , ; : = @ % ? \x7f
    """
)
TEXTS = (
    *BYTES,
    *_spaced(
        r"""
        \r\n \r\n\x20 \r\n\t \r\n\r\n \n\n \r\r\n %0d%0a %00 \\\r\n \\\x00 \\\n \\" \xc2\x85 \xe2\x80\xa8
        \xc0\x8d \xff \xe3 \xc4\x8d\xc4\x8a \xef\xbb\xbf \xd9\xa3 <> <sip: sip: sips: tel: SIP/2.0 z9hG4bK
        ;tag= ;lr [::1] 1.2.3.4 "" * % %4 %41 ' ` ( ) { [ ] & $ # / --
        """
    ),
    MARKER,
)
NUMBERS = (
    *_spaced(
        r"""
        0 -1 1 00 007 255 256 65535 65536 2147483647 2147483648 4294967296 1e3 0x10 +5 \x205 5\x205 5;a 5,5
        \xd9\xa3
        """
    ),
    *(b"9" * count for count in (20, 64, 65, 4300)),
    b"",
)
HOSTILE = _lines(r"""
Route: <sip:%s@evil.example;lr>
Record-Route: <sip:%s@evil.example;lr>
Route: <sip:evil.example>
P-Asserted-Identity: <sip:%s@evil.example>
P-Preferred-Identity: <sip:%s@evil.example>
Privacy: %s
Authorization: Digest username="%s", realm="asterisk", response="0"
Proxy-Authorization: %s
X-%s: %s
Diversion: <sip:%s@evil.example>
Identity: %s
Remote-Party-ID: <sip:%s@evil.example>
Path: <sip:%s@h>
Contact: <sip:%s@evil.example>
Contact: *
m: <sip:a@b>, <sip:c@d>
Expires: 0
Require: %s
Join: %s
Proxy-Require: %s
Replaces: %s;to-tag=a;from-tag=b
Refer-To: <sip:%s@evil.example>
Event: %s
%s: %s
Alert-Info: <http://%s>;info=alert-autoanswer
Call-Info: <sip:a@b>;answer-after=0;%s
Subject: %s
Date: %s
Content-Type: %s/x
Content-Encoding: gzip
Session-Expires: 90;refresher=uac
Supported: 100rel, timer, %s
Reason: SIP;cause=200;text=%s
X-Ramal-Call: %s
X-Ramal-Cause: no_microphone
Allow: UPDATE, %s
From: <sip:%s@evil.example>;tag=a
t: <sip:%s@evil.example>
i: %s
CSeq: 1 %s
Via: SIP/2.0/WSS %s;branch=z9
Max-Forwards: 0
History-Info: <sip:%s@h>
Warning: 399 a %s
Timestamp: %s
User-Agent: %s
In-Reply-To: %s
""")
_BRANCHES = _lines(r"""

;branch
;branch=
;branch=z9hG4bK
;branch=1
;branch=Z9HG4BKx
;branch="z9hG4bKx"
;branch=z9hG4bK%00
;branch=z9hG4bKa;branch=z9hG4bKb
;BRANCH=z9hG4bKx
;x=";branch=z9hG4bKx"
;rport;received=1.2.3.4;branch=z9hG4bKx
;branch=z9hG4bKx;maddr=%s
;branch=z9hG4bKx/;ttl=1
 ; branch = z9hG4bKx
;branch=z9hG4bKx,
;branch=z9hG4bK%s
""")
BRANCHES = tuple(map(marked, _BRANCHES))
SENT_BY = _lines(r"""
SIP/2.0/WSS h1.invalid
SIP/2.0/UDP 192.0.2.9:5060
SIP / 2.0 / WSS h1.invalid : 80
SIP/2.0/WSS [::1]:5060
SIP/2.0/WSS [fe80::1%25eth0]
sip/2.0/wss h
SIP/3.0/WSS h
SIP/2.0/WSS h:0
SIP/2.0/WSS h:65536
SIP/2.0/WSS\th
""")
URIS = _lines(r"""
sip:600@ramal.invalid
sips:600@ramal.invalid:5061
SIP:600@RAMAL.INVALID
tel:+5511999990000
tel:600;phone-context=h
sip:ramal.invalid
sip:600:pass@ramal.invalid
sip:600@[::1]:5060
sip:600@[:::1]
sip:600@h:0
sip:600@h:99999
sip:600;x=%s@ramal.invalid
sip:600@ramal.invalid;method=BYE;maddr=%s
sip:600@ramal.invalid?Replaces=%s&Route=x
sip:%%36%%30%%30@ramal.invalid
sip:6%%000@ramal.invalid
sip:6%%0d%%0aX:%%20%s@ramal.invalid
sip:%%c3%%a3@h
sip:@h
sip:600@ramal.invalid@%s
sip:600@ramal.invalid;x=@h
sip:%s@ramal.invalid
sip:*9#%s@ramal.invalid
sip:600@
sip:
http://%s/
im:%s@h
urn:service:sos
*
<sip:600@ramal.invalid>
"%s" <sip:1001@ramal.invalid>
600
""")
METHODS = _spaced(
    r"""
    INVITE ACK BYE CANCEL REGISTER OPTIONS REFER INFO NOTIFY UPDATE PRACK invite *
    """
)
