"""The sockets of pages: frames, limits, and who may be attached."""

from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.gateway import GatewayLimits
from signaling.views import CallState

from .house import SDP, house


async def test_keep_alive() -> None:
    async with house() as it:
        page = await it.page()
        await page.socket.send_str("\r\n\r\n")
        assert (await page.socket.receive(timeout=5)).data == "\r\n"
        await page.socket.send_str("\r\n")
        await page.socket.send_bytes(b"\r\n\r\n")
        assert (await page.socket.receive(timeout=5)).data == "\r\n"


@pytest.mark.parametrize(
    ("more", "phrase"),
    [
        ({"drop": "Max-Forwards"}, "Max-Forwards is missing"),
        ({"extra": "Content-Length: 5"}, None),
        ({"extra": "Bad Header"}, "A header field is malformed"),
    ],
)
async def test_malformed_message(more: dict[str, str], phrase: str | None) -> None:
    async with house() as it:
        page = await it.ready()
        await page.says("INVITE", "sip:600@ramal.invalid", body=SDP, **more)
        response = await page.response(400)
        if phrase is None:
            assert await page.closed() == 1008
        else:
            assert response.reason == phrase
            await page.register()
        assert it.pbx.requests.empty()
        assert it.diary.calls == []


async def test_message_that_deserves_no_answer() -> None:
    async with house() as it:
        page = await it.ready()
        await page.socket.send_str("nonsense")
        await page.register()


async def test_binary_frame_is_a_message_too() -> None:
    async with house() as it:
        page = await it.ready()
        await page.says("OPTIONS", "sip:ramal.invalid")
        await page.response(200)
        text = "OPTIONS sip:ramal.invalid SIP/2.0\r\nVia: SIP/2.0/WSS p.invalid;branch=z9hG4bKb\r\nMax-Forwards: 69\r\n"
        text += "From: <sip:1001@ramal.invalid>;tag=p\r\nTo: <sip:ramal.invalid>\r\nCall-ID: b\r\nCSeq: 1 OPTIONS\r\n"
        await page.socket.send_bytes((text + "Content-Length: 0\r\n\r\n").encode())
        await page.response(200)


@pytest.mark.parametrize(("length", "code"), [(61_440, None), (61_441, 1009)])
async def test_frame_limit(length: int, code: int | None) -> None:
    async with house() as it:
        page = await it.page()
        await page.socket.send_str("x" * length)
        if code is None:
            await page.register()
        else:
            assert await page.closed() == code


async def test_rate_limit() -> None:
    async with house(limits=GatewayLimits(rate=1, burst=5)) as it:
        page = await it.page()
        for _ in range(6):
            await page.socket.send_str("\r\n\r\n")
        for _ in range(5):
            assert (await page.socket.receive(timeout=5)).data == "\r\n"
        assert await page.closed() == 1008


async def test_page_that_does_not_take_what_is_sent() -> None:
    async with house(limits=GatewayLimits(queue=1)) as it:
        it.config = replace(it.config, url="ws://127.0.0.1:9/ws")
        page = await it.page()
        await page.dial()  # answered with 100 and 503 in one step
        assert (await page.message()).headers.get("X-Ramal-Call")
        assert await page.closed() == 1013


async def test_too_many_handsets() -> None:
    async with house(limits=GatewayLimits(handsets=2)) as it:
        await it.ready("h1")
        second = await it.page("h2")
        third = await it.page("h3")
        assert await third.closed() == 4429
        again = await it.page("h2")
        assert await second.closed() == 4409
        await again.register()
        assert not it.gateway.handset_in_use("line-1", "h3")
        await it.diary.until(lambda: it.diary.lines[-1].handsets == 2)


async def test_socket_that_comes_back_keeps_its_call() -> None:
    async with house() as it:
        page = await it.ready()
        ok = await page.talks()
        await page.socket.close()
        page = await it.page()
        await page.register()
        await page.says("BYE", to=str(ok.to), call_id=ok.call_id, cseq="2")
        await page.response(200)
        ended = await it.diary.call(CallState.ENDED)
        assert ended.cause is Cause.ENDED


async def test_socket_that_does_not_come_back() -> None:
    async with house() as it:
        page = await it.ready()
        await page.talks()
        await page.socket.close()
        ended = await it.diary.call(CallState.ENDED)
        assert ended.cause is Cause.INTERRUPTED
