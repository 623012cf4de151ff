"""How often a secret that may be wrong is tried."""

import pytest

from signaling.tries import MINUTE, SOON, Tries


class Clock:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


def refuse(tries: Tries, account: str, line: str, version: int = 1, *, person: bool = False) -> None:
    assert tries.ask(account, line, version, person=person) == 0
    tries.tell(account, line, version, False)


def test_one_wrong_secret_a_minute_in_an_account() -> None:
    clock = Clock()
    tries = Tries(clock)
    refuse(tries, "a", "a1")
    clock.at = 10
    assert tries.ask("a", "a2", 1) == 50
    assert tries.ask("b", "b1", 1) == 0
    clock.at = MINUTE
    assert tries.ask("a", "a2", 1) == 0


@pytest.mark.parametrize("refused", [4, 5, 6])
def test_five_in_a_minute_for_the_gateway(refused: int) -> None:
    clock = Clock()
    tries = Tries(clock)
    for number in range(min(refused, 5)):
        refuse(tries, f"a{number}", f"l{number}")
        clock.at += 1
    if refused == 4:
        assert tries.ask("z", "z1", 1) == 0
    else:
        assert tries.ask("z", "z1", 1) == tries.ask("z", "z1", 1, person=True) == 55
        clock.at = MINUTE
        assert tries.ask("z", "z1", 1) == 0


def test_a_right_secret_is_tried_freely_in_its_version() -> None:
    tries = Tries(Clock())
    assert tries.ask("a", "a1", 1) == 0
    tries.tell("a", "a1", 1, True)
    refuse(tries, "a", "a2")
    assert tries.ask("a", "a1", 1) == 0
    assert tries.ask("a", "a1", 2) > SOON
    tries.tell("a", "a1", 1, False)  # it was changed at the PBX
    assert tries.ask("a", "a1", 1) > SOON


def test_one_at_a_time_in_an_account() -> None:
    tries = Tries(Clock())
    assert tries.ask("a", "a1", 1) == 0
    assert tries.ask("a", "a1", 1) == 0
    assert tries.ask("a", "a2", 1) == SOON
    tries.tell("a", "a1", 1, None)
    assert tries.ask("a", "a2", 1) == 0


def test_several_at_a_time_once_one_was_right() -> None:
    tries = Tries(Clock())
    assert tries.ask("a", "a1", 1) == 0
    tries.tell("a", "a1", 1, True)
    assert [tries.ask("a", f"b{number}", 1) for number in range(6)] == [0, 0, 0, 0, 0, SOON]
    tries.tell("a", "b0", 1, False)
    assert tries.ask("a", "b6", 1) == MINUTE


def test_five_under_way_for_the_gateway() -> None:
    clock = Clock()
    tries = Tries(clock)
    for number in range(5):
        assert tries.ask(f"a{number}", f"l{number}", 1) == 0
    assert tries.ask("z", "z1", 1, person=True) == SOON
    clock.at = 40  # nobody told how they ended
    assert tries.ask("z", "z1", 1) == 0


def test_a_person_does_not_wait_for_the_account() -> None:
    tries = Tries(Clock())
    refuse(tries, "a", "a1")
    for version in range(2, 6):
        refuse(tries, "a", "a1", version, person=True)
    assert tries.ask("a", "a1", 6, person=True) == MINUTE


def test_limits_are_settings() -> None:
    tries = Tries(Clock(), per_account=2, in_all=2)
    refuse(tries, "a", "a1")
    refuse(tries, "a", "a2")
    assert tries.ask("a", "a3", 1) == tries.ask("b", "b1", 1) == MINUTE
