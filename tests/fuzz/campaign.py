"""Runs any number of inputs over the processors. Input number n of a seed is always the same one."""

import hashlib
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random

from .checks import check
from .corpus import seeds
from .draft import Draft
from .finding import Finding
from .mutations import mutate

CHUNK = 1000  # inputs for one task of a worker
_KEPT = 3  # findings of one kind that are kept; more of the same say nothing new


@dataclass(frozen=True, slots=True)
class Found:
    """An input that failed: ``detail`` says how."""

    check: str
    scene: str
    seed: int
    number: int
    detail: str
    frame: bytes

    @property
    def name(self) -> str:
        return f"{self.check}.{self.scene}.{self.seed}-{self.number}.sip"


@dataclass
class Tally:
    """What came of ``count`` inputs. ``flaws`` are reasons why sipmessage could not judge, ``seconds`` is wall time."""

    count: int = 0
    accepted: int = 0
    judged: int = 0
    to_far: int = 0
    flaws: Counter[str] = field(default_factory=Counter)
    found: list[Found] = field(default_factory=list)
    kinds: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, other: "Tally") -> None:
        self.count += other.count
        self.accepted += other.accepted
        self.judged += other.judged
        self.to_far += other.to_far
        self.flaws += other.flaws
        self.found += [found for found in other.found if self.kinds[found.check] < _KEPT]
        self.kinds += other.kinds

    def __str__(self) -> str:
        share = self.accepted / max(1, self.count)
        lines = [
            f"{self.count} inputs in {self.seconds:.0f} s, {self.count / max(self.seconds, 1e-9):.0f} inputs/s",
            f"{self.accepted} accepted ({share:.1%}), {self.to_far} messages to the PBX, "
            f"{self.judged} judged by sipmessage in full",
            *(f"  sipmessage {flaw}: {count}" for flaw, count in self.flaws.most_common()),
            f"{sum(self.kinds.values())} findings" + "".join(f", {kind}: {n}" for kind, n in self.kinds.items()),
        ]
        return "\n".join(lines)


def make(seed: int, number: int) -> tuple[bytes, str]:
    """The input of that number, and its scene."""
    rng = Random(f"{seed}-{number}")
    page, strangers = seeds()
    chosen = rng.choice(page if rng.random() < 0.75 else strangers)
    return mutate(chosen.data, rng), chosen.scene


def run_chunk(seed: int, start: int, stop: int) -> Tally:
    tally = Tally()
    for number in range(start, stop):
        frame, scene = make(seed, number)
        tally.count += 1
        try:
            verdict = check(frame, scene)
        except Finding as finding:
            tally.kinds[finding.check] += 1
            if tally.kinds[finding.check] <= _KEPT:
                smaller = shrink(frame, partial(_fails, scene, finding.check))
                tally.found.append(Found(finding.check, scene, seed, number, finding.detail, smaller))
            continue
        tally.accepted += verdict.accepted
        tally.judged += verdict.judged
        tally.to_far += verdict.to_far
        tally.flaws += verdict.flaws
    return tally


def run(
    seed: int,
    count: int,
    *,
    start: int = 0,
    seconds: float | None = None,
    jobs: int | None = None,
    told: Callable[[Tally], None] = lambda tally: None,
) -> Tally:
    """``count`` inputs from number ``start`` on, or as many as begin within ``seconds``; ``jobs`` processes, one per
    processor by default. ``told`` gets what there is after each chunk.
    """
    began, total = time.monotonic(), Tally()
    context = multiprocessing.get_context("spawn")
    workers = jobs or os.cpu_count() or 1
    stop = start + count
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        chunks = iter(range(start, stop, CHUNK))
        waiting = [pool.submit(run_chunk, seed, at, min(at + CHUNK, stop)) for at in _first(chunks, 2 * workers)]
        try:
            while waiting:
                total.add(waiting.pop(0).result())
                total.seconds = time.monotonic() - began
                told(total)
                if seconds is None or total.seconds < seconds:
                    waiting += [pool.submit(run_chunk, seed, at, min(at + CHUNK, stop)) for at in _first(chunks, 1)]
        except BaseException:  # stopped by a person: what is waiting need not be done
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return total


def _first(items: Iterator[int], count: int) -> Iterator[int]:
    for _, item in zip(range(count), items, strict=False):
        yield item


def _fails(scene: str, kind: str, frame: bytes) -> bool:
    try:
        check(frame, scene)
    except Finding as finding:
        return finding.check == kind
    return False


def shrink(frame: bytes, fails: Callable[[bytes], bool]) -> bytes:
    """``frame`` without the header lines and the body that the failure does not need."""
    draft = Draft.of(frame)
    draft.repair = False
    for place in reversed(range(len(draft.fields))):
        smaller = Draft(draft.start, [line for i, line in enumerate(draft.fields) if i != place], draft.body, False)
        if fails(bytes(smaller)):
            draft = smaller
    empty = Draft(draft.start, draft.fields, b"")
    return bytes(empty) if fails(bytes(empty)) else bytes(draft) if fails(bytes(draft)) else frame


def keep(found: Found, folder: Path) -> Path:
    """Writes the input to a file, to be replayed by `test_fuzz` for ever; one of the same bytes is there once."""
    digest = hashlib.sha256(found.frame).digest()
    for path in folder.glob("*.sip"):
        if hashlib.sha256(path.read_bytes()).digest() == digest:
            return path
    path = folder / found.name
    path.write_bytes(found.frame)
    return path


def scene_of(path: Path) -> str:
    """The scene of a kept file, which its name tells."""
    return path.name.split(".")[1]
