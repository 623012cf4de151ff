"""Mutations of a message: each takes a `Draft` and a source of randomness, and spoils the draft a little.

Some work on bytes, some on lines, and some know what the lines mean: those reach behind the first check of a parser.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

_Item = TypeVar("_Item")

MARKER = b"Zm4rk3rZ"  # what a page smuggles in; it must not come out at the PBX, but as the number dialled and in SDP

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
BYTES = (b"\0", b"\n", b"\r", b"\t", b" ", b'"', b"\\", b"<", b">", b",", b";", b":", b"=", b"@", b"%", b"?", b"\x7f")
TEXTS = (
    *BYTES,
    *(
        b"\r\n",
        b"\r\n ",
        b"\r\n\t",
        b"\r\n\r\n",
        b"\n\n",
        b"\r\r\n",
        b"%0d%0a",
        b"%00",
        b"\\\r\n",
        b"\\\0",
        b"\\\n",
        b'\\"',
    ),
    *(b"\xc2\x85", b"\xe2\x80\xa8", b"\xc0\x8d", b"\xff", b"\xe3", b"\xc4\x8d\xc4\x8a", b"\xef\xbb\xbf", b"\xd9\xa3"),
    *(
        b"<>",
        b"<sip:",
        b"sip:",
        b"sips:",
        b"tel:",
        b"SIP/2.0",
        b"z9hG4bK",
        b";tag=",
        b";lr",
        b"[::1]",
        b"1.2.3.4",
        b'""',
    ),
    *(b"*", b"%", b"%4", b"%41", b"'", b"`", b"(", b")", b"{", b"[", b"]", b"&", b"$", b"#", b"/", b"--", MARKER),
)
NUMBERS = (
    *(
        b"0",
        b"-1",
        b"1",
        b"00",
        b"007",
        b"255",
        b"256",
        b"65535",
        b"65536",
        b"2147483647",
        b"2147483648",
        b"4294967296",
    ),
    *(
        b"1e3",
        b"0x10",
        b"+5",
        b" 5",
        b"5 5",
        b"5;a",
        b"5,5",
        b"\xd9\xa3",
        b"9" * 20,
        b"9" * 64,
        b"9" * 65,
        b"9" * 4300,
        b"",
    ),
)
HOSTILE = (
    *(b"Route: <sip:%s@evil.example;lr>", b"Record-Route: <sip:%s@evil.example;lr>", b"Route: <sip:evil.example>"),
    *(b"P-Asserted-Identity: <sip:%s@evil.example>", b"P-Preferred-Identity: <sip:%s@evil.example>", b"Privacy: %s"),
    *(b'Authorization: Digest username="%s", realm="asterisk", response="0"', b"Proxy-Authorization: %s", b"X-%s: %s"),
    *(
        b"Diversion: <sip:%s@evil.example>",
        b"Identity: %s",
        b"Remote-Party-ID: <sip:%s@evil.example>",
        b"Path: <sip:%s@h>",
    ),
    *(
        b"Contact: <sip:%s@evil.example>",
        b"Contact: *",
        b"m: <sip:a@b>, <sip:c@d>",
        b"Expires: 0",
        b"Require: %s",
        b"Join: %s",
    ),
    *(
        b"Proxy-Require: %s",
        b"Replaces: %s;to-tag=a;from-tag=b",
        b"Refer-To: <sip:%s@evil.example>",
        b"Event: %s",
        b"%s: %s",
    ),
    *(
        b"Alert-Info: <http://%s>;info=alert-autoanswer",
        b"Call-Info: <sip:a@b>;answer-after=0;%s",
        b"Subject: %s",
        b"Date: %s",
    ),
    *(
        b"Content-Type: %s/x",
        b"Content-Encoding: gzip",
        b"Session-Expires: 90;refresher=uac",
        b"Supported: 100rel, timer, %s",
    ),
    *(b"Reason: SIP;cause=200;text=%s", b"X-Ramal-Call: %s", b"X-Ramal-Cause: no_microphone", b"Allow: UPDATE, %s"),
    *(
        b"From: <sip:%s@evil.example>;tag=a",
        b"t: <sip:%s@evil.example>",
        b"i: %s",
        b"CSeq: 1 %s",
        b"Via: SIP/2.0/WSS %s;branch=z9",
    ),
    *(
        b"Max-Forwards: 0",
        b"History-Info: <sip:%s@h>",
        b"Warning: 399 a %s",
        b"Timestamp: %s",
        b"User-Agent: %s",
        b"In-Reply-To: %s",
    ),
)
BRANCHES = (
    *(
        b"",
        b";branch",
        b";branch=",
        b";branch=z9hG4bK",
        b";branch=1",
        b";branch=Z9HG4BKx",
        b';branch="z9hG4bKx"',
        b";branch=z9hG4bK%00",
    ),
    *(
        b";branch=z9hG4bKa;branch=z9hG4bKb",
        b";BRANCH=z9hG4bKx",
        b';x=";branch=z9hG4bKx"',
        b";rport;received=1.2.3.4;branch=z9hG4bKx",
    ),
    *(
        b";branch=z9hG4bKx;maddr=" + MARKER,
        b";branch=z9hG4bKx/;ttl=1",
        b" ; branch = z9hG4bKx",
        b";branch=z9hG4bKx,",
        b";branch=z9hG4bK" + MARKER,
    ),
)
SENT_BY = (
    *(
        b"SIP/2.0/WSS h1.invalid",
        b"SIP/2.0/UDP 192.0.2.9:5060",
        b"SIP / 2.0 / WSS h1.invalid : 80",
        b"SIP/2.0/WSS [::1]:5060",
    ),
    *(
        b"SIP/2.0/WSS [fe80::1%25eth0]",
        b"sip/2.0/wss h",
        b"SIP/3.0/WSS h",
        b"SIP/2.0/WSS h:0",
        b"SIP/2.0/WSS h:65536",
        b"SIP/2.0/WSS\th",
    ),
)
URIS = (
    *(
        b"sip:600@ramal.invalid",
        b"sips:600@ramal.invalid:5061",
        b"SIP:600@RAMAL.INVALID",
        b"tel:+5511999990000",
        b"tel:600;phone-context=h",
    ),
    *(
        b"sip:ramal.invalid",
        b"sip:600:pass@ramal.invalid",
        b"sip:600@[::1]:5060",
        b"sip:600@[:::1]",
        b"sip:600@h:0",
        b"sip:600@h:99999",
    ),
    *(
        b"sip:600;x=%s@ramal.invalid",
        b"sip:600@ramal.invalid;method=BYE;maddr=%s",
        b"sip:600@ramal.invalid?Replaces=%s&Route=x",
    ),
    *(
        b"sip:%%36%%30%%30@ramal.invalid",
        b"sip:6%%000@ramal.invalid",
        b"sip:6%%0d%%0aX:%%20%s@ramal.invalid",
        b"sip:%%c3%%a3@h",
        b"sip:@h",
    ),
    *(
        b"sip:600@ramal.invalid@%s",
        b"sip:600@ramal.invalid;x=@h",
        b"sip:%s@ramal.invalid",
        b"sip:*9#%s@ramal.invalid",
        b"sip:600@",
        b"sip:",
    ),
    *(
        b"http://%s/",
        b"im:%s@h",
        b"urn:service:sos",
        b"*",
        b"<sip:600@ramal.invalid>",
        b'"%s" <sip:1001@ramal.invalid>',
        b"600",
    ),
)
METHODS = (
    b"INVITE",
    b"ACK",
    b"BYE",
    b"CANCEL",
    b"REGISTER",
    b"OPTIONS",
    b"REFER",
    b"INFO",
    b"NOTIFY",
    b"UPDATE",
    b"PRACK",
    b"invite",
    b"*",
)
_DIGITS = re.compile(rb"[0-9]+")
_WORD = re.compile(rb"[A-Za-z0-9]{2,}")
_URI = re.compile(rb"(?:sips?|tel):[^\s<>,]*")


@dataclass
class Draft:
    """``fields`` are header lines without their CRLF; ``repair``: the first Content-Length will be put right."""

    start: bytes
    fields: list[bytes]
    body: bytes
    repair: bool = True

    @classmethod
    def of(cls, data: bytes) -> "Draft":
        head, _, body = data.partition(b"\r\n\r\n")
        start, *fields = head.split(b"\r\n")
        return cls(start, fields, body)

    def __bytes__(self) -> bytes:
        fields = list(self.fields)
        if self.repair:
            for index, line in enumerate(fields):
                name, colon, _ = line.partition(b":")
                if colon and name.strip().lower() in (b"content-length", b"l"):
                    fields[index] = name + b": %d" % len(self.body)
                    break
        return b"\r\n".join([self.start, *fields]) + b"\r\n\r\n" + self.body

    def pick(self, rng: Random) -> int | None:
        return rng.randrange(len(self.fields)) if self.fields else None

    def find(self, *names: bytes) -> list[int]:
        """The places of the fields of these names (in lower case)."""
        return [i for i, line in enumerate(self.fields) if line.partition(b":")[0].strip().lower() in names]

    def edit(self, rng: Random, change: Callable[[bytes], bytes]) -> None:
        """Changes one header line or, now and then, the start line."""
        place = self.pick(rng)
        if place is None or rng.random() < 0.15:
            self.start = change(self.start)
        else:
            self.fields[place] = change(self.fields[place])


Mutation = Callable[[Draft, Random], None]


def _one(rng: Random, items: Sequence[_Item]) -> _Item:
    return items[int(rng.random() * len(items))]


def _inserted(rng: Random, line: bytes, text: bytes) -> bytes:
    at = rng.randint(0, len(line))
    return line[:at] + text + line[at:]


def _marked(text: bytes) -> bytes:
    return text.replace(b"%s", MARKER).replace(b"%%", b"%")


def change_bytes(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        for _ in range(rng.randint(1, 3)):
            at = rng.randint(0, len(line))
            match rng.randrange(3):
                case 0:
                    line = line[:at] + line[at + 1 :]
                case 1:
                    line = line[:at] + bytes([rng.randrange(256)]) + line[at + 1 :]
                case _:
                    line = line[:at] + _one(rng, BYTES) + line[at:]
        return line

    draft.edit(rng, change)


def insert_text(draft: Draft, rng: Random) -> None:
    draft.edit(rng, lambda line: _inserted(rng, line, _one(rng, TEXTS)))


def mark_word(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        words = list(_WORD.finditer(line))
        if not words:
            return line
        word = _one(rng, words)
        return line[: word.start()] + MARKER + line[word.end() :]

    draft.edit(rng, change)


def change_number(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        numbers = list(_DIGITS.finditer(line))
        if not numbers:
            return line
        number = _one(rng, numbers)
        return line[: number.start()] + _one(rng, NUMBERS) + line[number.end() :]

    draft.edit(rng, change)


def repeat_field(draft: Draft, rng: Random) -> None:
    if (place := draft.pick(rng)) is not None:
        line = draft.fields[place]
        for _ in range(_one(rng, (1, 1, 1, 1, 2, 120))):
            draft.fields.insert(rng.randint(0, len(draft.fields)), line)


def remove_field(draft: Draft, rng: Random) -> None:
    if (place := draft.pick(rng)) is not None:
        del draft.fields[place]


def shuffle_fields(draft: Draft, rng: Random) -> None:
    rng.shuffle(draft.fields)


def second_length(draft: Draft, rng: Random) -> None:
    name = _one(rng, (b"Content-Length", b"l", b"CONTENT-LENGTH", b"L", b"Content-Length ", b"Content-length\t"))
    value = _one(rng, (b"%d" % len(draft.body), b"0", *NUMBERS))
    if rng.random() < 0.5:
        draft.fields.insert(rng.randint(0, len(draft.fields)), name + b":" + value)
    else:
        draft.repair = False
        for place in draft.find(b"content-length", b"l"):
            draft.fields[place] = name + b": " + value


def rename(draft: Draft, rng: Random) -> None:
    """Compact forms, another case, space before the colon, none behind it."""
    if (place := draft.pick(rng)) is None:
        return
    name, _, value = draft.fields[place].partition(b":")
    name = _one(
        rng,
        (
            COMPACT.get(name, name),
            COMPACT.get(name, name).upper(),
            name.upper(),
            name.swapcase(),
            name + b" \t",
            b" " + name,
        ),
    )
    draft.fields[place] = name + b":" + _one(rng, (value, value.strip(), b" \t " + value + b" \t"))


def fold(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        places = [i for i, char in enumerate(line) if char in b" :;,=<>"]
        if not places:
            return line
        at = _one(rng, places) + 1
        return (
            line[:at]
            + _one(rng, (b"\r\n ", b"\r\n\t", b"\r\n  \t ", b"\n ", b"\r\n\r\n ", b"\r\n \r\n ", b"\r "))
            + line[at:]
        )

    draft.edit(rng, change)


def end_line_otherwise(draft: Draft, rng: Random) -> None:
    end = _one(
        rng, (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b"\r\n\0", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8")
    )
    if (place := draft.pick(rng)) is not None and place + 1 < len(draft.fields):
        draft.fields[place : place + 2] = [draft.fields[place] + end + draft.fields[place + 1]]


def smuggle_field(draft: Draft, rng: Random) -> None:
    """A second line hidden in a value: behind a bare line end, in quotes, in an escape."""
    hidden = _marked(_one(rng, HOSTILE))
    end = _one(
        rng,
        (
            b"\n",
            b"\r",
            b"\0",
            b"\r\n",
            b"\\\r\n",
            b"%0d%0a",
            b"\xc4\x8d\xc4\x8a",
            b"\\\n",
            b"\x85",
            b"\r\n\r\n",
            b"\n\n",
        ),
    )
    text = _one(rng, (end + hidden, b'"' + end + hidden + b'"', b"<" + end + hidden + b">", b"(" + end + hidden + b")"))
    draft.edit(rng, lambda line: _one(rng, (line + text, _inserted(rng, line, text))))


def quotes(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        name, _, value = line.partition(b":")
        value = value.strip()
        text = _one(
            rng,
            (
                b'"',
                b'""',
                b'"\\"',
                b'"a\\',
                b'";tag=x"',
                b'"<sip:a@b>"',
                b'"' + MARKER + b'"',
                b'"\\\0"',
                b'"\xff"',
                b'" ,',
            ),
        )
        return (
            name
            + b": "
            + _one(
                rng,
                (text + value, text + b" " + value, value + text, value + b";x=" + text, _inserted(rng, value, text)),
            )
        )

    draft.edit(rng, change)


def brackets(draft: Draft, rng: Random) -> None:
    choice = rng.randrange(4)
    draft.edit(
        rng,
        lambda line: (
            line.replace(b"<", b"", 1),
            line.replace(b">", b"", 1),
            line.replace(b"<", b"").replace(b">", b""),
            line.replace(b"<", _one(rng, (b"<<", b"< ", b"<>", b"x <", b'"x"<', b"<;", b"<sip:a@b>,<")), 1),
        )[choice],
    )


def make_list(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        name, _, value = line.partition(b":")
        other = _one(
            rng, (value, b"", b" *", b" <sip:" + MARKER + b"@h>", b" SIP/2.0/WSS h;branch=z9hG4bKq", b' "', b" <")
        )
        return name + b":" + _one(rng, (value + b"," + other, other + b"," + value, value + b",,", b"," + value))

    draft.edit(rng, change)


def change_via(draft: Draft, rng: Random) -> None:
    for place in draft.find(b"via", b"v")[:1]:
        line = draft.fields[place]
        value = line.partition(b":")[2]
        kept = value.partition(b";")
        draft.fields[place] = b"Via: " + _one(
            rng,
            (
                kept[0].strip() + _one(rng, BRANCHES),
                _one(rng, SENT_BY) + b";" + kept[2],
                _one(rng, SENT_BY) + _one(rng, BRANCHES),
                value.strip() + b", " + _one(rng, SENT_BY) + _one(rng, BRANCHES),
                _one(rng, SENT_BY) + _one(rng, BRANCHES) + b", " + value.strip(),
            ),
        )


def change_uri(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        uris = list(_URI.finditer(line))
        if not uris:
            return line
        uri = _one(rng, uris)
        return line[: uri.start()] + _marked(_one(rng, URIS)) + line[uri.end() :]

    draft.edit(rng, change)


def dial(draft: Draft, rng: Random) -> None:
    """Another number, at which the call can go on."""
    method, _, rest = draft.start.partition(b" ")
    number = _one(
        rng,
        (
            MARKER,
            b"*9#" + MARKER,
            b"%36" + MARKER,
            MARKER + b"_.-+",
            b"600",
            b"6%2b0",
            MARKER + b";x=y",
            b"6" * 64,
            b"6" * 65,
        ),
    )
    tail = _one(rng, (b"", b";user=phone", b";x=" + MARKER, b";maddr=" + MARKER, b":5060", b";transport=" + MARKER))
    draft.start = method + b" sip:" + number + b"@ramal.invalid" + tail + b" " + rest.rpartition(b" ")[2]


def add_parameter(draft: Draft, rng: Random) -> None:
    name = _one(
        rng,
        (
            b"tag",
            b"x",
            b"branch",
            b"expires",
            b"q",
            b"lr",
            b"TAG",
            b"%74ag",
            b"+sip.instance",
            MARKER,
            b"self",
            b"self.x",
        ),
    )
    value = _one(
        rng,
        (
            b"",
            b"=",
            b"=1",
            b"=" + MARKER,
            b'="' + MARKER + b'"',
            b"=[::1]",
            b'=";tag=x"',
            b'="\\""',
            b"=a/b:c&d$(e)",
            b"=%41",
        ),
    )
    draft.edit(rng, lambda line: _one(rng, (line + b";", line + b" ; ")) + name + value)


def add_field(draft: Draft, rng: Random) -> None:
    draft.fields.insert(rng.randint(0, len(draft.fields)), _marked(_one(rng, HOSTILE)))


def change_method(draft: Draft, rng: Random) -> None:
    """Both in the start line and in CSeq; or the status."""
    if draft.start.startswith(b"SIP/"):
        status = _one(
            rng,
            (b"100", b"199", b"200", b"299", b"302", b"401", b"486", b"491", b"600", b"699", b"700", b"99", b"1000"),
        )
        draft.start = b"SIP/2.0 " + status + _one(rng, (b" x", b" ", b"", b" \xc3\xa3 ok", b" " + MARKER, b" a  b"))
        return
    method = _one(rng, METHODS)
    draft.start = method + b" " + draft.start.partition(b" ")[2]
    for place in draft.find(b"cseq"):
        number = _DIGITS.search(draft.fields[place])
        draft.fields[place] = b"CSeq: " + (number[0] if number else b"1") + b" " + method


def change_body(draft: Draft, rng: Random) -> None:
    """Longer or shorter than said, or marked and of the length that is said."""
    match rng.randrange(4):
        case 0:
            draft.body, draft.repair = draft.body + b"x" * rng.randint(1, 9), False
        case 1:
            draft.body, draft.repair = draft.body[: -rng.randint(1, 9)], False
        case 2:
            draft.body = b""
        case _:
            draft.body = _inserted(rng, draft.body, MARKER + _one(rng, TEXTS))


def append_message(draft: Draft, rng: Random) -> None:
    again = bytes(draft)
    draft.body += _one(rng, (b"", b"\r\n", b"\r\n\r\n", b"\0")) + again.replace(b"600", MARKER)
    draft.repair = rng.random() < 0.5


def pump(draft: Draft, rng: Random) -> None:
    """Many times the same few bytes: what a regular expression that backtracks does not bear."""
    size = _one(rng, (64, 512, 2000, 7000))

    def change(line: bytes) -> bytes:
        at = rng.randint(0, len(line))
        piece = _one(
            rng, (line[at : at + rng.randint(1, 5)], _one(rng, TEXTS), b';a="', b"a@", b"a.", b"1-", b";a=b.c")
        )
        return line[:at] + piece * (size // max(1, len(piece))) + line[at:]

    draft.edit(rng, change)


MUTATIONS: Sequence[tuple[Mutation, int]] = (
    (change_bytes, 8),
    (insert_text, 10),
    (mark_word, 8),
    (change_number, 6),
    (repeat_field, 4),
    (remove_field, 3),
    (shuffle_fields, 2),
    (second_length, 5),
    (rename, 5),
    (fold, 6),
    (end_line_otherwise, 4),
    (smuggle_field, 8),
    (quotes, 7),
    (brackets, 4),
    (make_list, 5),
    (change_via, 6),
    (change_uri, 8),
    (dial, 6),
    (add_parameter, 8),
    (add_field, 10),
    (change_method, 3),
    (change_body, 5),
    (append_message, 3),
    (pump, 2),
)
_MUTATIONS = tuple(mutation for mutation, weight in MUTATIONS for _ in range(weight))


def mutate(data: bytes, rng: Random) -> bytes:
    """``data``, changed one to five times; one time among fifty it stays as it is."""
    draft = Draft.of(data)
    for _ in range(_one(rng, (0, *(1,) * 22, *(2,) * 15, *(3,) * 7, *(4,) * 3, 5, 5))):
        _one(rng, _MUTATIONS)(draft, rng)
    data = bytes(draft)
    if rng.random() < 0.04:  # anywhere, the body and the line ends as well
        data = _inserted(rng, data, _one(rng, TEXTS))
    return data
