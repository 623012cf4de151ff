"""The only place that wires the rooms together.

Each resource is a `cleanup_ctx`: opened in this order at start, closed in the reverse order at the end. Before that,
`on_shutdown` closes the lines and the pages' sockets, so that pages reconnect and the PBX hears that they left.
"""

import asyncio
import dataclasses
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from aiohttp import web

from media.converter import Converter
from media.engine import Engine
from media.passthrough import PassThrough
from media.pool import MediaSettings, Pool
from media.probe import addresses
from media.sdp import SdpLimits
from signaling.gateway import Gateway, GatewayLimits, Timing
from signaling.rates import MethodRates

from . import api, health, keys, log, middlewares, sip
from .api import calls, events, lines, me, recordings, session
from .auth.passwords import Passwords
from .auth.rates import Buckets, Rate
from .auth.sessions import SessionKeeper
from .auth.tickets import Tickets
from .feed import Feed
from .jobs import sessions as old_sessions
from .jobs.recordings import Layout, Recordings
from .journal import Journal
from .lines import Lines
from .media_adapter import MediaAdapter, NoHub, Reports
from .pages import views
from .pages.assets import BUILD, Assets
from .pages.render import Renderer
from .security import Security
from .settings import LimitSettings, Settings
from .shutdown import signals, until_over
from .sockets import OpenSockets
from .store import Store, migrate
from .store.database import connect
from .store.scope import new_id
from .store.vault import open_vault

__all__ = ["api", "build_app", "run", "serve"]

logger = log.logger(__name__)

_KEEP_ALIVE = 75.0  # seconds an idle HTTP connection is kept
_SHUTDOWN = 5.0  # seconds that requests in flight have at the end
_LAST_RECORDINGS = 3.0  # seconds that the captures closed at the end have to be converted; the rest is done at start
_BODY = 1 << 20  # bytes


class _Ids:
    """`signaling.ports.Ids` from the system's randomness."""

    def token(self) -> str:
        return new_id()


def build_app(settings: Settings, *, build: Path = BUILD) -> web.Application:
    """The whole gateway as an aiohttp application; its resources open at start-up and close at clean-up.

    ``build`` is where the built front end lies.
    """
    app = web.Application(middlewares=middlewares.ALL, client_max_size=_BODY)
    security = Security(settings)
    app[keys.SETTINGS] = settings
    app[keys.SECURITY] = security
    app[keys.ASSETS] = Assets(build)
    app[keys.RENDERER] = Renderer(app[keys.ASSETS], secure=settings.secure)
    app[keys.SOCKETS] = OpenSockets()
    app[keys.PASSWORDS] = Passwords()
    app[keys.TICKETS] = Tickets()
    app[keys.FEED] = Feed()
    app[keys.LOGINS_BY_ADDRESS] = Rate(settings.limits.login_per_address)
    app[keys.LOGINS_BY_USER] = Rate(settings.limits.login_per_user)
    app[keys.SOCKETS_BY_ADDRESS] = Rate(settings.limits.sockets_per_address)
    app[keys.TICKETS_BY_USER] = Buckets(settings.limits.tickets, settings.limits.tickets_burst)
    app[keys.REPORTS_BY_ADDRESS] = Rate(30)
    for add in (session, me, lines, calls, recordings, events, sip, health, views):
        add.add(app)
    app.on_response_prepare.append(security.add_headers)
    app.cleanup_ctx.extend((_store, _journal, _media, _gateway))
    app.on_shutdown.append(_close_sockets)
    return app


async def _store(app: web.Application) -> AsyncIterator[None]:
    settings = app[keys.SETTINGS]
    vault = open_vault(settings)
    async with connect(settings.database) as database:
        if settings.migrate:
            await migrate.upgrade(database)
        await migrate.check(database)
        await app[keys.PASSWORDS].prepare()
        app[keys.STORE] = Store.over(database, vault)
        app[keys.LINES] = Lines(app[keys.STORE])
        async with _running(old_sessions.run(app[keys.STORE].sessions, settings.session), "old sessions"):
            yield


async def _journal(app: web.Application) -> AsyncIterator[None]:
    journal = Journal(app[keys.STORE], app[keys.FEED], app[keys.LINES].facts)
    app[keys.JOURNAL] = journal
    await journal.recover()
    async with _running(journal.run(), "journal"):
        yield
    await journal.drain()


async def _media(app: web.Application) -> AsyncIterator[None]:
    """The recorder's queue is open before the first worker can close a capture."""
    settings = app[keys.SETTINGS]
    settings.captures.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings.recordings.mkdir(parents=True, exist_ok=True, mode=0o700)
    async with AsyncExitStack() as stack:
        converter = await stack.enter_async_context(Converter())
        recorder = Recordings(app[keys.STORE], app[keys.JOURNAL], converter, Layout(settings.data))
        app[keys.RECORDINGS] = recorder
        left = await recorder.recover(settings.captures.absolute())
        if left:
            logger.warning("captures of a former run are converted", captures=left)
        await stack.enter_async_context(_running(recorder.run(), "recorder"))
        stack.push_async_callback(recorder.settled, _LAST_RECORDINGS)
        app[keys.HUB] = await stack.enter_async_context(_hub(app, recorder))
        yield


@asynccontextmanager
async def _hub(app: web.Application, recorder: Recordings) -> AsyncIterator[Engine]:
    settings = app[keys.SETTINGS]
    if settings.media_workers == 0:
        yield NoHub()
        return

    def on_media(call: str, what: str, leg: str | None) -> None:
        app[keys.GATEWAY].media_changed(call, what, leg)

    async with Pool(media_settings(settings), Reports(on_media, recorder.capture_closed)) as pool:
        yield pool


def media_settings(settings: Settings) -> MediaSettings:
    """What the media engine is told. Raises ValueError where no address can be had."""
    bind, advertise = addresses(settings.media_address)
    made = MediaSettings(
        captures=settings.captures.absolute(),
        bind=bind if settings.media_bind is None else (settings.media_bind,),
        advertise=advertise,
        base_port=settings.media_port,
        min_free_bytes=settings.recording_min_free,
        sdp=sdp_limits(settings.limits),
    )
    return made if settings.media_workers is None else dataclasses.replace(made, workers=settings.media_workers)


def sdp_limits(limits: LimitSettings) -> SdpLimits:
    return SdpLimits(limits.sdp_bytes, limits.sdp_lines, limits.sdp_streams, limits.sdp_candidates)


def gateway_limits(limits: LimitSettings) -> GatewayLimits:
    """What the gateway is told of them."""
    return GatewayLimits(
        frame=limits.message_bytes,
        headers=limits.message_headers,
        line=limits.message_line,
        header_section=limits.message_head,
        rate=limits.messages_per_second,
        burst=limits.messages_burst,
        methods=MethodRates(
            registers=limits.page_registers,
            register_burst=limits.page_registers_burst,
            invites=limits.invites,
            messages=limits.texts,
        ),
        transactions=limits.transactions,
        handsets=limits.handsets,
        calls=limits.calls,
        registers=limits.registers,
        secrets_per_account=limits.secrets_per_account,
        secrets=limits.secrets,
    )


async def _gateway(app: web.Application) -> AsyncIterator[None]:
    settings, journal = app[keys.SETTINGS], app[keys.JOURNAL]
    adapter = MediaAdapter(app[keys.HUB], PassThrough(sdp_limits(settings.limits)), journal.is_anchored)
    timing = settings.timing
    gateway = Gateway(
        media=adapter,
        journal=journal,
        ids=_Ids(),
        limits=gateway_limits(settings.limits),
        timing=Timing(**timing.model_dump()),
    )
    async with gateway:
        app[keys.GATEWAY] = gateway
        app[keys.SESSIONS] = SessionKeeper(settings, app[keys.STORE].sessions, app[keys.TICKETS], gateway.close_session)
        yield


async def _close_sockets(app: web.Application) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(app[keys.GATEWAY].close(), name="close gateway")
        tasks.create_task(app[keys.SOCKETS].close(), name="close feed sockets")


@asynccontextmanager
async def _running(work: Coroutine[None, None, None], name: str) -> AsyncIterator[None]:
    """Runs ``work`` as a task for as long as the block lasts; if it fails, the whole gateway stops."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(work, name=name)
        try:
            yield
        finally:
            task.cancel()


async def serve(settings: Settings, *, on_ready: Callable[[], None] | None = None) -> None:
    """Migrates, listens on ``settings.host:settings.port``, calls ``on_ready``, and returns when a signal
    has asked for the end: see `web.shutdown`.

    Raises `SettingsError`, `migrate.DatabaseBehind`, OSError (the port is taken).
    """
    runner = web.AppRunner(
        build_app(settings), access_log=None, keepalive_timeout=_KEEP_ALIVE, shutdown_timeout=_SHUTDOWN
    )
    with signals() as asked:
        try:
            await runner.setup()
            await web.TCPSite(runner, settings.host, settings.port).start()
            logger.info("listening", host=settings.host, port=settings.port, public_url=settings.public_url)
            if on_ready is not None:
                on_ready()
            await until_over(runner.app, asked)
        finally:
            await runner.cleanup()


def run(settings: Settings, *, on_ready: Callable[[], None] | None = None) -> None:
    """`serve` in a loop of its own: uvloop where it is installed (a third of the memory for each TLS connection)."""
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(serve(settings, on_ready=on_ready))


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
