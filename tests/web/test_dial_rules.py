"""The dial rules of an account: from a file, into the store, to the line."""

import asyncio
import json
from pathlib import Path

import pytest

from signaling.dial_rules import DialRules
from web import dial_rules
from web.dial_rules import AccountRules, BadDialRules, RoleRules
from web.lines import Lines
from web.settings import load
from web.store import open_store
from web.store.scope import Role

from .test_commands import Shell

RULES = {
    "outside": "0",
    "emergency": ["199"],
    "everyone": {"forbidden": ["00*"], "calls": 3, "per_minute": 10},
    "roles": {"admin": {"premium": ["0900*"]}, "supervisor": {"allowed": ["1???", "55119????????"]}},
}


def written(folder: Path, rules: object) -> Path:
    path = folder / "rules.json"
    path.write_text(rules if isinstance(rules, str) else json.dumps(rules))
    return path


def test_the_rules_of_each_role(tmp_path: Path) -> None:
    rules = dial_rules.read(written(tmp_path, RULES))
    assert rules.of(Role.AGENT, "BR") == rules.of(None, "BR")
    assert rules.of(Role.AGENT, "BR") == DialRules(
        forbidden=("00*",), emergency=("199",), country="BR", outside="0", calls=3, per_minute=10
    )
    assert rules.of(Role.ADMIN, "US").premium == ("0900*",)
    assert rules.of(Role.ADMIN, "US").forbidden == ()
    assert rules.of(Role.SUPERVISOR, "BR").refusal("600") == "not_allowed"
    assert rules.of(Role.SUPERVISOR, "BR").refusal("199") is None


def test_without_rules_only_premium_numbers_are_refused() -> None:
    assert dial_rules.stored(None).of(Role.AGENT, "BR") == DialRules()


def test_what_is_kept_is_what_was_read(tmp_path: Path) -> None:
    rules = dial_rules.read(written(tmp_path, RULES))
    assert dial_rules.stored(rules.model_dump(mode="json", exclude_defaults=True)) == rules


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{", "the file: Invalid JSON"),
        ({"everyone": {"forbidden": ["(a+)+"]}}, "everyone.forbidden.0: "),
        ({"everyone": {"forbidden": [""]}}, "everyone.forbidden.0: "),
        ({"everyone": {"forbidden": ["1\n"]}}, "everyone.forbidden.0: "),
        ({"everyone": {"forbidden": ["1"] * 201}}, "everyone.forbidden: "),
        ({"everyone": {"calls": -1}}, "everyone.calls: "),
        ({"everyone": {"per_minute": 0}}, "everyone.per_minute: "),
        ({"emergency": ["1?"]}, "emergency.0: "),
        ({"outside": "x"}, "outside: "),
        ({"roles": {"boss": {}}}, "roles.boss"),
        ({"all": {}}, "all: "),
    ],
)
def test_a_wrong_file_is_refused_by_what_is_wrong(tmp_path: Path, rules: object, said: str) -> None:
    with pytest.raises(BadDialRules) as refused:
        dial_rules.read(written(tmp_path, rules))
    assert said in str(refused.value)


def test_in_words() -> None:
    assert AccountRules().in_words == "every number but premium ones"
    everyone = RoleRules(allowed=("1*",), forbidden=("00*",), premium=("0900*",), calls=2, per_minute=5)
    rules = AccountRules(everyone=everyone, roles={Role.ADMIN: RoleRules()}, emergency=("199",), outside="0")
    assert rules.in_words == (
        "allows 1*, forbids 00*, premium 0900*, 2 calls at once, 5 a minute; admin: every number but premium ones; "
        "emergency 199; outside line 0"
    )


def test_by_the_command_line(tmp_path: Path) -> None:
    shell = Shell(tmp_path, COLUMNS="200")
    shell.good("migrate")
    shell.good("account", "add", "Padaria", "--pbx-url", "wss://localhost:9/ws")
    shell.good("user", "add", "bia", "--account", "Padaria", "--role", "supervisor", typed="uma frase longa\n")
    shell.good("line", "add", "1001", "--account", "Padaria", "--user", "bia", typed="x\n")
    assert "dials: every number but premium ones" in shell.good("account", "list")
    shell.good("account", "set", "Padaria", "--dial-rules", str(written(tmp_path, RULES)))
    assert "dials: forbids 00*, 3 calls at once, 10 a minute; admin: premium 0900*" in shell.good("account", "list")
    assert "What Padaria may dial: forbids 00*" in shell.run("check")[1]
    status, _, err = shell.run("account", "set", "Padaria", "--dial-rules", str(written(tmp_path, {"x": 1})))
    assert status != 0 and "x: Extra inputs" in err and "Traceback" not in err

    async def look() -> None:
        async with open_store(load(shell.environment)) as store:
            (row,) = await store.lines.all()
            assert (await Lines(store).config(row)).dial.allowed == ("1???", "55119????????")
            await store.accounts.set(row.account.id, dial_rules={"broken": True})
            (row,) = await store.lines.all()
            broken = (await Lines(store).config(row)).dial
            assert (broken.refusal("600"), broken.refusal("190")) == ("forbidden", None)

    asyncio.run(look())
    assert "cannot be read, so that nothing can be dialled" in shell.run("check")[1]
