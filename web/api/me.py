"""The one who asks: who it is, what it prefers, its password."""

from aiohttp import web

from ..auth.passwords import WeakPassword, check_strength
from ..auth.sessions import Visitor
from ..keys import LOGINS_BY_USER, PASSWORDS, RENDERER, SESSIONS, STORE
from ..problems import Problem, too_many
from ..store.scope import Scope
from ..store.tables import User
from . import routes
from .bodies import Me, NewPassword, Preferences
from .routes import Route


async def describe(request: web.Request, user: User, scope: Scope) -> Me:
    """``Me`` of a user; the language is the one of this request where the user has chosen none."""
    store = request.app[STORE]
    account = await store.accounts.get(scope.account)
    if account is None:
        raise Problem(404, "not_found", "the account is gone")
    own = await store.lines.own(scope)
    language = request.app[RENDERER].language(request, user)
    return Me.of(user, account, line=None if own is None else own.line.id, language=language)


async def me(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    return routes.answer(await describe(request, visitor.user, visitor.scope))


async def change_me(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    wish = await routes.read(request, Preferences)
    store = request.app[STORE]
    await store.users.set_preferences(visitor.scope, language=wish.language, theme=wish.theme)
    user = await store.users.get(visitor.scope)
    if user is None:
        raise Problem(404, "not_found", "the user is gone")
    response = routes.answer(await describe(request, user, visitor.scope))
    if wish.language is not None:
        request.app[RENDERER].remember_language(response, wish.language)
    return response


async def change_password(request: web.Request, visitor: Visitor) -> web.StreamResponse:
    """Ends every other session of the user. Guessing the current password counts as guessing at the log-in."""
    wish = await routes.read(request, NewPassword)
    app, user = request.app, visitor.user
    wait = app[LOGINS_BY_USER].take(user.login)
    if wait:
        raise too_many(wait)
    if not await app[PASSWORDS].verify(user.password, wish.current):
        raise Problem(403, "bad_credentials", "the current password is wrong")
    app[LOGINS_BY_USER].give_back(user.login)
    try:
        check_strength(wish.new, login=user.login)
    except WeakPassword as error:
        raise Problem(422, "weak_password", str(error)) from None
    await app[STORE].users.set_password(user.id, await app[PASSWORDS].hash(wish.new))
    await app[SESSIONS].end_others(visitor)
    await app[STORE].audit.add(user.account, "password_changed", actor=user.id, subject=user.id)
    return web.Response(status=204)


def add(app: web.Application) -> None:
    routes.add(
        app,
        (
            Route("GET", "/me", me),
            Route("PATCH", "/me", change_me),
            Route("POST", "/me/password", change_password),
        ),
    )
