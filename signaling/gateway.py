"""The gateway: every line of this process and the handsets' WebSockets. Interface first; the body follows."""

from types import TracebackType

from aiohttp import web

from .limits import GatewayLimits
from .ports import Ids, Journal, LineConfig, MediaEngine
from .timing import Timing
from .views import CallView, LineView

__all__ = ["Gateway", "GatewayLimits", "Timing"]


class Gateway:
    """One per process; an async context manager that owns every task of its lines."""

    def __init__(
        self,
        *,
        media: MediaEngine,
        journal: Journal,
        ids: Ids,
        limits: GatewayLimits = GatewayLimits(),
        timing: Timing = Timing(),
        user_agent: str = "Ramal",
    ) -> None:
        raise NotImplementedError

    async def __aenter__(self) -> "Gateway":
        raise NotImplementedError

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        raise NotImplementedError

    async def serve(self, socket: web.WebSocketResponse, config: LineConfig, *, handset: str, session: str) -> None:
        """Serve a handset's WebSocket that is already upgraded (subprotocol ``sip``); returns when it has ended.

        ``session`` is the log-in that it belongs to: see `close_session`.
        """
        raise NotImplementedError

    def handset_in_use(self, line: str, handset: str) -> bool:
        """Whether a page with this handset id is attached now."""
        raise NotImplementedError

    def line_view(self, line: str) -> LineView | None:
        """None for a line that is not up: nobody attached."""
        raise NotImplementedError

    def call_views(self, line: str) -> tuple[CallView, ...]:
        """The live calls."""
        raise NotImplementedError

    def mute(self, line: str, call: str, muted: bool) -> bool:
        """False where there is no such live call."""
        raise NotImplementedError

    def hang_up(self, line: str, call: str) -> bool:
        """False where there is no such live call."""
        raise NotImplementedError

    def retry(self, line: str) -> bool:
        """Try a refused or offline line again now. False where the line is not up."""
        raise NotImplementedError

    def reconfigure(self, config: LineConfig) -> None:
        """A new secret or address: used at once if the line is up."""
        raise NotImplementedError

    async def close_session(self, session: str) -> None:
        """Log-out: the session's handsets' calls end, their sockets close with 4401."""
        raise NotImplementedError

    def media_changed(self, call: str, what: str, leg: str | None) -> None:
        """The media engine reports of a call; ``what`` is a value of `signaling.events.MediaHappening`."""
        raise NotImplementedError

    async def close(self) -> None:
        """Every call ends, every line un-registers, the sockets close with 1012. Bounded to a few seconds."""
        raise NotImplementedError
