"""Frames for the parser's tests: one good request, how to spoil it, and how long its reading takes."""

import time
from collections.abc import Callable

import pytest

from signaling.errors import MalformedMessage
from signaling.parser import DEFAULT_LIMITS, Limits, parse

OPTIONS = """OPTIONS sip:600@pbx.example SIP/2.0
Via: SIP/2.0/WSS ramal.invalid;branch=z9hG4bK1
Max-Forwards: 70
From: "Ana" <sip:1001@pbx.example>;tag=f
To: <sip:600@pbx.example>
Call-ID: c
CSeq: 7 OPTIONS
Content-Length: 0

"""


def frame(*lines: str, base: str = OPTIONS, body: bytes = b"") -> bytes:
    """``base`` with ``lines`` in the place of those with the same beginning up to the colon, or before the length.
    A line that ends in a colon removes.
    """
    text = base
    for line in lines:
        name = line.partition(":")[0] + ":"
        old = next((it for it in text.split("\n") if it.startswith(name)), None)
        if line == name and old is not None:
            text = text.replace(old + "\n", "")
        elif old is not None:
            text = text.replace(old + "\n", line + "\n")
        else:
            text = text.replace("Content-Length", line + "\nContent-Length")
    return text.replace("\n", "\r\n").encode() + body


def refusal(data: bytes | str, limits: Limits = DEFAULT_LIMITS, *, strict: bool = True) -> MalformedMessage:
    with pytest.raises(MalformedMessage) as raised:
        parse(data, limits, strict=strict)
    return raised.value


def cpu_seconds(work: Callable[[], object]) -> float:
    """The processor time that ``work`` takes, a ValueError included: the best of three."""

    def once() -> float:
        began = time.process_time()
        try:
            work()
        except ValueError:
            pass
        return time.process_time() - began

    first = once()
    return first if first < 0.02 else min(first, once(), once())
