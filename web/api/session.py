"""Log-in and log-out."""

from aiohttp import hdrs, web

from ..auth.sessions import Visitor
from ..keys import LOGINS_BY_ADDRESS, LOGINS_BY_USER, PASSWORDS, SECURITY, SESSIONS, STORE
from ..problems import Problem, too_many
from ..security import LOGGED_OUT
from ..store.scope import Role, Scope
from ..store.tables import User
from ..store.users import fold
from . import routes
from .bodies import LogIn
from .me import describe


async def log_in(request: web.Request) -> web.StreamResponse:
    """Takes as long for a user that does not exist as for a wrong password. Attempts that succeed do not count."""
    app, wish = request.app, await routes.read(request, LogIn)
    address, login = app[SECURITY].client_address(request), fold(wish.login)
    for rate, key in ((app[LOGINS_BY_ADDRESS], address), (app[LOGINS_BY_USER], login)):
        wait = rate.take(key)
        if wait:
            raise too_many(wait)
    user = await app[STORE].users.by_login(login)
    good = await app[PASSWORDS].verify(None if user is None else user.password, wish.password)
    if user is None or not good or user.disabled:
        if user is not None:
            await app[STORE].audit.add(user.account, "log_in_refused", subject=user.id, detail=address)
        raise Problem(401, "bad_credentials", "unknown user or wrong password")
    app[LOGINS_BY_ADDRESS].give_back(address)
    app[LOGINS_BY_USER].give_back(login)
    return await _begin(request, user, wish.password, address)


async def _begin(request: web.Request, user: User, password: str, address: str) -> web.StreamResponse:
    app = request.app
    if app[PASSWORDS].is_stale(user.password):
        await app[STORE].users.set_password(user.id, await app[PASSWORDS].hash(password))
    former = await app[SESSIONS].visitor(request)
    response = routes.answer(await describe(request, user, Scope(user.account, user.id, Role(user.role))))
    agent = request.headers.get(hdrs.USER_AGENT, "")
    session = await app[SESSIONS].start(user, response, address=address, agent=agent)
    if former is not None:
        await app[SESSIONS].end(former.session.id)  # the token of before is good for nothing now
    await app[STORE].audit.add(user.account, "logged_in", actor=user.id, subject=session.id, detail=address)
    return response


async def log_out(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    response = web.Response(status=204, headers={"Clear-Site-Data": LOGGED_OUT})
    await request.app[SESSIONS].end(visitor.session.id, response)
    await request.app[STORE].audit.add(
        visitor.user.account, "logged_out", actor=visitor.user.id, subject=visitor.session.id
    )
    return response


def add(app: web.Application) -> None:
    app.router.add_post(routes.API + "/session", routes.changing(log_in))
    routes.add(app, (routes.Route("DELETE", "/session", log_out),))
