"""SDP as values."""

from .engine import Direction


def summary(sdp: bytes) -> tuple[Direction, bool]:
    """Direction and "has audio"."""
    raise NotImplementedError
