"""A limit on processor time for what might not come back, such as a regular expression that backtracks."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class TooLong(Exception):
    """It took more than the seconds that it had."""


def _expire(number: int, frame: FrameType | None) -> None:
    raise TooLong


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Raises `TooLong` in the main thread after ``seconds`` of this process's own work; a busy machine does not count.

    The timer is ITIMER_VIRTUAL, for pytest-timeout uses ITIMER_REAL. Not to be nested.
    """
    before = signal.signal(signal.SIGVTALRM, _expire)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)
