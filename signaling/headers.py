"""`Headers`: the header fields of a message as an immutable, ordered multimap (RFC 3261 section 7.3).

Names are compared without regard to case, compact forms are resolved on the way in, and known names go out as their RFC
writes them. Via, Route, Record-Route and Contact are split on the way in, so that each field holds one element and
``get("Via")`` is the topmost Via; all other values stay as they came.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .grammar import FIELD_VALUE, TOKEN, split_list

_COMPACT = {
    "a": "Accept-Contact",
    "b": "Referred-By",
    "c": "Content-Type",
    "d": "Request-Disposition",
    "e": "Content-Encoding",
    "f": "From",
    "i": "Call-ID",
    "j": "Reject-Contact",
    "k": "Supported",
    "l": "Content-Length",
    "m": "Contact",
    "o": "Event",
    "r": "Refer-To",
    "s": "Subject",
    "t": "To",
    "u": "Allow-Events",
    "v": "Via",
    "x": "Session-Expires",
    "y": "Identity",
}

# At most one field of each; a parser that took the first or the last of two would disagree with somebody else's.
SINGLE = frozenset(
    """Call-ID Content-Disposition Content-Length Content-Type CSeq Date Event Expires From Max-Forwards MIME-Version
    Min-Expires Min-SE Organization Priority RAck Refer-To Referred-By Refer-Sub Replaces Reply-To Retry-After RSeq
    Server Session-Expires SIP-ETag SIP-If-Match Subject Subscription-State Target-Dialog Timestamp To User-Agent
    X-Ramal-Call X-Ramal-Cause X-Ramal-Resume""".split()
)
_SPLIT = frozenset(("Via", "Route", "Record-Route", "Contact"))

_CANONICAL = {
    name.lower(): name
    for name in (
        *SINGLE,
        *_SPLIT,
        *_COMPACT.values(),
        *"""Accept Accept-Encoding Accept-Language Alert-Info Allow Authentication-Info Authorization Call-Info
        Content-Language Error-Info Flow-Timer History-Info In-Reply-To Join P-Asserted-Identity P-Preferred-Identity
        Path Privacy Proxy-Authenticate Proxy-Authentication-Info Proxy-Authorization Proxy-Require Reason
        Remote-Party-ID Require Service-Route Unsupported Warning WWW-Authenticate""".split(),
    )
} | _COMPACT


def canonical(name: str) -> str:
    """The name as its RFC writes it; an unknown name unchanged."""
    return _CANONICAL.get(name.lower(), name)


@dataclass(frozen=True, slots=True, init=False)
class Headers:
    """``items`` are pairs of canonical name and value. Raises ValueError for a name that is no token and for a value
    with a line break or another bare control character, so no value can add a field or end the header section.

    Every method that changes returns a new object.
    """

    items: tuple[tuple[str, str], ...]

    def __init__(self, items: Iterable[tuple[str, str]] = ()) -> None:
        fields: list[tuple[str, str]] = []
        for name, value in items:
            fields.extend(_field(name, value))
        object.__setattr__(self, "items", tuple(fields))

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)

    def __contains__(self, name: str) -> bool:
        return self.get(name) is not None

    def get(self, name: str) -> str | None:
        """The value of the first field of that name, None where there is none."""
        wanted = canonical(name).lower()
        return next((value for key, value in self.items if key.lower() == wanted), None)

    def get_all(self, name: str) -> tuple[str, ...]:
        """The values of all fields of that name, in order, as they are written."""
        wanted = canonical(name).lower()
        return tuple(value for key, value in self.items if key.lower() == wanted)

    def get_list(self, name: str) -> tuple[str, ...]:
        """The elements of all fields of that name, split at commas. Raises ValueError for an open quote."""
        return tuple(element for value in self.get_all(name) for element in split_list(value))

    def append(self, name: str, value: str) -> "Headers":
        return Headers((*self.items, (name, value)))

    def prepend(self, name: str, value: str) -> "Headers":
        """With the field before all others: how a Via or a Record-Route is added."""
        return Headers(((name, value), *self.items))

    def remove(self, *names: str) -> "Headers":
        """Without all fields of these names."""
        gone = {canonical(name).lower() for name in names}
        return Headers((key, value) for key, value in self.items if key.lower() not in gone)

    def replace(self, name: str, *values: str) -> "Headers":
        """With these values as the only ones of that name, at the place of the first one or at the end."""
        wanted = canonical(name).lower()
        place = next((i for i, (key, _) in enumerate(self.items) if key.lower() == wanted), len(self.items))
        before, after = self.items[:place], Headers(self.items[place:]).remove(name)
        return Headers((*before, *((name, value) for value in values), *after))

    def repeated(self) -> tuple[str, ...]:
        """The names of `SINGLE` that are there more than once."""
        names = [name for name, _ in self.items if name in SINGLE]
        return tuple(dict.fromkeys(name for name in names if names.count(name) > 1))


def _field(name: str, value: str) -> list[tuple[str, str]]:
    if not TOKEN.fullmatch(name):
        raise ValueError("The name of a header field is no token")
    if not FIELD_VALUE.fullmatch(value):
        raise ValueError("The value of a header field has a control character in it")
    name, value = canonical(name), value.strip(" \t")
    if name not in _SPLIT:
        return [(name, value)]
    elements = split_list(value)
    if not elements:
        raise ValueError(f"{name} is empty")
    return [(name, element) for element in elements]
