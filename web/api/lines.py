"""Lines: the own one, and for supervisors and administrators those of the account."""

import secrets

from aiohttp import web

from ..auth.sessions import Visitor
from ..auth.tickets import Purpose, Ticket
from ..keys import GATEWAY, JOURNAL, LINES, SETTINGS, STORE, TICKETS, TICKETS_BY_USER
from ..lines import LineFacts
from ..problems import Problem, too_many
from ..shutdown import refuse_new
from ..store.lines import LineRow
from ..store.scope import Role, Scope
from ..store.secrets import SIP
from . import routes
from .bodies import EventsTicketWish, LineBody, LinesBody, LineTicketBody, LineTicketWish, NewSecret, TicketBody
from .routes import Route


def line_body(app: web.Application, scope: Scope, facts: LineFacts) -> LineBody:
    """A line with its state of now, as ``scope`` may see it."""
    return LineBody.of(
        facts,
        app[JOURNAL].line(facts.id),
        details=scope.sees_account,
        max_handsets=app[SETTINGS].limits.handsets,
    )


async def own_line(request: web.Request, visitor: Visitor) -> LineRow:
    """The line of the one who asks. Raises `Problem` 404."""
    row = await request.app[STORE].lines.own(visitor.scope)
    if row is None:
        raise Problem(404, "no_line", "this user has no line")
    return row


async def line(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    row = await own_line(request, visitor)
    return routes.answer(line_body(request.app, visitor.scope, LineFacts.of(row)))


async def line_ticket(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """A duplicated tab brings the handset id of the tab it was copied from: it is given a new one."""
    wish = await routes.read(request, LineTicketWish)
    refuse_new(request.app, visitor.scope)
    row = await own_line(request, visitor)
    _take_ticket(request, visitor)
    handset = wish.handset
    if request.app[GATEWAY].handset_in_use(row.line.id, handset, page=wish.page):
        handset = secrets.token_hex(16)
    promised = Ticket(Purpose.SIP, visitor.session.id, visitor.scope, handset, wish.page)
    ticket = request.app[TICKETS].issue(promised)
    return routes.answer(LineTicketBody(ticket=ticket, handset=handset))


async def events_ticket(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    wish = await routes.read(request, EventsTicketWish)
    refuse_new(request.app, visitor.scope)
    _take_ticket(request, visitor)
    ticket = request.app[TICKETS].issue(Ticket(Purpose.EVENTS, visitor.session.id, visitor.scope, wish.handset))
    return routes.answer(TicketBody(ticket=ticket))


async def retry(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Also reads the secret anew: the command line may have set another one in the meantime."""
    row = await own_line(request, visitor)
    request.app[GATEWAY].reconfigure(await request.app[LINES].config(row))
    request.app[GATEWAY].retry(row.line.id)
    return web.Response(status=202)


async def lines(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    rows = await request.app[STORE].lines.all_of(visitor.scope)
    bodies = [line_body(request.app, visitor.scope, LineFacts.of(row)) for row in rows]
    return routes.answer(LinesBody(lines=bodies))


async def set_secret(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    wish = await routes.read(request, NewSecret)
    app = request.app
    row = await app[STORE].lines.get(visitor.scope, request.match_info["line"])
    if row is None:
        raise Problem(404, "not_found", "there is no such line")
    account = visitor.scope.account
    version = await app[STORE].secrets.put(account=account, kind=SIP, owner=row.line.id, value=wish.secret)
    await app[STORE].audit.add(
        account, "secret_set", actor=visitor.user.id, subject=row.line.id, detail=f"version {version}"
    )
    app[GATEWAY].reconfigure(await app[LINES].config(row))
    return web.Response(status=204)


def _take_ticket(request: web.Request, visitor: Visitor) -> None:
    wait = request.app[TICKETS_BY_USER].take(visitor.user.id)
    if wait:
        raise too_many(wait)


def add(app: web.Application) -> None:
    routes.add(
        app,
        (
            Route("GET", "/line", line),
            Route("POST", "/line/ticket", line_ticket),
            Route("POST", "/line/retry", retry),
            Route("POST", "/events/ticket", events_ticket),
            Route("GET", "/lines", lines, Role.SUPERVISOR),
            Route("PUT", "/lines/{line}/secret", set_secret, Role.ADMIN),
        ),
    )
