"""The shapes that go over the wire, as ``docs/api.md`` has them. Times are UTC with ``Z``."""

from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints

from signaling.ports import NEAR_DOMAIN

from ..feed import LiveLine
from ..lines import LineFacts
from ..store.calls import CallRow
from ..store.tables import Account, CallEvent, Recording, User

Language = Literal["pt-BR", "es", "en"]
Theme = Literal["system", "light", "dark"]
HandsetId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{8,64}$")]


class _In(BaseModel):
    """What a page sends: nothing that is not named here."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class LogIn(_In):
    login: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    password: Annotated[str, StringConstraints(min_length=1, max_length=1024)]


class Preferences(_In):
    language: Language | None = None
    theme: Theme | None = None


class NewPassword(_In):
    current: Annotated[str, StringConstraints(max_length=1024)]
    new: Annotated[str, StringConstraints(max_length=1024)]


class LineTicketWish(_In):
    handset: HandsetId
    page: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{16,64}$")] | None = None


class EventsTicketWish(_In):
    handset: HandsetId | None = None


class NewSecret(_In):
    secret: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class TakeWish(_In):
    handset: HandsetId


class TransferWish(_In):
    """One of the two."""

    to: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z*#+._-]{1,64}$")] | None = None
    consult_call: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None


class CallChange(_In):
    muted: bool


class _Out(BaseModel):
    model_config = ConfigDict(frozen=True)


class AccountBody(_Out):
    id: str
    name: str
    time_zone: str
    country: str


class Me(_Out):
    id: str
    login: str
    name: str
    role: str
    language: str
    theme: str
    account: AccountBody
    line: str | None

    @classmethod
    def of(cls, user: User, account: Account, *, line: str | None, language: str) -> Self:
        """``language`` is the one to use where the user has chosen none."""
        return cls(
            id=user.id,
            login=user.login,
            name=user.name,
            role=user.role,
            language=user.language or language,
            theme=user.theme,
            account=AccountBody(id=account.id, name=account.name, time_zone=account.time_zone, country=account.country),
            line=line,
        )


class LineBody(_Out):
    """``user`` is the name of the person; ``detail`` is None for agents."""

    id: str
    number: str
    name: str
    user: str | None
    uri: str
    state: str
    reason: str | None
    detail: str | None
    retry_at: datetime | None
    handsets: int
    recording: bool
    max_handsets: int
    messages_waiting: int | None

    @classmethod
    def of(cls, facts: LineFacts, live: LiveLine | None, *, details: bool, max_handsets: int) -> Self:
        """``live`` is None for a line that was not up since the gateway started."""
        view = None if live is None else live.view
        return cls(
            id=facts.id,
            number=facts.number,
            name=facts.name,
            user=facts.user_name,
            uri=f"sip:{facts.number}@{NEAR_DOMAIN}",
            state="idle" if view is None else view.state.value,
            reason=None if view is None else view.reason,
            detail=view.detail if view is not None and details else None,
            retry_at=None if live is None else live.retry_at,
            handsets=0 if view is None else view.handsets,
            recording=facts.record,
            max_handsets=max_handsets,
            messages_waiting=None if view is None else view.messages_waiting,
        )


class LinesBody(_Out):
    lines: list[LineBody]


class RecordingOfCall(_Out):
    id: str
    state: str
    duration: float | None


class CallBody(_Out):
    id: str
    line: str
    agent: str | None
    direction: str
    state: str
    number: str
    name: str | None
    handset: str | None
    near_call_id: str | None
    early_media: bool
    held: bool
    held_by_other: bool
    muted: bool
    recording_state: str
    cause: str | None
    sip_status: int | None
    sip_reason: str | None
    ended_by: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    duration: float | None
    recording: RecordingOfCall | None
    detached: bool
    resume_until: datetime | None
    transfer: str
    transfer_to: str | None

    @classmethod
    def of(cls, row: CallRow) -> Self:
        return cls(**_call_values(row))


class CallEventBody(_Out):
    """One change: the state of the call after it."""

    at: datetime
    state: str
    cause: str | None
    held: bool
    held_by_other: bool
    muted: bool
    early_media: bool
    recording_state: str
    sip_status: int | None

    @classmethod
    def of(cls, row: CallEvent) -> Self:
        view = row.view
        return cls(
            at=row.at,
            state=view["state"],
            cause=view.get("cause"),
            held=view.get("held", False),
            held_by_other=view.get("held_by_other", False),
            muted=view.get("muted", False),
            early_media=view.get("early_media", False),
            recording_state=view.get("recording", "off"),
            sip_status=view.get("sip_status"),
        )


class CallDetail(CallBody):
    events: list[CallEventBody]

    @classmethod
    def with_events(cls, row: CallRow, events: list[CallEvent]) -> Self:
        return cls(events=[CallEventBody.of(event) for event in events], **_call_values(row))


class CallsBody(_Out):
    calls: list[CallBody]
    next: str | None


class RecordingBody(_Out):
    id: str
    call: str
    state: str
    duration: float | None
    bytes: int | None
    sha256: str | None
    started_at: datetime | None
    channels: tuple[str, str] = ("agent", "other")

    @classmethod
    def of(cls, row: Recording) -> Self:
        return cls(
            id=row.id,
            call=row.call,
            state=row.state,
            duration=row.duration,
            bytes=row.bytes,
            sha256=row.sha256,
            started_at=row.started_at,
        )


class TicketBody(_Out):
    ticket: str


class LineTicketBody(TicketBody):
    handset: str


class Snapshot(_Out):
    type: Literal["snapshot"] = "snapshot"
    seq: int
    now: datetime
    me: Me
    line: LineBody | None
    calls: list[CallBody]


class LineMessage(_Out):
    type: Literal["line"] = "line"
    seq: int
    line: LineBody


class LinesMessage(_Out):
    type: Literal["lines"] = "lines"
    seq: int
    lines: list[LineBody]


class CallMessage(_Out):
    type: Literal["call"] = "call"
    seq: int
    call: CallBody


_OF_LIVE_CALLS = ("detached", "resume_until", "transfer", "transfer_to")
_NO_COLUMNS = ("duration", "recording", *_OF_LIVE_CALLS)


def _call_values(row: CallRow) -> dict[str, Any]:
    call, recording = row.call, row.recording
    same = {name: getattr(call, name) for name in CallBody.model_fields if name not in _NO_COLUMNS}
    talked = None
    if call.answered_at is not None and call.ended_at is not None:
        talked = round(max(0.0, (call.ended_at - call.answered_at).total_seconds()), 3)
    made = None
    if recording is not None:
        made = RecordingOfCall(id=recording.id, state=recording.state, duration=recording.duration)
    live = {name: getattr(row, name) for name in _OF_LIVE_CALLS}
    return {**same, **live, "duration": talked, "recording": made}
