"""Mutations of a message: each takes a `Draft` and a source of randomness, and spoils the draft a little.

Some work on bytes, some on lines, and some know what the lines mean: those reach behind the first check of a parser.
"""

import re
from collections.abc import Callable, Sequence
from random import Random

from .draft import Draft, inserted, one
from .words import (
    BRANCHES,
    BYTES,
    COMPACT,
    HOSTILE,
    MARKER,
    METHODS,
    NUMBERS,
    SENT_BY,
    TEXTS,
    URIS,
    marked,
)

_DIGITS = re.compile(rb"[0-9]+")
_WORD = re.compile(rb"[A-Za-z0-9]{2,}")
_URI = re.compile(rb"(?:sips?|tel):[^\s<>,]*")


Mutation = Callable[[Draft, Random], None]


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
                    line = line[:at] + one(rng, BYTES) + line[at:]
        return line

    draft.edit(rng, change)


def insert_text(draft: Draft, rng: Random) -> None:
    draft.edit(rng, lambda line: inserted(rng, line, one(rng, TEXTS)))


def mark_word(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        words = list(_WORD.finditer(line))
        if not words:
            return line
        word = one(rng, words)
        return line[: word.start()] + MARKER + line[word.end() :]

    draft.edit(rng, change)


def change_number(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        numbers = list(_DIGITS.finditer(line))
        if not numbers:
            return line
        number = one(rng, numbers)
        return line[: number.start()] + one(rng, NUMBERS) + line[number.end() :]

    draft.edit(rng, change)


def repeat_field(draft: Draft, rng: Random) -> None:
    if (place := draft.pick(rng)) is not None:
        line = draft.fields[place]
        for _ in range(one(rng, (1, 1, 1, 1, 2, 120))):
            draft.fields.insert(rng.randint(0, len(draft.fields)), line)


def remove_field(draft: Draft, rng: Random) -> None:
    if (place := draft.pick(rng)) is not None:
        del draft.fields[place]


def shuffle_fields(draft: Draft, rng: Random) -> None:
    rng.shuffle(draft.fields)


def second_length(draft: Draft, rng: Random) -> None:
    name = one(rng, (b"Content-Length", b"l", b"CONTENT-LENGTH", b"L", b"Content-Length ", b"Content-length\t"))
    value = one(rng, (b"%d" % len(draft.body), b"0", *NUMBERS))
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
    name = one(
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
    draft.fields[place] = name + b":" + one(rng, (value, value.strip(), b" \t " + value + b" \t"))


def fold(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        places = [i for i, char in enumerate(line) if char in b" :;,=<>"]
        if not places:
            return line
        at = one(rng, places) + 1
        return (
            line[:at]
            + one(rng, (b"\r\n ", b"\r\n\t", b"\r\n  \t ", b"\n ", b"\r\n\r\n ", b"\r\n \r\n ", b"\r "))
            + line[at:]
        )

    draft.edit(rng, change)


def end_line_otherwise(draft: Draft, rng: Random) -> None:
    end = one(
        rng, (b"\n", b"\r", b"\r\r\n", b"\n\r", b"\0\r\n", b"\r\n\0", b"\x0b", b"\x0c", b"\xc2\x85", b"\xe2\x80\xa8")
    )
    if (place := draft.pick(rng)) is not None and place + 1 < len(draft.fields):
        draft.fields[place : place + 2] = [draft.fields[place] + end + draft.fields[place + 1]]


def smuggle_field(draft: Draft, rng: Random) -> None:
    """A second line hidden in a value: behind a bare line end, in quotes, in an escape."""
    hidden = marked(one(rng, HOSTILE))
    end = one(
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
    text = one(rng, (end + hidden, b'"' + end + hidden + b'"', b"<" + end + hidden + b">", b"(" + end + hidden + b")"))
    draft.edit(rng, lambda line: one(rng, (line + text, inserted(rng, line, text))))


def quotes(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        name, _, value = line.partition(b":")
        value = value.strip()
        text = one(
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
            + one(
                rng,
                (text + value, text + b" " + value, value + text, value + b";x=" + text, inserted(rng, value, text)),
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
            line.replace(b"<", one(rng, (b"<<", b"< ", b"<>", b"x <", b'"x"<', b"<;", b"<sip:a@b>,<")), 1),
        )[choice],
    )


def make_list(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        name, _, value = line.partition(b":")
        other = one(
            rng, (value, b"", b" *", b" <sip:" + MARKER + b"@h>", b" SIP/2.0/WSS h;branch=z9hG4bKq", b' "', b" <")
        )
        return name + b":" + one(rng, (value + b"," + other, other + b"," + value, value + b",,", b"," + value))

    draft.edit(rng, change)


def change_via(draft: Draft, rng: Random) -> None:
    for place in draft.find(b"via", b"v")[:1]:
        line = draft.fields[place]
        value = line.partition(b":")[2]
        kept = value.partition(b";")
        draft.fields[place] = b"Via: " + one(
            rng,
            (
                kept[0].strip() + one(rng, BRANCHES),
                one(rng, SENT_BY) + b";" + kept[2],
                one(rng, SENT_BY) + one(rng, BRANCHES),
                value.strip() + b", " + one(rng, SENT_BY) + one(rng, BRANCHES),
                one(rng, SENT_BY) + one(rng, BRANCHES) + b", " + value.strip(),
            ),
        )


def change_uri(draft: Draft, rng: Random) -> None:
    def change(line: bytes) -> bytes:
        uris = list(_URI.finditer(line))
        if not uris:
            return line
        uri = one(rng, uris)
        return line[: uri.start()] + marked(one(rng, URIS)) + line[uri.end() :]

    draft.edit(rng, change)


def dial(draft: Draft, rng: Random) -> None:
    """Another number, at which the call can go on."""
    method, _, rest = draft.start.partition(b" ")
    number = one(
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
    tail = one(rng, (b"", b";user=phone", b";x=" + MARKER, b";maddr=" + MARKER, b":5060", b";transport=" + MARKER))
    draft.start = method + b" sip:" + number + b"@ramal.invalid" + tail + b" " + rest.rpartition(b" ")[2]


def add_parameter(draft: Draft, rng: Random) -> None:
    name = one(
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
    value = one(
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
    draft.edit(rng, lambda line: one(rng, (line + b";", line + b" ; ")) + name + value)


def add_field(draft: Draft, rng: Random) -> None:
    draft.fields.insert(rng.randint(0, len(draft.fields)), marked(one(rng, HOSTILE)))


def change_method(draft: Draft, rng: Random) -> None:
    """Both in the start line and in CSeq; or the status."""
    if draft.start.startswith(b"SIP/"):
        status = one(
            rng,
            (b"100", b"199", b"200", b"299", b"302", b"401", b"486", b"491", b"600", b"699", b"700", b"99", b"1000"),
        )
        draft.start = b"SIP/2.0 " + status + one(rng, (b" x", b" ", b"", b" \xc3\xa3 ok", b" " + MARKER, b" a  b"))
        return
    method = one(rng, METHODS)
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
            draft.body = inserted(rng, draft.body, MARKER + one(rng, TEXTS))


def append_message(draft: Draft, rng: Random) -> None:
    again = bytes(draft)
    draft.body += one(rng, (b"", b"\r\n", b"\r\n\r\n", b"\0")) + again.replace(b"600", MARKER)
    draft.repair = rng.random() < 0.5


def pump(draft: Draft, rng: Random) -> None:
    """Many times the same few bytes: what a regular expression that backtracks does not bear."""
    size = one(rng, (64, 512, 2000, 7000))

    def change(line: bytes) -> bytes:
        at = rng.randint(0, len(line))
        piece = one(rng, (line[at : at + rng.randint(1, 5)], one(rng, TEXTS), b';a="', b"a@", b"a.", b"1-", b";a=b.c"))
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
    for _ in range(one(rng, (0, *(1,) * 22, *(2,) * 15, *(3,) * 7, *(4,) * 3, 5, 5))):
        one(rng, _MUTATIONS)(draft, rng)
    data = bytes(draft)
    if rng.random() < 0.04:  # anywhere, the body and the line ends as well
        data = inserted(rng, data, one(rng, TEXTS))
    return data
