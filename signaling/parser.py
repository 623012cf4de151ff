"""Frames to messages and back: exactly one message per frame, strictly read, always rebuilt.

``strict`` is for the near side: what a handset sends must be what RFC 3261 asks for. Without it, for the far side, the
parser takes what real PBXs send (see `_relax`), and is as safe: one message, one length, no stray control characters.
Nothing of the bytes is passed on; what goes out is always `serialize` of a value.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from .errors import MalformedMessage, UnsupportedScheme
from .fields import CSeq, MediaType, Via
from .grammar import CALL_ID, DATE, FIELD, REQUEST_LINE, STATUS_LINE, TOKEN, VIA, number, split_list
from .headers import SINGLE, Headers, canonical
from .message import Request, Response
from .reasons import REASON_PHRASES
from .uri import NameAddr, Uri

_REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")
_NAME_ADDR = frozenset(("From", "To", "Contact", "Route", "Record-Route"))
# Body types that a request of the near side may carry; a method that is not here may carry any.
_BODY_TYPES = {method: "application/sdp" for method in ("INVITE", "ACK", "PRACK", "UPDATE")}


@dataclass(frozen=True, slots=True)
class Limits:
    """In bytes, except ``headers``, which counts header fields. ``line`` is without its CRLF and holds for a folded
    field as a whole too; ``header_section`` is everything before the empty line.
    """

    message: int = 61_440
    headers: int = 100
    line: int = 8_192
    header_section: int = 32_768


DEFAULT_LIMITS = Limits()


def is_keep_alive(frame: bytes | str) -> bool:
    """The CRLF and CRLFCRLF of RFC 5626 section 3.5.1 and RFC 7118 section 6; a ping is the double one."""
    return frame in (b"\r\n", b"\r\n\r\n", "\r\n", "\r\n\r\n")


def serialize(message: Request | Response) -> bytes:
    """The message as bytes, with exactly one Content-Length, no folding and no compact name."""
    if isinstance(message, Request):
        lines = [f"{message.method} {message.uri} SIP/2.0"]
    else:
        lines = [f"SIP/2.0 {message.status} {message.reason}"]
    lines += [f"{name}: {value}" for name, value in message.headers]
    lines += [f"Content-Length: {len(message.body)}", "", ""]
    return "\r\n".join(lines).encode() + message.body


def parse(frame: bytes | str, limits: Limits = DEFAULT_LIMITS, *, strict: bool = True) -> Request | Response:
    """The one message in ``frame``. Raises `MalformedMessage`, with the reply that the sender gets, if any."""
    fields: list[tuple[str, str]] = []
    start = ""
    try:
        data = frame.encode() if isinstance(frame, str) else frame
        if len(data) > limits.message:
            raise MalformedMessage("The message is over the limit", status=513, close_code=1009)
        head, body = _split(data if strict else data.lstrip(b"\r\n"), limits)
        start, *lines = head.decode("utf-8", "strict" if strict else "replace").split("\r\n")
        _read_fields(lines, fields, limits)
        _check_content_length(fields, len(body), strict)
        _check_repeated(fields, strict)
        headers = _typed(fields, strict)
        if start[:4].upper() == "SIP/":
            return _response(start, headers, body)
        request = _request(start, headers, body)
        if strict:
            _check_request(request)
        return request
    except MalformedMessage as flaw:
        flaw.reply = _refusal(start, fields, flaw)
        raise
    except ValueError as error:  # of the single values, and of UTF-8
        phrase = "The text is not UTF-8" if isinstance(error, UnicodeError) else str(error)
        raise MalformedMessage(phrase, reply=_refusal(start, fields, MalformedMessage(phrase))) from None


def _split(data: bytes, limits: Limits) -> tuple[bytes, bytes]:
    head, separator, body = data.partition(b"\r\n\r\n")
    if not separator:
        raise MalformedMessage("The header section does not end")
    if len(head) + 2 > limits.header_section:
        raise MalformedMessage("The header section is over the limit")
    return head, body


def _read_fields(lines: list[str], fields: list[tuple[str, str]], limits: Limits) -> None:
    """Unfolds ``lines`` into ``fields``, which keeps what was read when this raises."""
    folded: list[list[str]] = []
    for line in lines:
        if len(line.encode()) > limits.line:
            raise MalformedMessage("A line is over the limit")
        if line[:1] in (" ", "\t"):
            if not folded:
                raise MalformedMessage("The first header field is a continuation")
            folded[-1].append(line.strip(" \t"))
        else:
            folded.append([line])
    if len(folded) > limits.headers:
        raise MalformedMessage("There are too many header fields")
    flaw = None
    for parts in folded:
        text = " ".join(parts)
        match = FIELD.fullmatch(text)
        if match and len(text.encode()) <= limits.line:
            fields.append((canonical(match[1]), match[2].strip(" \t")))
        else:  # read on, so that a refusal finds what it must copy
            flaw = "A header field is malformed" if not match else "A folded header field is over the limit"
    if flaw is not None:
        raise MalformedMessage(flaw)


def _check_content_length(fields: list[tuple[str, str]], length: int, strict: bool) -> None:
    values = [value for name, value in fields if name == "Content-Length"]
    if len(values) > 1:
        raise MalformedMessage("Content-Length is there more than once", close_code=1008)
    if not values and strict:
        raise MalformedMessage("Content-Length is missing")
    if values and number(values[0], 2**31) != length:
        raise MalformedMessage("Content-Length is not the length of the body")


def _check_repeated(fields: list[tuple[str, str]], strict: bool) -> None:
    """Single fields may not repeat; of those that decide nothing a PBX may send two, and the first one counts."""
    seen, kept = set(), []
    for name, value in fields:
        if name in SINGLE and name in seen:
            if strict or name in (*_REQUIRED, "Max-Forwards", "Content-Type"):
                raise MalformedMessage(f"{name} is there more than once")
            continue
        seen.add(name)
        kept.append((name, value))
    fields[:] = kept


def _typed(fields: list[tuple[str, str]], strict: bool) -> Headers:
    """The headers without Content-Length, each typed one checked: after this no property of the message raises."""
    pairs = []
    register = any(name == "CSeq" and value.endswith("REGISTER") for name, value in fields)
    for name, value in fields:
        if name == "Content-Length" or (name == "Date" and not DATE.fullmatch(value)):
            continue  # RFC 4475 section 3.1.2.12: a Date that is none is left out
        if not strict:
            relaxed = _relax_bindings(value) if name == "Contact" and register else _relax(name, value)
            if relaxed is None:
                continue
            value = relaxed
        pairs.append((name, value))
    headers = Headers(pairs)
    for name in _REQUIRED:
        if name not in headers:
            raise MalformedMessage(f"{name} is missing")
    for name, value in headers:
        _check_value(name, value)
    if NameAddr.parse(headers.get("From") or "").tag is None:
        raise MalformedMessage("From has no tag")
    return headers


def _name_addr(text: str) -> None:
    NameAddr.parse(text)


def _call_id(text: str) -> None:
    if not CALL_ID.fullmatch(text):
        raise ValueError("it is malformed")


_CHECKS: Mapping[str, Callable[[str], object]] = {
    **dict.fromkeys(_NAME_ADDR, _name_addr),
    **dict.fromkeys(("Require", "Proxy-Require", "Supported", "Unsupported", "Allow"), split_list),
    "Via": Via.parse,
    "CSeq": CSeq.parse,
    "Call-ID": _call_id,
    "Content-Type": MediaType.parse,
    "Max-Forwards": lambda text: number(text, 255),
    "Expires": lambda text: number(text, 2**32 - 1),
    "Reason": split_list,
}


def _check_value(name: str, value: str) -> None:
    check = _CHECKS.get(name)
    if check is None or (name == "Contact" and value == "*"):
        return
    try:
        check(value)
    except ValueError as error:
        raise MalformedMessage(f"{name} cannot be read: {error}") from None


def _relax(name: str, value: str) -> str | None:
    """What the far side may do that the near side may not, made strict; None leaves the field out.

    A display name of From, To and the like that needs quotes gets them. An optional field that cannot be read is left
    out: Expires (RFC 3261 section 20.19), Max-Forwards, Content-Type, Supported, Allow, Reason.
    """
    if name in ("From", "To"):
        before, bracket, after = value.partition("<")
        if bracket and not before.lstrip(" \t").startswith('"'):
            parsed = NameAddr.parse(bracket + after)
            return str(NameAddr(parsed.uri, before.strip(" \t"), parsed.parameters))
        return value
    if name in _NAME_ADDR or name in _REQUIRED or name in ("Require", "Proxy-Require"):
        return value
    try:
        _check_value(name, value)
    except ValueError:
        return None
    return value


def _relax_bindings(value: str) -> str | None:
    """The Contact of a REGISTER or its 200 without the elements that cannot be read: other devices' bindings, which
    must not keep our own from being seen.
    """
    kept = []
    for element in split_list(value):
        try:
            _check_value("Contact", element)
        except ValueError:
            continue
        kept.append(element)
    return ", ".join(kept) or None


def _request(start: str, headers: Headers, body: bytes) -> Request:
    match = REQUEST_LINE.fullmatch(start)
    if not match:
        raise MalformedMessage("The request line is malformed")
    if (int(match[3]), int(match[4])) != (2, 0):
        raise MalformedMessage("The version of SIP is not supported", status=505)
    try:
        uri = Uri.parse(match[2])
    except UnsupportedScheme as error:
        raise MalformedMessage(str(error), status=416) from None
    if CSeq.parse(headers.get("CSeq") or "").method != match[1]:
        raise MalformedMessage("The method of CSeq is not that of the request")
    return Request(match[1], uri, headers, body)


def _response(start: str, headers: Headers, body: bytes) -> Response:
    match = STATUS_LINE.fullmatch(start)
    if not match:
        raise MalformedMessage("The status line is malformed")
    return Response(int(match[1]), match[2] or "", headers, body)


def _check_request(request: Request) -> None:
    """What a handset's request must have beyond its grammar (RFC 3261 sections 8.1.1, 8.2.2 and 8.2.3)."""
    if request.max_forwards is None:
        raise MalformedMessage("Max-Forwards is missing")
    star, contacts = request.contact_is_star, len(request.headers.get_all("Contact"))
    if "*" in request.headers.get_all("Contact") and (
        not star or contacts > 1 or request.method != "REGISTER" or request.expires != 0
    ):
        raise MalformedMessage("Contact: * is for a REGISTER that removes all bindings, with Expires: 0")
    if request.method == "INVITE" and contacts != 1:
        raise MalformedMessage("An INVITE has exactly one Contact")
    if request.body and request.content_type is None:
        raise MalformedMessage("Content-Type is missing")
    if request.headers.get_list("Proxy-Require") and request.method not in ("ACK", "CANCEL"):
        raise MalformedMessage("Proxy-Require asks for what is not supported", status=420)
    wanted = _BODY_TYPES.get(request.method)
    content_type = request.content_type
    if request.body and wanted and content_type is not None and content_type.essence != wanted:
        raise MalformedMessage("The body is of a type that is not supported", status=415)


def _refusal(start: str, fields: list[tuple[str, str]], flaw: MalformedMessage) -> Response | None:
    """The reply to a request that could not be taken, from what could be read of it.

    From and To are copied as they came even where they are malformed (the sender finds its own text again), and a
    repeated field by its first one. The tag of To is made as a stateless server makes it: the same request gets
    the same one (RFC 3261 section 8.2.7).
    """
    method = start.partition(" ")[0]
    if not TOKEN.fullmatch(method) or method.upper() in ("ACK", "SIP"):
        return None
    found: dict[str, str] = {}
    for name, value in fields:
        found.setdefault(name, value)
    if any(not found.get(name) for name in _REQUIRED) or not VIA.match(found["Via"]):
        return None
    to = found["To"]
    try:
        if NameAddr.parse(to).tag is None:
            tag = hashlib.sha256("\0".join(found[name] for name in _REQUIRED).encode()).hexdigest()[:16]
            to = str(NameAddr.parse(to).with_tag(tag))
    except ValueError:
        pass
    vias = [via for name, value in fields if name == "Via" for via in value.split(",")]
    copied = [("Via", via) for via in vias if VIA.match(via.strip(" \t"))]
    copied += [("From", found["From"]), ("To", to), ("Call-ID", found["Call-ID"]), ("CSeq", found["CSeq"])]
    reason = flaw.phrase if flaw.status == 400 else REASON_PHRASES[flaw.status]
    try:
        return Response(flaw.status, reason, Headers(copied + _explanation(flaw.status, fields)))
    except ValueError:  # an open quote or a control character in what would be repeated
        return None


def _explanation(status: int, fields: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The header that the status must have (RFC 3261 sections 21.4.13 and 21.4.15)."""
    if status == 415:
        return [("Accept", "application/sdp")]
    if status == 420:
        return [("Unsupported", value) for name, value in fields if name == "Proxy-Require"]
    return []
