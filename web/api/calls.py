"""Calls: the history, and what can be done to a live one."""

import dataclasses
from typing import Annotated, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from signaling.views import CallState, TransferState

from ..auth.sessions import Visitor
from ..keys import GATEWAY, JOURNAL, STORE
from ..problems import Problem
from ..store.calls import MOST, BadCursor, CallFilter, CallRow, Cursor
from . import routes
from .bodies import CallBody, CallChange, CallDetail, CallsBody, TakeWish, TransferWish
from .routes import Route


class _Query(BaseModel):
    """The query of the list. An empty value is none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: int = Field(default=50, ge=1, le=MOST)
    q: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] | None = None
    direction: Literal["in", "out"] | None = None
    outcome: Literal["answered", "missed"] | None = None


async def calls(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    try:
        query = _Query.model_validate({name: value for name, value in request.query.items() if value})
        after = None if query.cursor is None else Cursor.parse(query.cursor)
    except ValidationError as error:
        wrong = "; ".join(f"{one['loc'][0]}: {one['msg']}" for one in error.errors())
        raise Problem(400, "bad_request", wrong[:500]) from None
    except BadCursor as error:
        raise Problem(400, "bad_request", str(error)) from None
    await request.app[JOURNAL].settled()
    rows, following = await request.app[STORE].calls.page(
        visitor.scope, CallFilter(query.q, query.direction, query.outcome), after=after, limit=query.limit
    )
    bodies = [CallBody.of(_as_now(request, row)) for row in rows]
    return routes.answer(CallsBody(calls=bodies, next=None if following is None else str(following)))


async def call(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    row = await _visible(request, visitor)
    events = await request.app[STORE].calls.events(visitor.scope, row.call.id)
    return routes.answer(CallDetail.with_events(_as_now(request, row), events))


async def change_call(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    wish = await routes.read(request, CallChange)
    row = await _own(request, visitor)
    if not request.app[GATEWAY].mute(row.call.line, row.call.id, wish.muted):
        raise Problem(404, "not_found", "the call is not live")
    return web.Response(status=204)


async def hang_up(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    row = await _own(request, visitor)
    if not request.app[GATEWAY].hang_up(row.call.line, row.call.id):
        raise Problem(404, "not_found", "the call is not live")
    return web.Response(status=202)


async def take(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Continue here. The page is asked by an INVITE; what came of it is on the feed."""
    wish = await routes.read(request, TakeWish)
    row = await _own(request, visitor)
    gateway, line = request.app[GATEWAY], row.call.line
    view = next((view for view in gateway.call_views(line) if view.call == row.call.id), None)
    if view is None:
        raise Problem(404, "not_found", "the call is not live")
    if view.state is not CallState.ACTIVE:
        raise Problem(409, "not_talking", "the call is not answered yet")
    if view.handset == wish.handset and not view.detached:
        raise Problem(409, "already_here", "this page has the call")
    if not gateway.take(line, row.call.id, wish.handset):
        raise Problem(409, "handset_not_attached", "this page is not connected to the line")
    return web.Response(status=202)


async def transfer(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Hand the call on; what comes of it is on the feed."""
    wish = await routes.read(request, TransferWish)
    if (wish.to is None) == (wish.consult_call is None):
        raise Problem(422, "bad_request", "one of to and consult_call is expected")
    row = await _own(request, visitor)
    gateway, line = request.app[GATEWAY], row.call.line
    views = {view.call: view for view in gateway.call_views(line)}
    if row.call.id not in views:
        raise Problem(404, "not_found", "the call is not live")
    wanted = [row.call.id] if wish.consult_call is None else [row.call.id, wish.consult_call]
    if len(set(wanted)) < len(wanted) or any(call not in views for call in wanted):
        raise Problem(409, "no_such_consultation", "the other call is not another live one of this line")
    if any(views[call].state is not CallState.ACTIVE for call in wanted):
        raise Problem(409, "not_talking", "the call is not answered yet")
    if views[row.call.id].transfer is TransferState.PENDING:
        raise Problem(409, "transfer_pending", "the call is being transferred already")
    gateway.transfer(line, row.call.id, to=wish.to, consulted=wish.consult_call)
    return web.Response(status=202)


def _as_now(request: web.Request, row: CallRow) -> CallRow:
    """``row`` with what is not kept of a live call."""
    live = request.app[JOURNAL].call(row.call.id)
    return row if live is None else dataclasses.replace(live.row(), call=row.call, recording=row.recording)


async def _visible(request: web.Request, visitor: Visitor) -> CallRow:
    await request.app[JOURNAL].settled()
    row = await request.app[STORE].calls.get(visitor.scope, request.match_info["call"])
    if row is None:
        raise Problem(404, "not_found", "there is no such call")
    return row


async def _own(request: web.Request, visitor: Visitor) -> CallRow:
    """Only the person whose call it is may change it."""
    row = await _visible(request, visitor)
    if row.call.user != visitor.user.id:
        raise Problem(403, "forbidden", "the call is another person's")
    return row


def add(app: web.Application) -> None:
    routes.add(
        app,
        (
            Route("GET", "/calls", calls),
            Route("GET", "/calls/{call}", call),
            Route("PATCH", "/calls/{call}", change_call),
            Route("POST", "/calls/{call}/hangup", hang_up),
            Route("POST", "/calls/{call}/take", take),
            Route("POST", "/calls/{call}/transfer", transfer),
        ),
    )
