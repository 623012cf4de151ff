"""sipmessage as a second opinion: a parser of other people, with its known flaws written down one by one.

It reads one field at a time under a time limit. Where it does not see what we see, and no flaw of `_flaw_of_*`
explains it, the difference is a `Disagreement`. What it could not judge is counted by the flaw, so that nobody takes
its silence for agreement.
"""

import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import unquote

import sipmessage

from signaling.fields import Via
from signaling.message import Request, Response
from signaling.parameters import Parameters
from signaling.uri import NameAddr, Uri

from .deadline import TooLong, deadline

_Value = TypeVar("_Value")

_SECONDS = 0.02  # of processor time for one field
_TOKEN = re.compile(r"[A-Za-z0-9\-.!%*_+`'~]+")
_USER = re.compile(r"(?:[A-Za-z0-9\-_.!~*/'()&=+$,;?]|%[0-9A-Fa-f]{2})+")
_PASSWORD = re.compile(r"(?:[A-Za-z0-9\-_.!~*/'()&=+$,]|%[0-9A-Fa-f]{2})+")
_PARAMCHARS = re.compile(r"(?:[A-Za-z0-9\-_.!~*'()\[\]/:&+$]|%[0-9A-Fa-f]{2})+")
_LABEL = re.compile(r"[A-Za-z0-9]+(?:-+[A-Za-z0-9]+)*")
_TOP_LABEL = re.compile(r"[A-Za-z]+(?:-+[A-Za-z0-9]+)*")
_IPV4 = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
_GLOBAL_NUMBER = re.compile(r"\+[0-9\-.()]*[0-9][0-9\-.()]*")
_LOCAL_NUMBER = re.compile(r"[0-9A-Fa-f*#\-.()]*[0-9A-Fa-f*#][0-9A-Fa-f*#\-.()]*")


class Disagreement(Exception):
    """sipmessage sees another value than we do, or refuses one that it should take."""


def compare(data: bytes, message: Request | Response) -> Counter[str]:
    """What sipmessage could not judge in ``data``, by flaw; ``message`` is what we mean. Raises `Disagreement`."""
    flaws: Counter[str] = Counter()
    flaw = _flaw_of_uri(message.uri, str(message.uri)) if isinstance(message, Request) else None
    seen = _try("the start line", partial(sipmessage.Message.parse, data), flaw, flaws)
    if seen is None:
        return flaws
    if isinstance(message, Request) and isinstance(seen, sipmessage.Request):
        _expect("method", message.method, seen.method)
        _compare_uri("Request-URI", message.uri, seen.uri, flaw, flaws)
    elif isinstance(message, Response) and isinstance(seen, sipmessage.Response):
        _expect("status", message.status, seen.code)
    else:
        raise Disagreement("a request to one is a response to the other")
    _expect("body", message.body, seen.body)
    _expect("Content-Length", len(message.body), seen.content_length)
    _expect("Call-ID", message.call_id, seen.call_id)
    cseq = seen.cseq
    _expect("CSeq", (message.cseq.number, message.cseq.method), (cseq.sequence, cseq.method))
    _compare_address("From", message.from_, seen.headers.get("From") or "", flaws)
    _compare_address("To", message.to, seen.headers.get("To") or "", flaws)
    _compare_via(message.via, seen.headers.get("Via") or "", flaws)
    return flaws


def _try(what: str, read: Callable[[], _Value], flaw: str | None, flaws: Counter[str]) -> _Value | None:
    try:
        with deadline(_SECONDS):
            return read()
    except TooLong:
        flaws["backtracks"] += 1
    except (ValueError, TypeError) as error:  # TypeError: a parameter that is called "self"
        if flaw is None:
            raise Disagreement(f"sipmessage refuses {what}: {error}") from None
        flaws[flaw] += 1
    return None


def _expect(
    what: str, ours: object, theirs: object, flaw: str | None = None, flaws: Counter[str] | None = None
) -> None:
    if ours == theirs:
        return
    if flaw is None or flaws is None:
        raise Disagreement(f"{what}: we see {ours!r}, sipmessage sees {theirs!r}")
    flaws[flaw] += 1


def _compare_address(name: str, ours: NameAddr, text: str, flaws: Counter[str]) -> None:
    flaw = _flaw_of_address(ours, text)
    theirs = _try(name, partial(sipmessage.Address.parse, text), flaw, flaws)
    if theirs is not None:
        _compare_uri(f"URI of {name}", ours.uri, theirs.uri, flaw, flaws)
        _expect(f"tag of {name}", ours.tag, _parameter(theirs.parameters, "tag"), flaw, flaws)


def _compare_via(ours: Via, text: str, flaws: Counter[str]) -> None:
    flaw = _flaw_of_via(ours, text)
    theirs = _try("Via", partial(sipmessage.Via.parse, text), flaw, flaws)
    if theirs is not None:
        _expect("branch", ours.branch, _parameter(theirs.parameters, "branch"), flaw, flaws)
        _expect("sent-by", (ours.host, ours.port), (theirs.host, theirs.port), flaw, flaws)


def _compare_uri(what: str, ours: Uri, theirs: sipmessage.URI, flaw: str | None, flaws: Counter[str]) -> None:
    """sipmessage resolves the escapes of users, passwords and parameters."""

    def resolved(text: str | None) -> str | None:
        return None if text is None else unquote(text)

    user = ours.user if ours.scheme == "tel" else resolved(ours.user)
    mine = (ours.scheme, user, resolved(ours.password), ours.host, ours.port)
    _expect(what, mine, (theirs.scheme, theirs.user, theirs.password, theirs.host, theirs.port), flaw, flaws)
    names = {unquote(name): resolved(value) for name, value in ours.parameters.items}
    _expect(f"parameters of {what}", names, dict(theirs.parameters), flaw, flaws)


def _parameter(parameters: sipmessage.Parameters, wanted: str) -> str | None:
    """sipmessage keeps the case of names, and the quotes of values."""
    for name, value in parameters.items():
        if name.lower() == wanted:
            return "" if value is None else value.strip('"')
    return None


def _flaw_of_uri(uri: Uri, text: str) -> str | None:
    if uri.headers:
        return "refuses headers of a URI"
    if not text.startswith(uri.scheme):
        return "takes lower case schemes only"
    if uri.scheme == "tel":
        if not _GLOBAL_NUMBER.fullmatch(uri.user or "") and not _LOCAL_NUMBER.fullmatch(uri.user or ""):
            return "takes fewer telephone numbers"
    elif uri.user is not None and not _USER.fullmatch(uri.user):
        return "takes no # in a user part"
    elif uri.password is not None and not _PASSWORD.fullmatch(uri.password):
        return "takes no empty password"
    elif (flaw := _flaw_of_host(uri.host)) is not None:
        return flaw
    names = [name for name, _ in uri.parameters.items]
    texts = [text for item in uri.parameters.items for text in item if text is not None]
    if not all(_PARAMCHARS.fullmatch(text) for text in texts):
        return "takes fewer characters in parameters of a URI"
    if len({unquote(name) for name in names}) < len(names) or "self" in map(unquote, names):
        return "confuses names of parameters"
    return None


def _flaw_of_host(host: str) -> str | None:
    if host.startswith("["):
        try:
            ip_address(host[1:-1])
        except ValueError:
            return "looks into IPv6 addresses"
        return None
    *labels, top = host.removesuffix(".").split(".")
    plain = all(_LABEL.fullmatch(label) for label in labels) and _TOP_LABEL.fullmatch(top)
    return None if plain or _IPV4.fullmatch(host) else "takes fewer host names"


def _flaw_of_parameters(parameters: Parameters, text: str) -> str | None:
    for name, value in parameters.items:
        if not _TOKEN.fullmatch(name) or name == "self":
            return "confuses names of parameters"
        if value is not None and value.startswith('"'):
            if re.search(r"[\\;=%]|\s\s|[^ \S]", value[1:-1]):
                return "splits quoted strings"
        elif value is not None and (not _TOKEN.fullmatch(value) or "%" in value):
            if _flaw_of_host(value) is not None or "%" in value:
                return "takes fewer characters in parameters"
    names = [name for name, _ in parameters.items]
    if any("%" in name for name in names):
        return "confuses names of parameters"
    return None if text.count('"') <= 2 else "takes all quoted strings for one"


def _flaw_of_address(address: NameAddr, text: str) -> str | None:
    before, bracket, rest = text.rpartition("<")
    flaw = _flaw_of_parameters(address.parameters, text)
    if flaw is None and "\\" in before:
        flaw = "splits quoted strings"
    return flaw or _flaw_of_uri(address.uri, rest if bracket else text)


def _flaw_of_via(via: Via, text: str) -> str | None:
    if not text.startswith(f"SIP/2.0/{via.transport} ") or re.match(r"[^;]*(?:\s:|:\s)", text):
        return "wants one way of writing a Via"
    return _flaw_of_host(via.host) or _flaw_of_parameters(via.parameters, text)
