"""An agent's page without a browser: logs in to a gateway by HTTP and attaches a SIP client by a ticket."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin, Subprotocol

from signaling.uri import Uri

from .client import Client


class Handset(Client):
    """A `Client` whose PBX is the gateway; ``get`` and ``post`` speak its API as the page would."""

    def __init__(self, socket: ClientConnection, uri: Uri, address: str, session: aiohttp.ClientSession) -> None:
        super().__init__(socket, uri.unescaped_user, "", domain=uri.host)
        self._address = address
        self._session = session

    async def get(self, path: str) -> Any:
        return await _json(await self._session.get(f"{self._address}/api/v1{path}"))

    async def post(self, path: str, body: dict[str, str]) -> int:
        """The status."""
        answer = await self._session.post(f"{self._address}/api/v1{path}", json=body)
        return answer.status

    async def attach(self) -> None:
        """Registers, and waits until the gateway says that the line is ready."""
        await self.send(self.build("REGISTER", self.me.uri.unescaped_user, headers=(("Expires", "300"),)))
        assert (await self.response()).status == 200
        async with asyncio.timeout(15):
            while True:
                if (await self.get("/line"))["state"] == "ready":
                    return
                await asyncio.sleep(0.05)

    async def last_call(self, **expected: object) -> Any:
        """The newest call of the history, as soon as it has these values."""
        async with asyncio.timeout(30):
            while True:
                calls = (await self.get("/calls"))["calls"]
                if calls and all(calls[0][name] == value for name, value in expected.items()):
                    return calls[0]
                await asyncio.sleep(0.1)

    async def recording_of(self, call: str) -> bytes:
        """The audio of a call's recording, as soon as it is ready."""
        async with asyncio.timeout(30):
            while True:
                found = (await self.get(f"/calls/{call}"))["recording"] or {}
                assert found.get("state") != "failed"
                if found.get("state") == "ready":
                    break
                await asyncio.sleep(0.1)
        answer = await self._session.get(f"{self._address}/api/v1/recordings/{found['id']}/audio")
        assert answer.status == 200
        return await answer.read()


@asynccontextmanager
async def attached(address: str, login: str, password: str, *, handset: str = "") -> AsyncIterator[Handset]:
    """The phone of ``login``: logged in, attached, its line ready. ``handset`` is the page's id, else a new one."""
    headers = {"X-Ramal-Request": "1", "Origin": address}
    async with aiohttp.ClientSession(headers=headers) as session:
        await _json(await session.post(f"{address}/api/v1/session", json={"login": login, "password": password}))
        line = await _json(await session.get(f"{address}/api/v1/line"))
        taken = {"handset": handset or secrets.token_hex(16)}
        ticket = (await _json(await session.post(f"{address}/api/v1/line/ticket", json=taken)))["ticket"]
        url = f"{address.replace('http', 'ws', 1)}/sip?ticket={ticket}"
        async with connect(url, origin=Origin(address), subprotocols=[Subprotocol("sip")]) as socket:
            page = Handset(socket, Uri.parse(line["uri"]), address, session)
            await page.attach()
            yield page


async def _json(answer: aiohttp.ClientResponse) -> Any:
    assert answer.status == 200, await answer.text()
    return await answer.json()
