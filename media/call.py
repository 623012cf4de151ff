"""A call in a worker: one far leg and its near legs, who hears whom, and the capture.

Before `select` every near leg hears the far side, and a near leg that is alone may speak (early media). After it the
selected one has the conversation, and the others are mute and deaf.
"""

import time
from collections.abc import Callable
from pathlib import Path

from . import rewrite, sdp
from .capture import SUFFIX, Kind
from .engine import Description, EngineUnavailable, Happening, LegStats, Report
from .hub import Hub
from .leg import Leg
from .sdp import DEFAULT_LIMITS, Codec, SdpLimits
from .writer import Tape, Writer

FAR = "far"
MAX_LEGS = 8  # near and far of one call; a line has at most four handsets

Listener = Callable[[Report], None]


class Call:
    def __init__(
        self,
        name: str,
        hub: Hub,
        writer: Writer,
        captures: Path,
        listener: Listener,
        limits: SdpLimits = DEFAULT_LIMITS,
    ) -> None:
        self.name = name
        self._hub = hub
        self._writer = writer
        self._captures = captures
        self._listener = listener
        self._limits = limits
        self._legs: dict[str, Leg] = {}
        self._selected: Leg | None = None
        self._tape: Tape | None = None
        self._recording = False  # started, neither paused nor broken
        self._paused = False
        self._codecs: dict[str, object] = {}
        self._digits = {Kind.AGENT: 0, Kind.OTHER: 0}  # telephone-event packets of legs that are gone

    @property
    def empty(self) -> bool:
        return not self._legs

    def offer(self, name: str, text: bytes, to: str) -> Description:
        session = sdp.parse(text, self._limits)
        index = session.audio
        stream = session.sections[index] if index is not None else None
        transport = session.transport(index) if index is not None else None
        # From here on nothing can be refused, so nothing is half done.
        leg, other = self._leg(name), self._leg(to)
        leg.shape = rewrite.shape(session)
        leg.stream, leg.direction = stream, session.direction(index)
        if transport is not None:
            leg.described(transport, offer=True)
            self._hub.described(leg)
        shape = other.shape = rewrite.shape_for_offer(session, other.shape)
        self._know_codecs()
        said = self._say(other, lambda: rewrite.rewrite(session, stream, shape, self._local(other, "actpass")))
        return Description(said, leg.direction, stream is not None)

    def answer(self, name: str, text: bytes, to: str) -> Description:
        session = sdp.parse(text, self._limits)
        leg, other = self._known(name), self._known(to)
        if leg.shape is None or other.shape is None:
            raise EngineUnavailable("An answer came, and nothing was offered to that leg.")
        stream = rewrite.answered(session, leg.shape)
        index = leg.shape.audio
        transport = session.transport(index) if stream is not None and index is not None else None
        leg.stream, leg.direction = stream, session.direction(index if stream is not None else None)
        now = time.monotonic_ns()
        if transport is not None:
            leg.described(transport, offer=False)
            self._hub.described(leg)
            leg.expected_since = leg.expected_since or now
            other.expected_since = other.expected_since or now
        self._know_codecs()
        shape = other.shape
        setup = other.role.value if other.role is not None else "active"
        said = self._say(other, lambda: rewrite.rewrite(session, stream, shape, self._local(other, setup)))
        return Description(said, leg.direction, stream is not None)

    def select(self, name: str, *, record: bool) -> None:
        leg = self._known(name)
        before, self._selected = self._selected, leg
        if record and self._tape is None:
            self._start_capture()
        elif before is not leg and self._tape is not None:
            gap = time.monotonic_ns() - before.heard if before is not None and before.heard else 0
            self._tape.event("leg", gap=gap // 1_000_000)
        self._know_codecs()
        self._route()

    def drop(self, name: str) -> None:
        leg = self._legs.pop(name, None)
        if leg is None:
            return
        leg.targets = ()
        leg.tape = None
        self._hub.remove(leg)
        self._digits[leg.kind] += leg.digits_seen
        if self._selected is leg:
            self._selected = None
        self._route()

    def pause(self) -> None:
        if self._tape is not None and not self._paused:
            self._paused = True
            self._tape.event("pause")
            self._route()
            if self._recording:
                self._report(None, Happening.RECORDING_STOPPED)

    def resume(self) -> None:
        if self._tape is not None and self._paused:
            self._paused = False
            self._tape.event("resume")
            self._route()
            if self._recording:
                self._report(None, Happening.RECORDING_STARTED)

    def stats(self) -> dict[str, LegStats]:
        now = time.monotonic_ns()
        return {name: leg.stats(now) for name, leg in self._legs.items()}

    def release(self) -> None:
        for name in tuple(self._legs):
            self.drop(name)
        if self._tape is not None:
            self._tape.event("stop", digits=[self._digits[Kind.AGENT], self._digits[Kind.OTHER]])
            self._tape.close()
            if self._recording and not self._paused:
                self._report(None, Happening.RECORDING_STOPPED)
            self._recording = False

    def flush(self) -> None:
        if self._tape is not None:
            self._tape.flush()

    # Legs.

    def _leg(self, name: str) -> Leg:
        leg = self._legs.get(name)
        if leg is None:
            if len(self._legs) >= MAX_LEGS:
                raise EngineUnavailable(f"The call has {MAX_LEGS} legs already.")
            kind = Kind.OTHER if name == FAR else Kind.AGENT
            leg = Leg(name, kind, self._hub.identity, self._hub.buffer, self._leg_changed)
            self._legs[name] = leg
            self._hub.add(leg)
            self._route()
        return leg

    def _known(self, name: str) -> Leg:
        leg = self._legs.get(name)
        if leg is None:
            raise EngineUnavailable("The call has no such leg.")
        return leg

    def _leg_changed(self, leg: Leg, what: Happening) -> None:
        self._route()
        self._report(leg.name, what)

    def _local(self, leg: Leg, setup: str) -> rewrite.Local:
        return leg.local(self._hub.advertised, self._hub.port, setup)

    def _say(self, leg: Leg, make: Callable[[], bytes]) -> bytes:
        return leg.say(make)

    def _route(self) -> None:
        """Who hears whom, and whose packets are captured."""
        far = self._legs.get(FAR)
        near = [leg for leg in self._legs.values() if not leg.far]
        speaking = self._selected if self._selected is not None else near[0] if len(near) == 1 else None
        tape = None if self._paused else self._tape
        for leg in near:
            leg.targets = (far,) if leg is speaking and far is not None and far.connected else ()
            leg.tape = tape if leg is self._selected else None
        if far is not None:
            hearing = near if self._selected is None else [self._selected]
            far.targets = tuple(leg for leg in hearing if leg.connected)
            far.tape = tape

    # Capture.

    def _start_capture(self) -> None:
        self._tape = self._writer.open(self._captures / f"{self.name}{SUFFIX}", self._recorder_changed)
        self._recording = True
        self._tape.event("start")
        self._codecs = {}

    def _know_codecs(self) -> None:
        """The payload types of either side's packets are those of the description that its receiver gave (RFC 3264
        section 5.1), else its own. Digits of either description are left out, whoever sends them.
        """
        far = self._legs.get(FAR)
        near = self._selected or next((leg for leg in self._legs.values() if not leg.far), None)
        digits = frozenset(
            number for leg in self._legs.values() if leg.stream for number in leg.stream.telephone_events
        )
        for leg in self._legs.values():
            leg.digits = digits
        own, other = near.codecs if near else (), far.codecs if far else ()
        codecs = {"agent": _codec_map(own, other), "other": _codec_map(other, own)}
        if self._tape is not None and codecs != self._codecs:
            self._codecs = dict(codecs)
            self._tape.event("map", **codecs)

    def _recorder_changed(self, what: Happening) -> None:
        if what in (Happening.RECORDING_DISK_FULL, Happening.RECORDING_FAILED):
            if not self._recording:
                return
            self._recording = False
        self._report(None, what, capture=self._tape.path if self._tape else None)

    def _report(self, leg: str | None, what: Happening, capture: Path | None = None) -> None:
        self._listener(Report(self.name, what, leg, capture))


def _codec_map(sender: tuple[Codec, ...], receiver: tuple[Codec, ...]) -> dict[str, list[object]]:
    """Payload type -> [name, clock, channels]; the receiver's meaning wins."""
    return {str(codec.payload_type): [codec.name, codec.clock, codec.channels] for codec in (*sender, *receiver)}
