"""A second reader of SIP, standing in for a lenient PBX: it walks over the bytes, and shares no line with `signaling`.

`read` takes one frame and tells what it says; it raises `Unreadable` where the frame could be taken for anything else
than one plain message. No regular expressions here: they are what is under test.
"""

from dataclasses import dataclass

_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "l": "content-length", "m": "contact"}
_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")
_CONTROLS = frozenset(map(chr, (*range(9), *range(10, 32), 127)))


class Unreadable(ValueError):
    """The bytes are not one message that everybody reads alike; the text says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """``uri`` as `uri_parts` gives it; ``tag`` is None where there is none."""

    uri: tuple[str, str, str, str, str]
    tag: str | None


@dataclass(frozen=True, slots=True)
class Seen:
    """What a PBX goes by. ``subject`` is the method or the status, ``uri`` is empty in a response."""

    subject: str
    uri: tuple[str, str, str, str, str] | None
    call_id: str
    from_: Address
    to: Address
    cseq: tuple[int, str]
    branch: str | None
    fields: tuple[tuple[str, str], ...]
    body: bytes


def read(data: bytes, *, plain: bool = False) -> Seen:
    """``plain`` is for what goes to the PBX: no control character at all, and a reader that knows nothing of quotes
    must see the same tags.
    """
    start, fields, body = frame(data, plain=plain)
    via = _values(fields, "via")
    if not via:
        raise Unreadable("there is no Via")
    first, second, third = (start.split(" ", 2) + ["", ""])[:3]
    is_response = first == "SIP/2.0"
    if is_response and not (len(second) == 3 and second.isascii() and second.isdigit()):
        raise Unreadable("the status is no number")
    if not is_response and third != "SIP/2.0":
        raise Unreadable("the start line is no start line")
    number, _, method = _only(fields, "cseq").replace("\t", " ").partition(" ")
    if not (number.isascii() and number.isdigit()):
        raise Unreadable("the CSeq is no number")
    return Seen(
        second if is_response else first,
        None if is_response else uri_parts(second),
        _only(fields, "call-id"),
        _address(_only(fields, "from"), plain),
        _address(_only(fields, "to"), plain),
        (int(number), method.strip(" ")),
        _parameter(_outside(via[0], ",")[0], "branch"),
        tuple(fields),
        body,
    )


def frame(data: bytes, *, plain: bool = False) -> tuple[str, list[tuple[str, str]], bytes]:
    """Start line, fields and body, whatever the fields say; there is one Content-Length, which is that of the body."""
    head, end, body = data.partition(b"\r\n\r\n")
    if not end:
        raise Unreadable("the header section does not end")
    if b"\r" in head.replace(b"\r\n", b"") or b"\n" in head.replace(b"\r\n", b""):
        raise Unreadable("there is a bare CR or LF in the header section")
    try:
        start, *lines = head.decode().split("\r\n")
    except UnicodeDecodeError:
        raise Unreadable("the header section is not UTF-8") from None
    _refuse_controls(start, plain=True)
    fields = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line[:1] in (" ", "\t"):
            raise Unreadable("a line is folded")
        if not colon or not name or not set(name) <= _NAME:
            raise Unreadable("a line is no header field: it could be a second start line")
        _refuse_controls(value, plain)
        fields.append((name, value.strip(" \t")))
    length = _only(fields, "content-length")
    if not (length.isascii() and length.isdigit() and int(length) == len(body)):
        raise Unreadable("Content-Length is not the length of the body")
    return start, fields, body


def _refuse_controls(text: str, plain: bool) -> None:
    """A control character may only be the second half of a quoted-pair in a quoted string."""
    if _CONTROLS.isdisjoint(text):
        return
    quoted = escaped = False
    for char in text:
        if char in _CONTROLS and (plain or not (quoted and escaped)):
            raise Unreadable("there is a bare control character in the header section")
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"':
            quoted = not quoted


def _values(fields: list[tuple[str, str]], name: str) -> list[str]:
    return [value for key, value in fields if _COMPACT.get(key.lower(), key.lower()) == name]


def _only(fields: list[tuple[str, str]], name: str) -> str:
    values = _values(fields, name)
    if len(values) != 1:
        raise Unreadable(f"{name} is there {len(values)} times")
    return values[0]


def _outside(text: str, separator: str) -> list[str]:
    """``text`` split at ``separator``, where that is neither in quotes nor in angle brackets."""
    if '"' not in text and "<" not in text:
        return text.split(separator)
    parts, part, quoted, escaped, bracket = [], "", False, False, False
    for char in text:
        if char == separator and not quoted and not bracket:
            parts.append(part)
            part = ""
            continue
        part += char
        if escaped:
            escaped = False
        elif char == "\\" and quoted:
            escaped = True
        elif char == '"' and not bracket:
            quoted = not quoted
        elif char == "<" and not quoted:
            bracket = True
        elif char == ">" and not quoted:
            bracket = False
    return [*parts, part]


def _address(text: str, plain: bool) -> Address:
    if plain:
        return _plain_address(text)
    name = _outside(text, "<")[0]
    if name == text:
        uri, tag = _outside(text, ";")[0].strip(" \t"), _parameter(text, "tag")
    else:
        uri, closed, rest = text[len(name) + 1 :].partition(">")
        if not closed:
            raise Unreadable("an angle bracket is not closed")
        tag = _parameter(rest, "tag")
    return Address(uri_parts(uri), tag)


def _plain_address(text: str) -> Address:
    """As a reader that only searches for text would do it."""
    uri = text.partition("<")[2].partition(">")[0]
    if text.count("<") != 1 or text.count(">") != 1 or text.lower().count("tag=") > 1:
        raise Unreadable("an address is not plain")
    found = text.partition(";tag=")
    return Address(uri_parts(uri), found[2].partition(";")[0] if found[1] else None)


def _parameter(text: str, wanted: str) -> str | None:
    """The value of a parameter, without quotes; ``text`` is what stands before the first one and all of them."""
    found = []
    for part in _outside(text, ";")[1:]:
        name, _, value = part.partition("=")
        if name.strip(" \t").lower() == wanted:
            found.append(_unquoted(value.strip(" \t")))
    if len(found) > 1:
        raise Unreadable(f"{wanted} is there twice")
    return found[0] if found else None


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    text, escaped = "", False
    for char in value[1:-1]:
        if char == "\\" and not escaped:
            escaped = True
        else:
            text, escaped = text + char, False
    return text


def uri_parts(text: str) -> tuple[str, str, str, str, str]:
    """Scheme (lower case), user with password, host, port without leading zeros, and parameters with headers."""
    scheme, colon, rest = text.partition(":")
    if not colon:
        raise Unreadable("a URI has no scheme")
    if scheme.lower() == "tel":
        user, _, parameters = rest.partition(";")
        return "tel", user, "", "", parameters
    user, at, place = rest.partition("@")
    if not at:
        user, place = "", rest
    end = min((place.index(char) for char in ";?" if char in place), default=len(place))
    place, parameters = place[:end], place[end:].removeprefix(";")
    host, bracket, port = place.partition("]") if place.startswith("[") else (place, "", "")
    host, _, port = (host + bracket, "", port.removeprefix(":")) if bracket else place.partition(":")
    return scheme.lower(), user, host, port.lstrip("0"), parameters
