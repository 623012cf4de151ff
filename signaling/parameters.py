"""``;name=value`` parameters of URIs and of header fields: ordered, immutable, names without regard to case."""

from collections.abc import Iterator
from dataclasses import dataclass

from .grammar import PARAMETER, PARAMETER_TEXT, QUOTED_STRING, quote, unquote


@dataclass(frozen=True, slots=True)
class Parameters:
    """``items`` holds names and values as they are written on the wire (a quoted value with its quotes), so that what
    came in goes out unchanged; ``get`` gives the value without quotes. A parameter without ``=`` has the value None.
    """

    items: tuple[tuple[str, str | None], ...] = ()

    def __post_init__(self) -> None:
        seen = set()
        for name, value in self.items:
            if not PARAMETER_TEXT.fullmatch(name):
                raise ValueError("The name of a parameter has a character that is not allowed")
            if value is not None and not (PARAMETER_TEXT.fullmatch(value) or QUOTED_STRING.fullmatch(value)):
                raise ValueError("The value of a parameter has a character that is not allowed")
            seen.add(name.lower())
        if len(seen) < len(self.items):
            raise ValueError("A parameter is there twice")

    @classmethod
    def parse(cls, text: str) -> "Parameters":
        """``text`` is empty or begins with ``;``. Raises ValueError."""
        items, position = [], 0
        while position < len(text):
            match = PARAMETER.match(text, position)
            if not match:
                raise ValueError("The parameters are malformed")
            items.append((match[1], match[2]))
            position = match.end()
        return cls(tuple(items))

    def __str__(self) -> str:
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self.items)

    def __contains__(self, name: str) -> bool:
        return any(key.lower() == name.lower() for key, _ in self.items)

    def __iter__(self) -> Iterator[str]:
        return iter(name for name, _ in self.items)

    def __bool__(self) -> bool:
        return bool(self.items)

    def get(self, name: str) -> str | None:
        """The value without quotes; ``""`` for a parameter without a value; None where there is no such parameter."""
        for key, value in self.items:
            if key.lower() == name.lower():
                return "" if value is None else unquote(value)
        return None

    def set(self, name: str, value: str | None = None) -> "Parameters":
        """These with ``name`` in place or at the end; a value that is no token is quoted."""
        raw = value if value is None or PARAMETER_TEXT.fullmatch(value) else quote(value)
        if name in self:
            return Parameters(tuple((k, raw if k.lower() == name.lower() else v) for k, v in self.items))
        return Parameters((*self.items, (name, raw)))

    def remove(self, *names: str) -> "Parameters":
        gone = {name.lower() for name in names}
        return Parameters(tuple((key, value) for key, value in self.items if key.lower() not in gone))
