"""An extension of the real PBX: a `Line` on a real connection, with a page and a media engine that are only pretended.

Audio never flows: what is tried here is the signalling alone.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

from signaling.commands import Command, MediaAnswer, MediaOffer, SendFar
from signaling.events import Event, FarReceived, MediaDescribed, UpstreamOpened
from signaling.line import Line
from signaling.message import Request, Response
from signaling.parser import parse, serialize
from signaling.ports import FAR, Description, Secret
from signaling.upstream import Authorities, Upstream
from signaling.views import LineState
from tests.signaling.page import Page, attach
from tests.signaling.playbook import CONFIG, Playbook

from .asterisk import Asterisk

PATIENCE = 10.0  # seconds


def offer(setup: str = "actpass") -> bytes:
    """A description as a browser makes it, with an address at which nobody is."""
    lines = f"""v=0
o=- {secrets.randbelow(2**40)} 1 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 9 UDP/TLS/RTP/SAVPF 111 0 101
c=IN IP4 127.0.0.1
a=mid:0
a=sendrecv
a=rtcp-mux
a=ice-ufrag:{secrets.token_hex(4)}
a=ice-pwd:{secrets.token_hex(12)}
a=fingerprint:sha-256 {":".join(f"{one:02X}" for one in secrets.token_bytes(32))}
a=setup:{setup}
a=candidate:1 1 udp 2130706431 127.0.0.1 9 typ host
a=rtpmap:111 opus/48000/2
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
"""
    return lines.replace("\n", "\r\n").encode()


class RandomIds:
    def token(self) -> str:
        return secrets.token_hex(16)


@dataclass
class Extension(Playbook):
    """``said`` is what went to the PBX, ``heard`` what came from it, in order."""

    said: list[Request | Response] = field(default_factory=list)
    heard: list[Request | Response] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.line = Line(self.config, RandomIds(), timing=self.timing, random=lambda: 0.5, user_agent="Ramal")
        self.media = self.describe
        self.changed = asyncio.Event()
        self.upstream: Upstream | None = None

    def describe(self, command: MediaOffer | MediaAnswer) -> Event | None:
        if command.to != FAR:
            return super().describe(command)
        sdp = offer("actpass" if isinstance(command, MediaOffer) else "active")
        return MediaDescribed(command.call, command.ref, Description(sdp, "sendrecv", True))

    def _do(self, command: Command) -> Event | None:
        if isinstance(command, SendFar) and self.upstream is not None:
            self.said.append(command.message)
            self.upstream.send(serialize(command.message))
            return None
        return super()._do(command)

    async def listen(self) -> None:
        assert self.upstream is not None
        while True:
            message = parse(await self.upstream.receive(), strict=False)
            self.heard.append(message)
            self.happens(FarReceived(message))
            self.changed.set()

    async def until(self, condition: Callable[[], object]) -> None:
        """Until what the PBX says has made ``condition`` true."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not condition():
                    self.changed.clear()
                    await self.changed.wait()
        except TimeoutError:
            raise AssertionError(f"it did not happen; the PBX said {self.told()}") from None

    def told(self) -> str:
        """What the PBX sent, in short."""
        words = [it.method if isinstance(it, Request) else f"{it.status} {it.cseq}" for it in self.heard]
        ours = [it.method if isinstance(it, Request) else f"{it.status} {it.cseq}" for it in self.said]
        return f"{', '.join(words)}; we said {', '.join(ours)}"

    def rings(self) -> bool:
        return any(isinstance(message, Request) and message.method == "INVITE" for _, message in self.to_near)

    def asked(self, method: str) -> list[Request]:
        """What the PBX asked for."""
        return [it for it in self.heard if isinstance(it, Request) and it.method == method]

    async def picks_up(self, page: Page) -> str:
        """The call that rings; gives its id."""
        await self.until(self.rings)
        page.answers(self.near_request("INVITE"), 200, body=offer())
        await self.until(lambda: self.call.state == "active")
        self.to_near.clear()
        return self.call.call

    def dials(self, page: Page, number: str) -> str:
        """Gives the id of the call."""
        page.dial(number, offer())
        return self.call.call

    async def talks(self, call: str) -> None:
        await self.until(lambda: self.calls[call].state == "active")
        self.to_near.clear()


@asynccontextmanager
async def extension(pbx: Asterisk, number: str) -> AsyncIterator[tuple[Extension, Page]]:
    """Registered."""
    config = replace(
        CONFIG,
        line=number,  # its number is 1001 for the page, as the pretended page has it
        url=pbx.url,
        domain="localhost",
        user=number,
        auth_user=number,
        secret=Secret(f"s3nha-{number}", 1),
    )
    play = Extension(config)
    play.upstream = await Upstream.open(pbx.url, pbx.ca.read_text(), Authorities(), user_agent="Ramal", queue=64)
    try:
        async with asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(play.upstream.run_sender(), name=f"{number} sender")
            listener = tasks.create_task(play.listen(), name=f"{number} listener")
            page = attach(play)
            page.register()
            play.happens(UpstreamOpened())
            await play.until(lambda: play.state is LineState.READY)
            play.to_near.clear()
            try:
                yield play, page
            finally:
                sender.cancel()
                listener.cancel()
    finally:
        await play.upstream.close()
