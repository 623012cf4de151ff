"""The dial rules of an account as its administrator writes them: a JSON file, checked whole before it is kept.

``everyone`` holds for all, except for the roles that ``roles`` names: their entry takes its place as a whole.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from signaling import dial_rules
from signaling.dial_rules import DialRules

from .store.scope import Role

_MOST = 200  # patterns of one list

_Pattern = Annotated[str, StringConstraints(pattern=f"^(?:{dial_rules.PATTERN.pattern})$")]
_Patterns = Annotated[tuple[_Pattern, ...], Field(max_length=_MOST)]
_Number = Annotated[str, StringConstraints(pattern=r"^[0-9*#]{2,15}$")]


class BadDialRules(Exception):
    """The file is not what it should be; the message says where and why."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RoleRules(_Part):
    """As `signaling.dial_rules.DialRules`."""

    allowed: _Patterns = ()
    forbidden: _Patterns = ()
    premium: _Patterns = ()
    calls: Annotated[int, Field(ge=0, le=1000)] | None = None
    per_minute: Annotated[int, Field(ge=1, le=1000)] | None = None

    @property
    def in_words(self) -> str:
        parts = [
            f"{name} {' '.join(patterns)}"
            for name, patterns in (("allows", self.allowed), ("forbids", self.forbidden), ("premium", self.premium))
            if patterns
        ]
        parts += [f"{self.calls} calls at once"] if self.calls is not None else []
        parts += [f"{self.per_minute} a minute"] if self.per_minute is not None else []
        return ", ".join(parts) or "every number but premium ones"


class AccountRules(_Part):
    outside: Annotated[str, StringConstraints(pattern=r"^[0-9]{0,4}$")] = ""
    emergency: Annotated[tuple[_Number, ...], Field(max_length=_MOST)] = ()
    everyone: RoleRules = RoleRules()
    roles: dict[Role, RoleRules] = {}

    def of(self, role: Role | None, country: str) -> DialRules:
        """For a line whose user has that role; None for one that is nobody's."""
        rules = self.roles.get(role, self.everyone) if role is not None else self.everyone
        return DialRules(
            allowed=rules.allowed,
            forbidden=rules.forbidden,
            premium=rules.premium,
            emergency=self.emergency,
            country=country,
            outside=self.outside,
            calls=rules.calls,
            per_minute=rules.per_minute,
        )

    @property
    def in_words(self) -> str:
        """One line, for the command line."""
        parts = [self.everyone.in_words, *(f"{role}: {rules.in_words}" for role, rules in sorted(self.roles.items()))]
        if self.emergency:
            parts.append(f"emergency {' '.join(self.emergency)}")
        if self.outside:
            parts.append(f"outside line {self.outside}")
        return "; ".join(parts)


def stored(value: object) -> AccountRules:
    """What the store has of an account; None where it has none. Raises `BadDialRules`."""
    return AccountRules() if value is None else _checked(lambda: AccountRules.model_validate(value))


def read(path: Path) -> AccountRules:
    """Raises `BadDialRules`."""
    return _checked(lambda: AccountRules.model_validate_json(path.read_bytes()))


def _checked(make: Callable[[], AccountRules]) -> AccountRules:
    try:
        return make()
    except ValidationError as error:
        told = error.errors(include_input=False, include_url=False)
        lines = [f"{'.'.join(str(part) for part in it['loc']) or 'the file'}: {it['msg']}" for it in told]
        raise BadDialRules("; ".join(lines)) from None
