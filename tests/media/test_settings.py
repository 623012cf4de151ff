"""Settings that cannot work are refused by what is wrong with them."""

from pathlib import Path
from typing import Any

import pytest

from media.settings import MediaSettings


def test_defaults() -> None:
    settings = MediaSettings(Path("captures"), ("192.0.2.1",))
    assert settings.workers >= 1 and settings.base_port == 0 and settings.advertised == ("192.0.2.1",)
    assert MediaSettings(Path("x"), ("10.0.0.1",), ("203.0.113.1",)).advertised == ("203.0.113.1",)


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"bind": ()}, "at least one address"),
        ({"advertise": ("203.0.113.1", "203.0.113.2")}, "as many advertised"),
        ({"workers": 0}, "at least one worker"),
        ({"base_port": -1}, "between 1 and 65535"),
        ({"base_port": 65_535, "workers": 2}, "between 1 and 65535"),
    ],
)
def test_what_cannot_work(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        MediaSettings(**{"captures": Path("x"), "bind": ("192.0.2.1",), **wrong})
