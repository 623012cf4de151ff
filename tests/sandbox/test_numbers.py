"""The numbers 600 to 609, with a WebRTC peer on the caller's side."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from sandbox.server import Sandbox

from .client import Outgoing, connected
from .ear import Caller, calling


@asynccontextmanager
async def dialled(sandbox: Sandbox, number: str, pitch: float = 440.0) -> AsyncIterator[tuple[Outgoing, Caller]]:
    async with connected(sandbox) as ana, calling(pitch) as caller:
        yield await ana.invite(number, await caller.offer()), caller


async def answered(call: Outgoing, caller: Caller) -> None:
    response = await call.final()
    assert response.status == 200
    await caller.answered(response.body.decode())


async def test_600_echoes_and_takes_the_bye(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "600", 523.0) as (call, caller):
        await answered(call, caller)
        await caller.hears(523.0)
        assert sandbox.calls == 1
        assert (await call.again("BYE")).status == 200
        assert sandbox.calls == 0


async def test_600_holds_and_resumes(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "600", 523.0) as (call, caller):
        await answered(call, caller)
        await caller.hears(523.0)
        for direction, expected in (("sendonly", "recvonly"), ("inactive", "inactive"), ("sendrecv", "sendrecv")):
            response = await call.again("INVITE", await caller.offer(direction))
            assert response.status == 200
            assert f"a={expected}" in response.body.decode()
            await caller.answered(response.body.decode())
        await caller.hears(523.0)


async def test_601_announces_and_hangs_up(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "601") as (call, caller):
        await answered(call, caller)
        await caller.hears(659.0)
        bye = await call.client.request("BYE")
        await call.client.send(bye.reply(200))
        assert sandbox.calls == 0


async def test_602_is_a_tone_of_1004_hz(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "602") as (call, caller):
        await answered(call, caller)
        assert await caller.hears(1004.0) == pytest.approx(1004.0, abs=5.0)


async def test_603_is_heard_before_it_answers(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "603", 440.0) as (call, caller):
        progress = await call.client.response()
        assert progress.status == 183
        await caller.answered(progress.body.decode())
        await caller.hears(659.0)  # of the announcement
        answer = await call.final()
        assert (answer.status, answer.body) == (200, progress.body)
        await caller.hears(440.0)


@pytest.mark.parametrize(("number", "status"), [("604", 486), ("605", 503), ("777", 404), ("1002", 480)])
async def test_some_numbers_refuse(sandbox: Sandbox, number: str, status: int) -> None:
    async with dialled(sandbox, number) as (call, _):
        assert (await call.final()).status == status
        assert sandbox.calls == 0


async def test_606_rings_until_it_is_cancelled(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "606") as (call, _):
        assert (await call.client.response()).status == 180
        await call.cancel()
        assert (await call.client.response()).cseq.method == "CANCEL"
        assert (await call.final()).status == 487
        assert sandbox.calls == 0


async def test_607_reads_four_digits_logs_them_and_says_them_back(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "607") as (call, caller):
        await answered(call, caller)
        await caller.connected()
        await caller.press("1234")
        assert await sandbox.noted("DTMF=") == "DTMF=1234"
        await caller.hears(697.0)  # the low tone of 1, 2 and 3
        assert (await call.client.request()).method == "BYE"


async def test_608_hangs_up_after_three_seconds(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "608") as (call, caller):
        await answered(call, caller)
        before = asyncio.get_running_loop().time()
        assert (await call.client.request()).method == "BYE"
        assert 2.5 < asyncio.get_running_loop().time() - before < 5


async def test_609_plays_music(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "609") as (call, caller):
        await answered(call, caller)
        await caller.hears(329.6)
        await caller.hears(392.0)


async def test_sdp_that_cannot_be_answered_gets_488(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        for sdp in ("v=0\r\nnonsense", ""):
            call = await ana.invite("600", sdp)
            assert (await call.final()).status == 488
    assert sandbox.calls == 0


async def test_an_invite_with_a_wrong_secret_is_not_taken(sandbox: Sandbox) -> None:
    async with connected(sandbox, secret="wrong") as ana:
        call = await ana.invite("606", "v=0\r\n")
        assert (await call.final()).status == 407
    assert "WRONG SECRET INVITE 1001" in sandbox.log


async def test_a_caller_whose_connection_is_gone_while_it_rings_ends_the_call(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        call = await ana.invite("606", "v=0\r\n")
        assert (await call.client.response()).status == 180
    await sandbox.noted("CLOSED")
    assert sandbox.calls == 0


async def test_a_caller_whose_audio_is_gone_is_hung_up_on(sandbox: Sandbox) -> None:
    async with dialled(sandbox, "609") as (call, caller):
        await answered(call, caller)
        await caller.connected()
        await caller.connection.close()
        assert (await call.client.request()).method == "BYE"
