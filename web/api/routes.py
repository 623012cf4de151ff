"""How a handler is put under a path: what it needs is checked before it runs, and nothing is open by default."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from ..auth.sessions import Visitor
from ..keys import SECURITY, SESSIONS
from ..problems import Problem
from ..store.scope import Role

API = "/api/v1"
SAFE = frozenset({hdrs.METH_GET, hdrs.METH_HEAD, hdrs.METH_OPTIONS})
BODY_TIMEOUT = 30.0  # seconds
_RANK = {Role.AGENT: 0, Role.SUPERVISOR: 1, Role.ADMIN: 2}

Body = TypeVar("Body", bound=BaseModel)
Handler = Callable[[web.Request, Visitor], Awaitable[web.StreamResponse]]
PlainHandler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True, slots=True)
class Route:
    """``role`` is the least role that may call it."""

    method: str
    path: str
    handler: Handler
    role: Role = Role.AGENT


async def visitor_of(request: web.Request) -> Visitor:
    """Who asks. Raises `Problem` 401."""
    visitor = await request.app[SESSIONS].visitor(request)
    if visitor is None:
        raise Problem(401, "no_session", "log in first")
    return visitor


def guarded(route: Route) -> PlainHandler:
    """The handler behind its checks: origin and header for changes, then session, then role."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.method not in SAFE:
            request.app[SECURITY].check_change(request)
        visitor = await visitor_of(request)
        if _RANK[visitor.scope.role] < _RANK[route.role]:
            raise Problem(403, "forbidden", f"this needs the role {route.role.value}")
        return await route.handler(request, visitor)

    return handle


def changing(handler: PlainHandler) -> PlainHandler:
    """A handler without a session that changes state all the same: the log-in."""

    async def handle(request: web.Request) -> web.StreamResponse:
        request.app[SECURITY].check_change(request)
        return await handler(request)

    return handle


def add(app: web.Application, routes: tuple[Route, ...]) -> None:
    for route in routes:
        app.router.add_route(route.method, API + route.path, guarded(route))


async def read(request: web.Request, kind: type[Body]) -> Body:
    """The body as a value. Raises `Problem` 422 with the names of what is wrong, 408 if it does not come."""
    try:
        async with asyncio.timeout(BODY_TIMEOUT):
            text = await request.read()
    except TimeoutError:
        raise Problem(408, "bad_request", "the body did not come in time") from None
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        wrong = (f"{'.'.join(map(str, one['loc'])) or 'body'}: {one['msg']}" for one in error.errors())
        raise Problem(422, "bad_request", "; ".join(wrong)[:500]) from None


def answer(body: BaseModel, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=body.model_dump_json().encode(), content_type="application/json")
