"""The pages of many lines: one connection each, registered; then calls whose re-INVITEs are the load.

    python -m bench.sip_pages URL CA
    commands: `open N register|plain`   `talk N`   `load MESSAGES-A-SECOND SECONDS`   `flood SECONDS`

A cycle is a re-INVITE with an SDP, its 200 and its ACK: three messages in and three out of whoever stands between.
"""

import asyncio
import secrets
import ssl
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Subprotocol

from .sip_pbx import MARK, SDP
from .sip_process import Command, serve

MESSAGES = 3  # of a cycle, in one direction through whoever stands between
_PADDING = "a=x:" + "p" * 150 + "\r\n"  # a re-INVITE has about 700 bytes then
_OPENING = 40  # connections at once


class Page:
    def __init__(self, socket: ClientConnection, line: int) -> None:
        self.socket = socket
        self.line = line
        self.call_id = secrets.token_hex(8)
        self.to = "<sip:600@ramal.invalid>"
        self.target = "sip:600@ramal.invalid"
        self.cseq = 0

    async def say(self, method: str, uri: str, to: str, body: str = "", call_id: str = "") -> None:
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/WSS page.invalid;branch=z9hG4bK{secrets.token_hex(8)}",
            "Max-Forwards: 69",
            f"From: <sip:{self.line}@ramal.invalid>;tag=page",
            f"To: {to}",
            f"Call-ID: {call_id or self.call_id}",
            f"CSeq: {self.cseq} {method}",
            "Contact: <sip:page@page.invalid;transport=ws>",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        await self.socket.send("\r\n".join([*lines, "", body]))

    async def ok(self) -> str:
        """The next final response, which must be a 200."""
        while True:
            frame = await self.socket.recv()
            text = frame if isinstance(frame, str) else frame.decode()
            if not text.startswith("SIP/2.0 1"):
                if not text.startswith("SIP/2.0 200"):
                    raise RuntimeError(text.partition("\r\n")[0])
                return text

    async def register(self) -> None:
        self.cseq += 1
        to = f"<sip:{self.line}@ramal.invalid>"
        await self.say("REGISTER", "sip:ramal.invalid", to, call_id=secrets.token_hex(8))
        await self.ok()

    async def cycle(self) -> float:
        """Gives the seconds until the 200."""
        self.cseq += 1
        began = time.monotonic_ns()
        await self.say("INVITE", self.target, self.to, f"{SDP}{_PADDING}{MARK}{began}\r\n")
        answer = await self.ok()
        took = (time.monotonic_ns() - began) / 1e9
        headers = dict(line.split(": ", 1) for line in answer.partition("\r\n\r\n")[0].split("\r\n")[1:])
        self.to, self.target = headers["To"], headers["Contact"].strip("<>").partition(">")[0]
        await self.say("ACK", self.target, self.to)
        return took


class Pages:
    def __init__(self, url: str, ca: str) -> None:
        self._url = url
        self._context = ssl.create_default_context(cafile=ca)
        self._pages: list[Page] = []
        self._talking: list[Page] = []

    async def open(self, words: list[str]) -> int:
        """So many more pages."""
        gate = asyncio.Semaphore(_OPENING)

        async def one(line: int) -> None:
            async with gate:
                socket = await connect(
                    f"{self._url}?line={line}",
                    ssl=self._context,
                    subprotocols=[Subprotocol("sip")],
                    compression=None,
                    proxy=None,
                    ping_interval=None,
                    open_timeout=60,
                )
                page = Page(socket, line)
                if words[1] == "register":
                    await page.register()
                self._pages.append(page)

        first = len(self._pages)
        async with asyncio.TaskGroup() as tasks:
            for line in range(first, first + int(words[0])):
                tasks.create_task(one(line), name=f"page {line}")
        return len(self._pages)

    async def talk(self, words: list[str]) -> int:
        self._talking = self._pages[: int(words[0])]
        for page in self._talking:
            await page.cycle()
        return len(self._talking)

    async def load(self, words: list[str]) -> list[float]:
        """The seconds that each cycle took."""
        every, seconds = len(self._talking) * MESSAGES / float(words[0]), float(words[1])
        loop, took = asyncio.get_running_loop(), list[float]()
        begin = loop.time() + 0.1

        async def one(page: Page, index: int) -> None:
            at = begin + every * index / len(self._talking)
            while at < begin + seconds:
                await asyncio.sleep(at - loop.time())
                took.append(await page.cycle())
                at += every

        async with asyncio.TaskGroup() as tasks:
            for index, page in enumerate(self._talking):
                tasks.create_task(one(page, index), name=f"load {index}")
        return took

    async def flood(self, words: list[str]) -> int:
        """The cycles that were done, one after the other in every call."""
        end, done = time.monotonic() + float(words[0]), 0

        async def one(page: Page) -> None:
            nonlocal done
            while time.monotonic() < end:
                await page.cycle()
                done += 1

        async with asyncio.TaskGroup() as tasks:
            for page in self._talking:
                tasks.create_task(one(page), name="flood")
        return done


@asynccontextmanager
async def work() -> AsyncIterator[dict[str, Command]]:
    pages = Pages(sys.argv[1], sys.argv[2])
    yield {"open": pages.open, "talk": pages.talk, "load": pages.load, "flood": pages.flood}


if __name__ == "__main__":
    serve(work)
