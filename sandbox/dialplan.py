"""The numbers of the sandbox and what each does, step by step: data, as a dialplan is. Pure.

The same numbers as the configuration of the real PBX in ``tests/pbx`` has, so that both pass the same scenarios.
"""

from dataclasses import dataclass

TONE, ANNOUNCEMENT, MUSIC = "tone", "announcement", "music"


@dataclass(frozen=True, slots=True)
class Ring:
    """180 Ringing."""


@dataclass(frozen=True, slots=True)
class Progress:
    """183 Session Progress with SDP: what is played now is heard before the answer (RFC 3960)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """200 OK."""


@dataclass(frozen=True, slots=True)
class Refuse:
    """A final failure; nothing can follow."""

    status: int


@dataclass(frozen=True, slots=True)
class Play:
    """The sound of that name; the next step follows when it has ended. A looped one never ends."""

    sound: str
    loop: bool = False


@dataclass(frozen=True, slots=True)
class Echo:
    """Everything that is heard is sent back, for ever."""


@dataclass(frozen=True, slots=True)
class Wait:
    seconds: float


@dataclass(frozen=True, slots=True)
class Read:
    """Reads ``count`` keys; the next step follows when they are there or when ``seconds`` pass without a key."""

    count: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SayKeys:
    """Plays the keys that were read."""


@dataclass(frozen=True, slots=True)
class HangUp:
    """BYE."""


Step = Ring | Progress | Answer | Refuse | Play | Echo | Wait | Read | SayKeys | HangUp

NUMBERS: dict[str, tuple[Step, ...]] = {
    "600": (Answer(), Echo()),
    "601": (Answer(), Play(ANNOUNCEMENT), HangUp()),
    "602": (Answer(), Play(TONE, loop=True)),
    "603": (Progress(), Play(ANNOUNCEMENT), Answer(), Echo()),
    "604": (Refuse(486),),
    "605": (Refuse(503),),
    "606": (Ring(), Wait(60), Refuse(480)),
    "607": (Answer(), Read(count=4, seconds=10), SayKeys(), HangUp()),
    "608": (Answer(), Wait(3), HangUp()),
    "609": (Answer(), Play(MUSIC, loop=True)),
}


def needs_media(steps: tuple[Step, ...]) -> bool:
    """Whether a call of these steps is ever connected to a WebRTC peer."""
    return any(isinstance(step, Progress | Answer) for step in steps)
