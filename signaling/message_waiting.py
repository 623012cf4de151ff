"""``message-summary`` (RFC 3842): how many new voice messages wait for the line."""

import re

from .message import Request

EVENT = "message-summary"
_WAITING = re.compile(rb"^Messages-Waiting[ \t]*:[ \t]*(yes|no)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_VOICE = re.compile(rb"^Voice-Message[ \t]*:[ \t]*(\d{1,6})/\d{1,6}\b", re.IGNORECASE | re.MULTILINE)


def messages_waiting(notify: Request) -> int | None:
    """The number of new voice messages; 1 where there are some and the PBX does not count; None where ``notify`` is
    about something else or cannot be read.
    """
    event = (notify.headers.get("Event") or "").partition(";")[0].strip(" \t").lower()
    waiting = _WAITING.search(notify.body)
    if event != EVENT or waiting is None:
        return None
    voice = _VOICE.search(notify.body)
    if voice is not None:
        return int(voice[1])
    return 1 if waiting[1].lower() == b"yes" else 0
