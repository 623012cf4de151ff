"""The sockets of pages: frames, limits, and who may be attached."""

from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.gateway import GatewayLimits
from signaling.rates import MethodRates
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


@pytest.mark.parametrize("count", [59, 60, 61])
async def test_burst_of_messages(count: int) -> None:
    async with house(limits=GatewayLimits(rate=0.001)) as it:
        page = await it.page()
        for _ in range(count):
            await page.socket.send_str("\r\n\r\n")
        for _ in range(min(count, 60)):
            assert (await page.socket.receive(timeout=5)).data == "\r\n"
        if count > 60:
            assert await page.closed() == 1008


async def test_handsets_of_a_line_share_the_rate() -> None:
    async with house(limits=GatewayLimits(rate=0.001, burst=2)) as it:
        pages = [await it.page("h1"), await it.page("h2")]
        for page in pages:
            await page.socket.send_str("\r\n\r\n")
            assert (await page.socket.receive(timeout=5)).data == "\r\n"
        await pages[0].socket.send_str("\r\n\r\n")
        assert await pages[0].closed() == 1008
        assert not pages[1].socket.closed


async def test_no_rate_holds_for_an_emergency_number() -> None:
    methods = MethodRates(invites=1)
    async with house(limits=GatewayLimits(rate=0.001, burst=2, methods=methods)) as it:
        page = await it.ready()
        await page.dial("600")
        await page.response(200)
        for _ in range(3):  # neither a message nor an INVITE is left
            await page.dial("190")
            await page.response(200)
        await page.dial("600")
        assert await page.closed() == 1008


async def test_rate_of_malformed_messages() -> None:
    async with house(limits=GatewayLimits(rate=0.001, burst=1)) as it:
        page = await it.page()
        for _ in range(2):
            await page.socket.send_str("nonsense")
        assert await page.closed() == 1008


@pytest.mark.parametrize("count", [2, 3, 4])
async def test_rate_of_invites(count: int) -> None:
    async with house(limits=GatewayLimits(methods=MethodRates(invites=3))) as it:
        page = await it.ready()
        for _ in range(min(count, 3)):
            await page.dial("600")
            await page.response(200)
        if count == 4:
            await page.dial("600")
            refused = await page.response(503)
            assert refused.headers.get("X-Ramal-Cause") == "too_many"
            assert refused.retry_after == 20
            assert len({view.call for view in it.diary.calls}) == 3


async def test_rate_of_registrations() -> None:
    async with house(limits=GatewayLimits(methods=MethodRates(register_burst=2))) as it:
        page = await it.page()
        for _ in range(2):
            await page.register()
        await page.says("REGISTER", "sip:ramal.invalid", to="<sip:1001@ramal.invalid>")
        assert (await page.response(503)).retry_after == 1


@pytest.mark.parametrize(
    ("limits", "extra", "taken"),
    [
        (GatewayLimits(headers=10), "X-A: 1", True),
        (GatewayLimits(headers=9), "X-A: 1", True),
        (GatewayLimits(headers=8), "X-A: 1", False),
        (GatewayLimits(line=100), "X-A: " + "1" * 94, True),
        (GatewayLimits(line=100), "X-A: " + "1" * 95, True),
        (GatewayLimits(line=100), "X-A: " + "1" * 96, False),
        (GatewayLimits(header_section=600), "X-A: 1", True),
        (GatewayLimits(header_section=600), "X-A: " + "1" * 600, False),
    ],
)
async def test_limits_of_a_message(limits: GatewayLimits, extra: str, taken: bool) -> None:
    async with house(limits=limits) as it:
        page = await it.page()
        first = await page.says("OPTIONS", "sip:ramal.invalid", extra=extra)
        second = await page.says("OPTIONS", "sip:ramal.invalid")
        assert (await page.response(200)).call_id == (first if taken else second)["Call-ID"]


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
