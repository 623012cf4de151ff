"""What every request goes through: a log line, errors in the form that the client understands, the host."""

import time
from collections.abc import Awaitable, Callable

from aiohttp import hdrs, web
from sqlalchemy.exc import SQLAlchemyError
from structlog.contextvars import bound_contextvars

from . import problems
from .keys import SECURITY
from .log import logger
from .pages.views import error_page
from .problems import Problem
from .store.scope import new_id

log = logger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
_PROBES = frozenset({"/healthz", "/readyz"})


@web.middleware
async def logged(request: web.Request, handler: Handler) -> web.StreamResponse:
    """One line a request, without its query: tickets are there. Probes are not logged."""
    began = time.monotonic()
    with bound_contextvars(request=new_id()[:12]):
        response = await handler(request)
        if request.path not in _PROBES:
            log.info(
                "request",
                method=request.method,
                path=request.path,
                status=response.status,
                ms=round((time.monotonic() - began) * 1000, 1),
                address=request.app[SECURITY].client_address(request),
            )
        return response


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Problems as JSON for the API, as a page for who asks for one."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        problem = problems.of_http(error)
    except Problem as error:
        problem = error
    except ConnectionError:
        raise  # the client has gone
    except (SQLAlchemyError, OSError) as error:
        log.error("the database or a file failed", path=request.path, why=type(error).__name__, exc_info=True)
        problem = Problem(503, "unknown", "the storage is not available", headers={"Retry-After": "5"})
    except Exception:
        log.exception("a handler failed", path=request.path)
        problem = Problem(500, "unknown")
    if _wants_page(request):
        page = error_page(request, problem.status)
        page.headers.update(problem.headers)
        return page
    return problem.response()


@web.middleware
async def hosts(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Only requests that were meant for this host; probes come by address."""
    if request.path not in _PROBES:
        request.app[SECURITY].check_host(request)
    return await handler(request)


def _wants_page(request: web.Request) -> bool:
    asked = request.headers.get(hdrs.ACCEPT, "")
    return request.method in ("GET", "HEAD") and "text/html" in asked and not request.path.startswith("/api/")


ALL = (logged, errors, hosts)
