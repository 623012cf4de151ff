"""What must hold for every input. Each check raises `Finding`; nothing else may be raised, whatever the bytes are."""

import time
from collections import Counter
from dataclasses import dataclass, field

from signaling.errors import MalformedMessage
from signaling.message import Request, Response
from signaling.parser import parse, serialize

from . import naive, peer
from .b2bua import check_line
from .deadline import TooLong, deadline
from .finding import Finding
from .stages import enter, fill

_HANGS = 5.0  # seconds of processor time after which a parser will not come back
_STARTUP, _PER_BYTE = 0.03, 1e-6  # seconds: a linear parser takes a tenth of that


@dataclass
class Verdict:
    """``accepted`` by the near side's parser; ``judged`` by sipmessage; ``flaws`` are why it could not; ``to_far``
    counts the messages that the line sent to the PBX."""

    accepted: bool = False
    judged: bool = False
    flaws: Counter[str] = field(default_factory=Counter)
    to_far: int = 0


def check(frame: bytes, scene: str) -> Verdict:
    """All checks of one input of a page in a scene."""
    frame = fill(frame, scene)
    _parsed(frame, strict=False)
    message = _parsed(frame, strict=True)
    if message is None:
        return Verdict()
    verdict = Verdict(accepted=True)
    verdict.flaws = _second_opinions(message, serialize(message))
    verdict.judged = not verdict.flaws
    verdict.to_far = check_line(enter(scene), message)
    return verdict


def _parsed(frame: bytes, *, strict: bool) -> Request | Response | None:
    """The message that the parser takes ``frame`` for, held to what `signaling.parser` promises; None if it refuses."""
    side = "near" if strict else "far"
    seconds = time.process_time()
    try:
        with deadline(_HANGS):
            message = parse(frame, strict=strict)
    except MalformedMessage as error:
        _in_time(frame, strict, time.process_time() - seconds)
        if error.reply is not None:
            _framed(serialize(error.reply), f"the {side} reply")
        return None
    except TooLong:
        raise Finding("hangs", f"the {side} parser") from None
    except Exception as error:
        raise Finding("raises", f"the {side} parser: {error!r}") from error
    _in_time(frame, strict, time.process_time() - seconds)
    again = serialize(message)
    try:
        same = parse(again, strict=strict) == message
    except MalformedMessage as error:
        raise Finding("round-trip", f"the {side} parser refuses what it wrote: {error.phrase}") from error
    if not same:
        raise Finding("round-trip", f"the {side} parser reads what it wrote as another message")
    _framed(again, f"the {side} message")
    return message


def _framed(frame: bytes, what: str) -> None:
    """``frame`` is one message to everybody. What its addresses are is another question: a refusal repeats them."""
    try:
        naive.frame(frame)
    except naive.Unreadable as error:
        raise Finding("framing", f"{what}: {error}") from error


def _in_time(frame: bytes, strict: bool, seconds: float) -> None:
    limit = _STARTUP + _PER_BYTE * len(frame)
    for _ in range(3):  # a collection of garbage may have come in between
        if seconds <= limit:
            return
        began = time.process_time()
        try:
            parse(frame, strict=strict)
        except MalformedMessage:
            pass
        seconds = time.process_time() - began
    raise Finding("slow", f"parse(strict={strict}) takes {seconds * 1000:.0f} ms for {len(frame)} bytes")


def _second_opinions(message: Request | Response, frame: bytes) -> Counter[str]:
    """What two other parsers see in ``frame`` is what we mean by ``message``."""
    try:
        seen = naive.read(frame)
    except naive.Unreadable as error:
        raise Finding("naive", f"cannot read what we accept: {error}") from error
    _same("subject", message.method if isinstance(message, Request) else str(message.status), seen.subject)
    if isinstance(message, Request):
        _same("Request-URI", naive.uri_parts(str(message.uri)), seen.uri)
    _same("Call-ID", message.call_id, seen.call_id)
    _same("CSeq", (message.cseq.number, message.cseq.method), seen.cseq)
    _same("From", naive.Address(naive.uri_parts(str(message.from_.uri)), message.from_tag), seen.from_)
    _same("To", naive.Address(naive.uri_parts(str(message.to.uri)), message.to_tag), seen.to)
    _same("branch", message.branch, seen.branch)
    _same("body", message.body, seen.body)
    _same("fields", (*message.headers, ("Content-Length", str(len(message.body)))), seen.fields)
    try:
        return peer.compare(frame, message)
    except peer.Disagreement as error:
        raise Finding("sipmessage", str(error)) from error


def _same(what: str, ours: object, theirs: object) -> None:
    if ours != theirs:
        raise Finding("naive", f"{what}: we see {ours!r}, a naive reader sees {theirs!r}")
