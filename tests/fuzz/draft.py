"""A message taken apart so far that it can be spoiled, and choices at random."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

_Item = TypeVar("_Item")


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


def one(rng: Random, items: Sequence[_Item]) -> _Item:
    """One of them; quicker than `Random.choice`."""
    return items[int(rng.random() * len(items))]


def inserted(rng: Random, line: bytes, text: bytes) -> bytes:
    at = rng.randint(0, len(line))
    return line[:at] + text + line[at:]
