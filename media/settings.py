"""What the media engine of one machine is told at start; read once, never changed."""

import os
from dataclasses import dataclass, field
from pathlib import Path

from .sdp import DEFAULT_LIMITS, SdpLimits

MIB = 1024 * 1024


def _default_workers() -> int:
    return max(1, (os.cpu_count() or 1) // 2)


@dataclass(frozen=True, slots=True)
class MediaSettings:
    """``bind`` are the local addresses the hub binds, each by itself, never the wildcard; ``advertise`` are the
    addresses that peers are told, in the same order (behind 1:1 NAT the public one), or empty for the same as ``bind``.
    `media.probe.addresses` makes both from ``RAMAL_MEDIA_ADDRESS``.

    Worker ``i`` uses UDP port ``base_port + i``; 0 lets the system choose. ``captures`` is a folder on local disk.
    """

    captures: Path
    bind: tuple[str, ...]
    advertise: tuple[str, ...] = ()
    base_port: int = 0
    workers: int = field(default_factory=_default_workers)
    calls_per_worker: int = 150  # measured: 160 anchored and recorded calls per worker without loss
    sdp: SdpLimits = DEFAULT_LIMITS
    silence: float = 10.0  # seconds without a sign of life after which a worker is killed and started again
    min_free_bytes: int = 200 * MIB  # below this much free space a capture stops: RECORDING_DISK_FULL

    def __post_init__(self) -> None:
        if not self.bind:
            raise ValueError("the media engine needs at least one address to bind")
        if self.advertise and len(self.advertise) != len(self.bind):
            raise ValueError("there must be as many advertised media addresses as bound ones")
        if self.workers < 1:
            raise ValueError("the media engine needs at least one worker")
        if not 0 <= self.base_port <= 65535 - self.workers:
            raise ValueError("the media ports must lie between 1 and 65535")

    @property
    def advertised(self) -> tuple[str, ...]:
        return self.advertise or self.bind
