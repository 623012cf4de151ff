"""How much may be asked for in a minute, each limit at one below, at, and one above."""

import pytest

from signaling.message import Request, Response
from signaling.rates import Bucket, MethodRates, Rates

from .page import OWN, request_of


def take(rates: Rates, message: Request | Response, count: int, at: float) -> int:
    """How many of ``count`` were let through."""
    return sum(rates.wait(message, at) == 0 for _ in range(count))


def test_a_bucket() -> None:
    bucket = Bucket(rate=2, burst=3, now=10)
    assert [bucket.take(10) for _ in range(3)] == [0, 0, 0]
    assert bucket.take(10) == 0.5
    assert bucket.take(10.25) == 0.25
    assert bucket.take(10.5) == 0
    assert [bucket.take(1000) for _ in range(4)] == [0, 0, 0, 0.5]


@pytest.mark.parametrize(
    ("method", "burst", "a_minute"), [("REGISTER", 20, 60), ("INVITE", 20, 20), ("MESSAGE", 30, 30)]
)
def test_methods(method: str, burst: int, a_minute: int) -> None:
    request = request_of(method)
    for count in (burst - 1, burst, burst + 1):
        assert take(Rates(MethodRates(), 0), request, count, 0) == min(count, burst)
    rates = Rates(MethodRates(), 0)
    assert take(rates, request, burst + 1, 0) == burst
    after = 60 / a_minute
    assert take(rates, request, 1, after * 0.9) == 0
    assert take(rates, request, 2, after) == 1
    assert sum(take(rates, request, 1, 1000 + second) for second in range(60)) <= burst + a_minute


def test_what_is_not_counted() -> None:
    rates = Rates(MethodRates(registers=1, register_burst=1, invites=1, messages=1), 0)
    assert take(rates, request_of("OPTIONS"), 100, 0) == 100
    again = request_of("INVITE", to=OWN.with_tag("there"))
    assert take(rates, again, 100, 0) == 100
    assert take(rates, again.reply(200), 100, 0) == 100
    assert take(rates, request_of("INVITE"), 2, 0) == 1


def test_the_account_can_only_lower_the_rate_of_invites() -> None:
    rates, invite = Rates(MethodRates(), 0), request_of("INVITE")
    rates.limit_invites(3, 0)
    rates.limit_invites(3, 0)
    assert take(rates, invite, 5, 0) == 3
    rates.limit_invites(100, 0)
    assert take(rates, invite, 30, 0) == 20
    rates.limit_invites(None, 0)
    assert take(rates, invite, 30, 0) == 0
