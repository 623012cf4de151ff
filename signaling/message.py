"""SIP requests and responses as frozen values; `signaling.parser` reads and writes them.

Content-Length is no header here: `parser.serialize` writes exactly one. After `parser.parse` no property raises; on a
message that was put together by hand, a property raises ValueError where its header cannot be read.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from .fields import CSeq, MediaType, Reason, Via
from .grammar import STATUS_LINE, TOKEN, number, split_list
from .headers import Headers
from .reasons import REASON_PHRASES
from .uri import NameAddr, Uri

# Requests whose responses 101 to 299 create a dialog and so carry the Record-Route (RFC 3261 section 12.1.1)
_DIALOG_FORMING = frozenset(("INVITE", "SUBSCRIBE", "REFER"))


class Message:
    """What requests and responses have in common: typed views of the headers."""

    __slots__ = ()
    headers: Headers
    body: bytes

    def _required(self, name: str) -> str:
        value = self.headers.get(name)
        if value is None:
            raise ValueError(f"{name} is missing")
        return value

    @property
    def call_id(self) -> str:
        return self._required("Call-ID")

    @property
    def cseq(self) -> CSeq:
        return CSeq.parse(self._required("CSeq"))

    @property
    def from_(self) -> NameAddr:
        return NameAddr.parse(self._required("From"))

    @property
    def to(self) -> NameAddr:
        return NameAddr.parse(self._required("To"))

    @property
    def from_tag(self) -> str | None:
        return self.from_.tag

    @property
    def to_tag(self) -> str | None:
        return self.to.tag

    @property
    def via(self) -> Via:
        """The topmost one."""
        return Via.parse(self._required("Via"))

    @property
    def vias(self) -> tuple[Via, ...]:
        return tuple(Via.parse(value) for value in self.headers.get_all("Via"))

    @property
    def branch(self) -> str | None:
        """Of the topmost Via; None where an old peer sent none."""
        return self.via.branch

    @property
    def contacts(self) -> tuple[NameAddr, ...]:
        """Without the ``*`` of a REGISTER (`contact_is_star`)."""
        return tuple(NameAddr.parse(value) for value in self.headers.get_all("Contact") if value != "*")

    @property
    def contact(self) -> NameAddr | None:
        """The first one."""
        return next(iter(self.contacts), None)

    @property
    def contact_is_star(self) -> bool:
        return self.headers.get("Contact") == "*"

    @property
    def routes(self) -> tuple[NameAddr, ...]:
        return tuple(NameAddr.parse(value) for value in self.headers.get_all("Route"))

    @property
    def record_routes(self) -> tuple[NameAddr, ...]:
        return tuple(NameAddr.parse(value) for value in self.headers.get_all("Record-Route"))

    @property
    def max_forwards(self) -> int | None:
        value = self.headers.get("Max-Forwards")
        return None if value is None else number(value, 255)

    @property
    def expires(self) -> int | None:
        """Seconds, from the Expires header."""
        value = self.headers.get("Expires")
        return None if value is None else number(value, 2**32 - 1)

    @property
    def retry_after(self) -> int | None:
        """Seconds; a comment and parameters are left aside; None where there is no number."""
        value = (self.headers.get("Retry-After") or "").partition(";")[0].partition("(")[0].strip(" \t")
        return int(value) if value.isascii() and value.isdigit() and len(value) < 10 else None

    @property
    def content_type(self) -> MediaType | None:
        value = self.headers.get("Content-Type")
        return None if value is None else MediaType.parse(value)

    @property
    def require(self) -> tuple[str, ...]:
        """Option tags, in lower case."""
        return tuple(tag.lower() for tag in self.headers.get_list("Require"))

    @property
    def supported(self) -> tuple[str, ...]:
        """Option tags, in lower case."""
        return tuple(tag.lower() for tag in self.headers.get_list("Supported"))

    @property
    def allow(self) -> tuple[str, ...]:
        return self.headers.get_list("Allow")

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The Reason fields that can be read; others are left out, for they only inform."""
        found: list[Reason] = []
        for value in self.headers.get_all("Reason"):
            try:
                found.extend(Reason.parse(element) for element in split_list(value))
            except ValueError:
                continue
        return tuple(found)


@dataclass(frozen=True, slots=True)
class Request(Message):
    """``uri`` is the Request-URI, without headers. Raises ValueError for what could not stand on the wire."""

    method: str
    uri: Uri
    headers: Headers
    body: bytes = b""

    def __post_init__(self) -> None:
        if not TOKEN.fullmatch(self.method):
            raise ValueError("The method is no token")
        if self.uri.headers:
            raise ValueError("A Request-URI cannot have headers")
        _refuse_content_length(self.headers)

    @classmethod
    def build(
        cls,
        method: str,
        uri: Uri,
        *,
        via: Via,
        from_: NameAddr,
        to: NameAddr,
        call_id: str,
        cseq: int,
        contact: NameAddr | None = None,
        routes: Iterable[NameAddr] = (),
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
        max_forwards: int = 70,
    ) -> "Request":
        """A request with everything that RFC 3261 section 8.1.1 asks for; ``from_`` carries its tag."""
        fields = [("Via", str(via)), ("Max-Forwards", str(max_forwards))]
        fields += [("Route", str(route)) for route in routes]
        fields += [("From", str(from_)), ("To", str(to)), ("Call-ID", call_id), ("CSeq", str(CSeq(cseq, method)))]
        if contact is not None:
            fields.append(("Contact", str(contact)))
        fields += headers
        if content_type is not None:
            fields.append(("Content-Type", content_type))
        return cls(method, uri, Headers(fields), body)

    def reply(
        self,
        status: int,
        reason: str | None = None,
        *,
        to_tag: str | None = None,
        headers: Iterable[tuple[str, str]] = (),
        body: bytes = b"",
        content_type: str | None = None,
    ) -> "Response":
        """A response to this request (RFC 3261 section 8.2.6): Via, From, To, Call-ID and CSeq are copied, ``to_tag``
        goes into a To that has none (but never into a 100), Record-Route is copied where the response makes a dialog.
        """
        copied = ["Via", "From", "To", "Call-ID", "CSeq"]
        if self.method in _DIALOG_FORMING and 100 < status < 300:
            copied.insert(1, "Record-Route")
        if status == 100:
            copied.append("Timestamp")
        fields = [(name, value) for name in copied for value in self.headers.get_all(name)]
        if to_tag is not None and status != 100 and self.to_tag is None:
            fields = [(name, str(self.to.with_tag(to_tag)) if name == "To" else value) for name, value in fields]
        fields += headers
        if content_type is not None:
            fields.append(("Content-Type", content_type))
        return Response(status, REASON_PHRASES.get(status, "") if reason is None else reason, Headers(fields), body)

    def again(self, via: Via, *headers: tuple[str, str]) -> "Request":
        """The same request as a new transaction: one CSeq higher, a new Via, and ``headers`` in the place of others of
        their name. This is how a challenge is answered (RFC 3261 section 22.2).
        """
        cseq = CSeq(self.cseq.number + 1, self.method)
        changed = self.headers.replace("Via", str(via)).replace("CSeq", str(cseq))
        for name, value in headers:
            changed = changed.replace(name, value)
        return replace(self, headers=changed)


@dataclass(frozen=True, slots=True)
class Response(Message):
    """``status`` is from 100 to 699; ``reason`` may be empty."""

    status: int
    reason: str
    headers: Headers
    body: bytes = b""

    def __post_init__(self) -> None:
        if not 100 <= self.status <= 699 or not STATUS_LINE.fullmatch(f"SIP/2.0 {self.status} {self.reason}"):
            raise ValueError("The status line is malformed")
        _refuse_content_length(self.headers)

    @property
    def is_final(self) -> bool:
        return self.status >= 200

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


def _refuse_content_length(headers: Headers) -> None:
    if "Content-Length" in headers:
        raise ValueError("Content-Length is written by serialize")
