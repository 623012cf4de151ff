"""Passwords, rates and tickets by themselves."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.auth.passwords import Passwords, WeakPassword, check_strength
from web.auth.rates import Buckets, Rate
from web.auth.tickets import Purpose, Ticket, Tickets
from web.store.scope import Role, Scope

from .house import cheap

TICKET = Ticket(Purpose.SIP, "session", Scope("account", "user", Role.AGENT), "handset")


class Clock:
    def __init__(self) -> None:
        self.at = 1000.0

    def __call__(self) -> float:
        return self.at


async def test_a_password_fits_its_own_hash_only() -> None:
    passwords = cheap()
    hashed = await passwords.hash("one")
    assert hashed.startswith("$argon2id$")
    assert await passwords.verify(hashed, "one")
    assert not await passwords.verify(hashed, "two")
    assert not await passwords.verify("no hash", "one")
    assert not await passwords.verify(None, "nobody has this password")


async def test_the_parameters_are_those_of_rfc_9106_and_older_ones_are_stale() -> None:
    assert "m=65536,t=3,p=4" in await Passwords().hash("x")
    assert Passwords().is_stale(await cheap().hash("x"))
    assert not Passwords().is_stale(await Passwords().hash("x"))


async def test_a_user_that_does_not_exist_takes_as_long_as_a_wrong_password() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("x")
    await passwords.verify(None, "warm-up")

    async def least(of: str | None) -> float:
        took = []
        for _ in range(3):
            began = time.perf_counter()
            await passwords.verify(of, "y")
            took.append(time.perf_counter() - began)
        return min(took)

    assert 0.5 < await least(None) / await least(hashed) < 2


@pytest.mark.parametrize("weak", ["short", "x" * 129, "Ana-Ana-Ana", "aaaaaaaaaaaa"])
def test_weak_passwords_are_refused(weak: str) -> None:
    with pytest.raises(WeakPassword):
        check_strength(weak, login="ana-ana-ana")


def test_a_long_one_is_taken() -> None:
    check_strength("uma frase qualquer", login="ana")


def test_a_rate_lets_so_many_through_and_says_when_again() -> None:
    clock = Clock()
    rate = Rate(2, clock=clock)
    assert rate.take("a") == 0 == rate.take("a")
    clock.at += 20
    assert rate.take("a") == 40
    assert rate.take("b") == 0
    clock.at += 40
    assert rate.take("a") == 0


def test_a_taking_can_be_given_back() -> None:
    rate = Rate(1, clock=Clock())
    assert rate.take("a") == 0
    rate.give_back("a")
    rate.give_back("nobody")
    assert rate.take("a") == 0
    assert rate.take("a") > 0


@given(st.lists(st.tuples(st.floats(0, 30), st.sampled_from("ab")), max_size=60))
def test_no_window_ever_holds_more_than_the_count(steps: list[tuple[float, str]]) -> None:
    clock = Clock()
    rate = Rate(3, per=60, clock=clock)
    taken: dict[str, list[float]] = {"a": [], "b": []}
    for wait, key in steps:
        clock.at += wait
        if rate.take(key) == 0:
            taken[key].append(clock.at)
    for times in taken.values():
        assert all(sum(start <= at < start + 60 for at in times) <= 3 for start in times)


def test_a_flood_of_keys_does_not_fill_the_memory() -> None:
    rate = Rate(1, clock=Clock())
    for number in range(11_000):
        rate.take(str(number))
    assert len(rate._taken) == 10_000


def test_a_ticket_is_good_once() -> None:
    tickets = Tickets()
    text = tickets.issue(TICKET)
    assert tickets.redeem(text, Purpose.SIP) == TICKET
    assert tickets.redeem(text, Purpose.SIP) is None


def test_a_ticket_is_good_for_its_purpose_and_used_up_by_another() -> None:
    tickets = Tickets()
    text = tickets.issue(TICKET)
    assert tickets.redeem(text, Purpose.EVENTS) is None
    assert tickets.redeem(text, Purpose.SIP) is None


def test_a_late_ticket_is_none() -> None:
    clock = Clock()
    tickets = Tickets(clock=clock)
    early, late = tickets.issue(TICKET), tickets.issue(TICKET)
    clock.at += 29.9
    assert tickets.redeem(early, Purpose.SIP) == TICKET
    clock.at += 0.1
    assert tickets.redeem(late, Purpose.SIP) is None


def test_tickets_go_with_their_session() -> None:
    tickets = Tickets()
    text = tickets.issue(TICKET)
    tickets.revoke("another")
    kept = tickets.issue(TICKET)
    assert tickets.redeem(kept, Purpose.SIP) == TICKET
    tickets.revoke("session")
    assert tickets.redeem(text, Purpose.SIP) is None


@given(st.text(max_size=80))
def test_nothing_else_is_a_ticket(text: str) -> None:
    tickets = Tickets()
    tickets.issue(TICKET)
    assert tickets.redeem(text, Purpose.SIP) is None


@pytest.mark.parametrize("count", [19, 20, 21])
def test_a_bucket_for_each_key(count: int) -> None:
    clock = Clock()
    buckets = Buckets(60, 20, clock=clock)
    assert sum(buckets.take("a") == 0 for _ in range(count)) == min(count, 20)
    assert buckets.take("b") == 0
    clock.at += 1 if count > 19 else 0
    assert buckets.take("a") == 0
    assert buckets.take("a") == pytest.approx(1)


def test_a_flood_of_keys_does_not_fill_the_buckets() -> None:
    buckets = Buckets(1, 1, clock=Clock())
    assert buckets.take("first") == 0 < buckets.take("first")
    for number in range(11_000):
        buckets.take(str(number))
    assert buckets.take("first") == 0
