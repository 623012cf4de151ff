"""A PBX that only answers, as quickly as Python can: it challenges REGISTER, takes any signature, answers 200.

python -m bench.sip_pbx PORT CHAIN          commands: `dump` gives and forgets the times of what came
"""

import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as listen
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from .sip_process import Command, serve, server_context

_ECHOED = ("via", "from", "to", "call-id", "cseq")
MARK = "i=sent "  # a line of the SDP with the nanoseconds of the monotonic clock at which it was sent
CHALLENGE = 'WWW-Authenticate: Digest realm="pbx", nonce="n", algorithm=MD5, qop="auth"'
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0\r\na=sendrecv\r\n"


class Pbx:
    def __init__(self) -> None:
        self.registers: list[float] = []
        self.delays: list[float] = []
        self.messages = 0

    async def handle(self, connection: ServerConnection) -> None:
        try:
            async for frame in connection:
                self.messages += 1
                if answer := self.answer(frame if isinstance(frame, str) else frame.decode()):
                    await connection.send(answer)
        except ConnectionClosed:
            return

    def answer(self, text: str) -> str:
        head, _, body = text.partition("\r\n\r\n")
        method = text.partition(" ")[0]
        if method in ("ACK", "SIP/2.0"):
            return ""
        if (at := body.find(MARK)) >= 0:
            sent = int(body[at + len(MARK) :].partition("\r\n")[0])
            self.delays.append((time.monotonic_ns() - sent) / 1e9)
        lines = head.split("\r\n")[1:]
        kept = [line for line in lines if line.partition(":")[0].lower() in _ECHOED]
        kept = [f"{it};tag=pbx" if it[:3].lower() == "to:" and ";tag=" not in it else it for it in kept]
        status, body = "200 OK", ""
        if method == "REGISTER":
            self.registers.append(time.monotonic())
            if not any(line.startswith("Authorization:") for line in lines):
                status, kept = "401 Unauthorized", [*kept, CHALLENGE]
            else:
                kept += [f"{line};expires=3600" for line in lines if line.startswith("Contact:")]
        elif method == "INVITE":
            kept += ["Contact: <sip:pbx@pbx.invalid;transport=ws>", "Content-Type: application/sdp"]
            body = SDP
        return "\r\n".join([f"SIP/2.0 {status}", *kept, f"Content-Length: {len(body)}", "", body])

    async def dump(self, _: list[str]) -> dict[str, object]:
        told: dict[str, object] = {"registers": self.registers, "delays": self.delays, "messages": self.messages}
        self.registers, self.delays, self.messages = [], [], 0
        return told


@asynccontextmanager
async def work() -> AsyncIterator[dict[str, Command]]:
    pbx = Pbx()
    port, chain = int(sys.argv[1]), sys.argv[2]
    async with listen(
        pbx.handle,
        "127.0.0.1",
        port,
        ssl=server_context(chain),
        subprotocols=[Subprotocol("sip")],
        compression=None,
        ping_interval=None,
        backlog=2048,
    ):
        yield {"dump": pbx.dump}


if __name__ == "__main__":
    serve(work)
