"""What signaling needs of others, said as Protocols: media, secrets, a journal, ids. Only ``web`` implements them.

Legs of a call are named by signaling: the far side is always `FAR`; a handset's leg has the handset's id.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from .dial_rules import DialRules
from .views import CallView, LineView

FAR = "far"
NEAR_DOMAIN = "ramal.invalid"  # host of every SIP URI that a handset sees (RFC 2606: can never resolve)


class Profile(StrEnum):
    """The make of the PBX: decides which challenges are answered (`signaling.digest`)."""

    ASTERISK = "asterisk"
    FREESWITCH = "freeswitch"
    KAMAILIO = "kamailio"
    OPENSIPS = "opensips"
    UNKNOWN = "unknown"


class Dtmf(StrEnum):
    """How digits go to the PBX."""

    RFC4733 = "rfc4733"  # in the audio, by the page's browser
    INFO = "info"  # application/dtmf-relay, by the page through the line


@dataclass(frozen=True, slots=True)
class Secret:
    """The SIP secret of a line; ``version`` grows when an administrator sets a new one."""

    value: str = field(repr=False)
    version: int


@dataclass(frozen=True, slots=True)
class LineConfig:
    """Everything the gateway must know of a line. ``url`` is the full WSS URL of the PBX; ``ca`` is a PEM of the
    account's own authority, or None for the system's; ``domain`` is the SIP domain at the PBX; ``dial`` are the rules
    for the role of the line's user.
    """

    line: str
    account: str
    number: str
    name: str
    url: str
    domain: str
    user: str
    auth_user: str
    secret: Secret = field(repr=False)
    profile: Profile = Profile.UNKNOWN
    ca: str | None = field(default=None, repr=False)
    record: bool = False
    anchored: bool = True  # False: engine "none", SDP passes untouched, no recording, no media events
    dial: DialRules = DialRules()
    dtmf: Dtmf = Dtmf.RFC4733
    intercom: bool = False  # the PBX may have calls answered that nobody asked for


@dataclass(frozen=True, slots=True)
class Description:
    """SDP as it goes to the other leg. ``direction`` is what its sender asked for (``sendrecv``, ``sendonly``,
    ``recvonly``, ``inactive``); ``audio`` is False where no audio stream is left in it."""

    sdp: bytes
    direction: str
    audio: bool


class MediaError(Exception):
    """The media engine could not do it. ``whose`` is "peer" (their SDP is bad: 488 towards them) or "ours" (500)."""

    def __init__(self, message: str, *, whose: str = "ours") -> None:
        super().__init__(message)
        self.whose = whose


class MediaEngine(Protocol):
    """Offer and answer as rtpengine's ng protocol has it: the SDP came from ``leg`` and is to go ``to`` another leg.

    `select` names the near leg that is in the conversation (at the 200): from then on packets of other near legs are
    dropped, and the capture runs if ``record``. Every method may raise `MediaError`; `drop` and `release` never do.
    """

    async def offer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description: ...
    async def answer(self, call: str, leg: str, sdp: bytes, *, to: str) -> Description: ...
    async def select(self, call: str, leg: str, *, record: bool) -> None: ...
    async def drop(self, call: str, leg: str) -> None: ...
    async def release(self, call: str) -> None: ...


class Journal(Protocol):
    """Takes every change, at once and without waiting (it queues); it keeps them and tells the pages."""

    def line_changed(self, view: LineView) -> None: ...
    def call_changed(self, view: CallView) -> None: ...
    def audit(self, line: str, what: str, detail: str) -> None:
        """A security event of a line: a signature, a refusal to sign. Never holds a secret."""
        ...


class SecretTries(Protocol):
    """Whether a secret that may be wrong may be tried now: one rule for all lines, see `signaling.tries`. `ask` gives
    0, or the seconds until to ask again; after a 0 `tell` says whether it was right, None where nobody knows.
    """

    def ask(self, account: str, line: str, version: int, *, person: bool = False) -> float: ...
    def tell(self, account: str, line: str, version: int, right: bool | None) -> None: ...


class Ids(Protocol):
    """Fresh random identifiers. ``token`` gives at least 128 bits as text of RFC 3261's ``token``."""

    def token(self) -> str: ...


MediaListener = Callable[[str, str, str], None]  # (call, leg or "", what): see `signaling.events.MediaChanged`
