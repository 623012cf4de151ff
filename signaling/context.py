"""What the parts of one line share: the commands of the event in hand, the timers and the media answers waited for."""

from collections.abc import Callable
from dataclasses import replace

from .commands import CancelTimer, Command, MediaAnswer, MediaOffer, MediaSelect, SetTimer
from .events import MediaDescribed, MediaRefused
from .ports import FAR, Ids, LineConfig
from .timing import Timing

MediaDone = Callable[[MediaDescribed | MediaRefused], None]


class Context:
    """``random`` gives numbers in [0, 1) for the spread of tries; everything unpredictable comes from ``ids``."""

    def __init__(self, config: LineConfig, ids: Ids, timing: Timing, random: Callable[[], float]) -> None:
        self.config = config
        self.ids = ids
        self.timing = timing
        self.random = random
        self._commands: list[Command] = []
        self._timers: dict[str, Callable[[], None]] = {}
        self._media: dict[str, tuple[MediaOffer | MediaAnswer | MediaSelect, MediaDone]] = {}
        self._far_sdp: dict[str, bytes] = {}
        self._refs = 0

    def do(self, command: Command) -> None:
        self._commands.append(command)

    def take(self) -> list[Command]:
        """The commands since the last call."""
        commands, self._commands = self._commands, []
        return commands

    def set_timer(self, name: str, seconds: float, then: Callable[[], None]) -> None:
        self._timers[name] = then
        self.do(SetTimer(name, seconds))

    def cancel_timer(self, name: str) -> None:
        if self._timers.pop(name, None) is not None:
            self.do(CancelTimer(name))

    def fired(self, name: str) -> None:
        """Does what the timer was set for; one that was cancelled meanwhile does nothing."""
        if then := self._timers.pop(name, None):
            then()

    def ask_media(self, command: MediaOffer | MediaAnswer | MediaSelect, then: MediaDone) -> None:
        """``command`` with a fresh ``ref``; ``then`` gets the answer. One that selects answers only when it fails."""
        self._refs += 1
        ref = f"{type(command).__name__}-{self._refs}"
        self._media[f"{command.call} {ref}"] = command, then
        self.do(replace(command, ref=ref))

    def media_answered(self, event: MediaDescribed | MediaRefused) -> None:
        if waiting := self._media.pop(f"{event.call} {event.ref}", None):
            command, then = waiting
            if isinstance(event, MediaDescribed) and not isinstance(command, MediaSelect) and command.leg == FAR:
                self._far_sdp[event.call] = command.sdp
            then(event)

    def far_sdp(self, call: str) -> bytes:
        """What the PBX said last of its audio, as offer or answer, and the media engine took; empty before."""
        return self._far_sdp.get(call, b"")

    def forget_media(self, call: str) -> None:
        """The call is over: answers that are under way are no longer waited for."""
        for key in [key for key in self._media if key.startswith(f"{call} ")]:
            del self._media[key]
        self._far_sdp.pop(call, None)
