"""Attempts within a minute, counted for each key in a window that slides."""

import time
from collections import OrderedDict, deque
from collections.abc import Callable

from signaling.rates import Bucket

_MOST_KEYS = 10_000  # the least recently used are forgotten: memory stays bounded under a flood of addresses


class Rate:
    """At most ``count`` takings for each key within ``per`` seconds."""

    def __init__(self, count: int, *, per: float = 60.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._count = count
        self._per = per
        self._clock = clock
        self._taken: OrderedDict[str, deque[float]] = OrderedDict()

    def take(self, key: str) -> float:
        """0 where it was free and is taken now; else the seconds until one is free again."""
        at = self._clock()
        times = self._taken.setdefault(key, deque())
        self._taken.move_to_end(key)
        while times and times[0] <= at - self._per:
            times.popleft()
        if len(times) >= self._count:
            return times[0] + self._per - at
        times.append(at)
        if len(self._taken) > _MOST_KEYS:
            self._taken.popitem(last=False)
        return 0.0

    def give_back(self, key: str) -> None:
        """The last taking does not count: a log-in that succeeded."""
        times = self._taken.get(key)
        if times:
            times.pop()


class Buckets:
    """A token bucket for each key: ``burst`` at once, ``per_minute`` after that."""

    def __init__(self, per_minute: int, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def take(self, key: str) -> float:
        """0 where there was one and it is taken now; else the seconds until there is one."""
        now = self._clock()
        bucket = self._buckets.setdefault(key, Bucket(self._rate, self._burst, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > _MOST_KEYS:
            self._buckets.popitem(last=False)
        return bucket.take(now)
