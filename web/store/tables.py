"""The tables. Ids are 128 random bits as hex; times are UTC; every row of a company names its account.

`signaling` knows nothing of these; the front end sees them through ``web.api.bodies`` only.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

NAMING = {
    "ix": "ix_%(column_0_N_label)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Utc(TypeDecorator[datetime]):
    """An aware datetime in UTC. SQLite keeps no zone: it is put back on the way out. Naive times are refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {datetime: Utc(), dict[str, Any]: JSON(), int: BigInteger(), str: String()}


def _id() -> Mapped[str]:
    return mapped_column(String(32), primary_key=True)


def _account() -> Mapped[str]:
    return mapped_column(String(32), ForeignKey("account.id", ondelete="CASCADE"), index=True)


class Account(Base):
    """A company with its PBX. ``pbx_ca`` is a PEM; ``engine`` is ``hub`` or ``none``; ``dial_rules`` are those of
    `web.dial_rules.AccountRules`, None for the default ones.
    """

    __tablename__ = "account"

    id: Mapped[str] = _id()
    name: Mapped[str] = mapped_column(String(200), unique=True)
    time_zone: Mapped[str] = mapped_column(String(64))
    country: Mapped[str] = mapped_column(String(2))
    pbx_url: Mapped[str] = mapped_column(String(500))
    pbx_domain: Mapped[str] = mapped_column(String(255))
    pbx_profile: Mapped[str] = mapped_column(String(20))
    pbx_ca: Mapped[str | None] = mapped_column(Text)
    engine: Mapped[str] = mapped_column(String(10))
    record: Mapped[bool]
    dial_rules: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime]


class User(Base):
    """A person who logs in. ``login`` is kept folded to lower case and is unique in the install."""

    __tablename__ = "user"

    id: Mapped[str] = _id()
    account: Mapped[str] = _account()
    login: Mapped[str] = mapped_column(String(200), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    password: Mapped[str] = mapped_column(String(200))
    language: Mapped[str | None] = mapped_column(String(10))
    theme: Mapped[str] = mapped_column(String(10))
    disabled: Mapped[bool]
    created_at: Mapped[datetime]


class Line(Base):
    """A user's extension. The ``pbx_*`` columns are None where the account's value holds; so is ``record``."""

    __tablename__ = "line"
    __table_args__ = (UniqueConstraint("account", "number"),)

    id: Mapped[str] = _id()
    account: Mapped[str] = _account()
    user: Mapped[str | None] = mapped_column(String(32), ForeignKey("user.id", ondelete="SET NULL"), unique=True)
    number: Mapped[str] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(200))
    sip_user: Mapped[str] = mapped_column(String(128))
    auth_user: Mapped[str] = mapped_column(String(128))
    pbx_url: Mapped[str | None] = mapped_column(String(500))
    pbx_domain: Mapped[str | None] = mapped_column(String(255))
    record: Mapped[bool | None]
    created_at: Mapped[datetime]


class Secret(Base):
    """A sealed secret: see `web.store.vault`. ``owner`` is the id of the record that it belongs to."""

    __tablename__ = "secret"
    __table_args__ = (UniqueConstraint("kind", "owner"),)

    id: Mapped[str] = _id()
    account: Mapped[str] = _account()
    kind: Mapped[str] = mapped_column(String(20))
    owner: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    changed_at: Mapped[datetime]


class Session(Base):
    """A log-in. ``token`` is the SHA-256 of the cookie's value, in hex."""

    __tablename__ = "session"

    id: Mapped[str] = _id()
    account: Mapped[str] = _account()
    user: Mapped[str] = mapped_column(String(32), ForeignKey("user.id", ondelete="CASCADE"), index=True)
    token: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(45))
    agent: Mapped[str] = mapped_column(String(200))


class Call(Base):
    """A call that is or was; the columns are those of `signaling.views.CallView` plus times and people."""

    __tablename__ = "call"
    __table_args__ = (
        Index("ix_call_account_started_at_id", "account", "started_at", "id"),
        Index("ix_call_user_started_at_id", "user", "started_at", "id"),
    )

    id: Mapped[str] = _id()
    account: Mapped[str] = mapped_column(String(32), ForeignKey("account.id", ondelete="CASCADE"))
    line: Mapped[str] = mapped_column(String(32), index=True)
    user: Mapped[str | None] = mapped_column(String(32))
    agent: Mapped[str | None] = mapped_column(String(200))
    direction: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(10), index=True)
    number: Mapped[str] = mapped_column(String(300))
    name: Mapped[str | None] = mapped_column(String(300))
    handset: Mapped[str | None] = mapped_column(String(100))
    near_call_id: Mapped[str | None] = mapped_column(String(300))
    early_media: Mapped[bool]
    held: Mapped[bool]
    held_by_other: Mapped[bool]
    muted: Mapped[bool]
    recording_state: Mapped[str] = mapped_column(String(12))
    cause: Mapped[str | None] = mapped_column(String(24))
    sip_status: Mapped[int | None]
    sip_reason: Mapped[str | None] = mapped_column(String(300))
    ended_by: Mapped[str | None] = mapped_column(String(10))
    started_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    changed_at: Mapped[datetime]


class CallEvent(Base):
    """What a call looked like after one change; ``number`` counts the changes of a call from 1."""

    __tablename__ = "call_event"

    call: Mapped[str] = mapped_column(String(32), ForeignKey("call.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str] = _account()
    at: Mapped[datetime]
    view: Mapped[dict[str, Any]]


class Recording(Base):
    """A call's recording. ``state`` is ``processing``, ``ready`` or ``failed``; paths are below the data directory."""

    __tablename__ = "recording"

    id: Mapped[str] = _id()
    account: Mapped[str] = _account()
    call: Mapped[str] = mapped_column(String(32), ForeignKey("call.id", ondelete="CASCADE"), unique=True)
    state: Mapped[str] = mapped_column(String(10), index=True)
    capture: Mapped[str | None] = mapped_column(String(500))
    path: Mapped[str | None] = mapped_column(String(500))
    duration: Mapped[float | None]
    bytes: Mapped[int | None]
    sha256: Mapped[str | None] = mapped_column(String(64))
    started_at: Mapped[datetime | None]
    attempts: Mapped[int]
    created_at: Mapped[datetime]


class Audit(Base):
    """Security events of an account, each bound to the one before it by `web.store.audit`."""

    __tablename__ = "audit"
    __table_args__ = (UniqueConstraint("account", "number"),)

    id: Mapped[str] = _id()
    account: Mapped[str] = _account()
    number: Mapped[int]
    at: Mapped[datetime]
    actor: Mapped[str | None] = mapped_column(String(32))
    what: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str | None] = mapped_column(String(100))
    detail: Mapped[str] = mapped_column(String(500))
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))
