"""Who asks: every query of a person's data takes a `Scope`, so that tenant and role cannot be forgotten."""

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum


class Role(StrEnum):
    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Scope:
    """A user in its account. Agents see what is their own; supervisors and administrators what is the account's."""

    account: str
    user: str
    role: Role

    @property
    def sees_account(self) -> bool:
        return self.role is not Role.AGENT


def new_id() -> str:
    """128 random bits as hex."""
    return secrets.token_hex(16)


def now() -> datetime:
    return datetime.now(UTC)
