"""Transfers through the real PBX: 1001 has called 1002, and hands the call on."""

from contextlib import AsyncExitStack

import pytest

from signaling.causes import Cause
from signaling.events import TransferAsked
from signaling.views import CallState, TransferState
from tests.signaling.page import Page

from .asterisk import Asterisk
from .extension import Extension, extension

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]
Station = tuple[Extension, Page]


async def conversation(ana: Station, bruno: Station) -> tuple[str, str]:
    call = ana[0].dials(ana[1], "1002")
    other = await bruno[0].picks_up(bruno[1])
    await ana[0].talks(call)
    return call, other


async def test_blind_transfer(pbx: Asterisk) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(extension(pbx, "1001"))
        bruno = await stack.enter_async_context(extension(pbx, "1002"))
        call, other = await conversation(ana, bruno)
        ana[0].happens(TransferAsked(call, to="602"))  # it speaks: that is when Asterisk tells the success
        assert ana[0].calls[call].transfer is TransferState.PENDING
        await ana[0].until(lambda: ana[0].calls[call].state is CallState.ENDED)
        view = ana[0].calls[call]
        assert (view.transfer, view.cause, view.ended_by) == (TransferState.DONE, Cause.ENDED, "agent")
        assert bruno[0].calls[other].state is CallState.ACTIVE
        assert "Milliwatt" in await pbx.command("core show channels")


async def test_blind_transfer_to_nobody(pbx: Asterisk) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(extension(pbx, "1001"))
        bruno = await stack.enter_async_context(extension(pbx, "1002"))
        call, other = await conversation(ana, bruno)
        ana[0].happens(TransferAsked(call, to="999"))
        await ana[0].until(lambda: ana[0].calls[call].transfer is TransferState.FAILED)
        assert ana[0].calls[call].state is CallState.ACTIVE
        assert bruno[0].calls[other].state is CallState.ACTIVE


async def test_attended_transfer(pbx: Asterisk) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(extension(pbx, "1001"))
        bruno = await stack.enter_async_context(extension(pbx, "1002"))
        carla = await stack.enter_async_context(extension(pbx, "1003"))
        call, other = await conversation(ana, bruno)
        second = ana[0].dials(ana[1], "1003")
        third = await carla[0].picks_up(carla[1])
        await ana[0].talks(second)
        ana[0].happens(TransferAsked(call, consulted=second))
        await ana[0].until(lambda: ana[0].calls[call].state is CallState.ENDED)
        await ana[0].until(lambda: ana[0].calls[second].state is CallState.ENDED)
        view = ana[0].calls[call]
        assert (view.transfer, view.transfer_to, view.cause) == (TransferState.DONE, "1003", Cause.ENDED)
        assert bruno[0].calls[other].state is CallState.ACTIVE
        assert carla[0].calls[third].state is CallState.ACTIVE
