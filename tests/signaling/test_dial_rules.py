"""Which numbers may be dialled."""

import time

import pytest

from signaling.dial_rules import ALWAYS, DialRules, forms, matches


@pytest.mark.parametrize(
    ("pattern", "number", "fits"),
    [
        ("0900*", "0900", True),
        ("0900*", "09001234567", True),
        ("0900*", "090", False),
        ("0900*", "1900", False),
        ("55119????????", "5511987654321", True),
        ("55119????????", "551198765432", False),
        ("55119????????", "55119876543210", False),
        ("*", "anything", True),
        ("*", "", True),
        ("*72", "*72", True),
        ("*72", "172", False),
        ("*72*", "*721001", True),
        ("1?01", "1001", True),
        ("1?01", "1002", False),
        ("#21#", "#21#", True),
    ],
)
def test_patterns(pattern: str, number: str, fits: bool) -> None:
    assert matches(pattern, number) is fits


@pytest.mark.parametrize(
    ("number", "country", "outside", "also"),
    [
        ("0900-123.4567", "BR", "", "09001234567"),
        ("+559001234567", "BR", "", "09001234567"),
        ("00559001234567", "BR", "", "+559001234567"),
        ("559001234567", "BR", "", "09001234567"),
        ("0021190055512345", "BR", "", "+190055512345"),
        ("0211133334444", "BR", "", "01133334444"),
        ("009001234567", "BR", "0", "09001234567"),
        ("0119005551234", "US", "", "+9005551234"),
        ("+19005551234", "US", "", "19005551234"),
        ("0044901", "ZZ", "", "+44901"),
        ("+4490", "ZZ", "", "+4490"),
        ("34803123456", "ES", "", "34803123456"),
        ("0034803123456", "ES", "", "803123456"),
        ("ana.maria", "BR", "", "ana.maria"),
    ],
)
def test_what_a_number_can_mean(number: str, country: str, outside: str, also: str) -> None:
    assert also in forms(number, country, outside)


def test_a_name_and_an_extension_mean_nothing_else() -> None:
    assert forms("ana.maria", "BR") == ("ana.maria",)
    assert forms("1001", "BR") == ("1001",)
    assert forms("0", "BR", "0") == ("0",)


@pytest.mark.parametrize(
    "number", ["09001234567", "0500123456", "0900-123-4567", "+559001234567", "00559001234567", "+19005551234",
               "0019005551234", "00211 9005551234".replace(" ", ""), "+97912345678", "+8821612345", "00449011234567"]
)  # fmt: skip
def test_premium_numbers_are_off(number: str) -> None:
    assert DialRules().refusal(number) == "premium"
    assert DialRules(premium=("*",)).refusal(number) is None


@pytest.mark.parametrize(
    "number",
    [
        "600",
        "0900",
        "0300123456",
        "08001234567",
        "+5511987654321",
        "011987654321",
        "02111987654321",
        "*72",
        "#21#",
        "ana",
    ],
)
def test_everything_else_is_on(number: str) -> None:
    assert DialRules().refusal(number) is None


def test_one_premium_number_may_be_let_through() -> None:
    rules = DialRules(premium=("09001234567",))
    assert rules.refusal("0900-123-4567") is None
    assert rules.refusal("09001234568") == "premium"


def test_forbidden_wins_over_allowed() -> None:
    rules = DialRules(allowed=("1???", "0*"), forbidden=("00*", "1999"))
    assert rules.refusal("1001") is None
    assert rules.refusal("01133334444") is None
    assert rules.refusal("1999") == "forbidden"
    assert rules.refusal("00123") == "forbidden"
    assert rules.refusal("600") == "not_allowed"


@pytest.mark.parametrize("number", [*ALWAYS, "193", "0190", "1-9-0", "199", "0199"])
def test_emergency_numbers_are_never_refused(number: str) -> None:
    rules = DialRules(allowed=("1001",), forbidden=("*",), emergency=("199",), outside="0")
    assert rules.is_emergency(number)
    assert rules.refusal(number) is None


@pytest.mark.parametrize("number", ["1900", "19", "+190", "190#", "00190"])
def test_what_only_looks_like_one_is_refused(number: str) -> None:
    rules = DialRules(forbidden=("*",), outside="0")
    assert not rules.is_emergency(number)
    assert rules.refusal(number) == "forbidden"
    assert DialRules(forbidden=("*",)).refusal("0190") == "forbidden"


def test_other_countries_have_no_premium_list_of_their_own() -> None:
    assert DialRules(country="ZZ").refusal("09001234567") is None
    assert DialRules(country="ZZ").refusal("0049900123456") == "premium"


def test_it_is_quick_on_hostile_patterns() -> None:
    rules = DialRules(allowed=("?" * 63 + "*",) * 200, forbidden=("?" * 63 + "1",) * 200)
    began = time.process_time()
    rules.refusal("0" * 64)
    assert time.process_time() - began < 0.05
