"""The only place that wires the rooms together. Interface first; the body follows."""

from collections.abc import Callable

from aiohttp import web

from .settings import Settings


def build_app(settings: Settings) -> web.Application:
    """The whole gateway as an aiohttp application; its resources open at start-up and close at clean-up."""
    raise NotImplementedError


async def serve(settings: Settings, *, on_ready: Callable[[], None] | None = None) -> None:
    """Migrates, listens on ``settings.host:settings.port``, calls ``on_ready``, and returns after SIGTERM or SIGINT."""
    raise NotImplementedError


def run(settings: Settings, *, on_ready: Callable[[], None] | None = None) -> None:
    """`serve` in a loop of its own: uvloop where it is installed."""
    raise NotImplementedError
