"""The far side of a line against the real PBX: session timers, messages that wait."""

import pytest

from signaling.message import Response
from signaling.session_timer import SessionExpires
from signaling.views import CallState

from .asterisk import Asterisk
from .extension import Extension, extension

pytestmark = [pytest.mark.pbx, pytest.mark.asyncio(loop_scope="module")]


def answered(play: Extension, method: str, status: int) -> list[Response]:
    responses = [it for it in play.heard if isinstance(it, Response)]
    return [it for it in responses if (it.cseq.method, it.status) == (method, status)]


async def test_session_timer_of_the_pbx_is_kept(pbx: Asterisk) -> None:
    async with extension(pbx, "1004") as (play, page):
        call = play.dials(page, "600")
        await play.talks(call)
        (ok,) = answered(play, "INVITE", 200)
        agreed = SessionExpires.of(ok)
        assert agreed is not None and agreed.seconds >= 90
        (name,) = [name for name in play.timers if name.endswith(".session")]
        assert agreed.refresher == "uas"  # Asterisk says: I refresh; we end the call if it does not
        assert play.timers[name] - play.now == agreed.seconds - 32
        assert play.calls[call].state is CallState.ACTIVE


async def test_messages_that_wait_are_told(pbx: Asterisk) -> None:
    async with extension(pbx, "1001") as (play, _):
        await play.until(lambda: play.line_views[-1].messages_waiting is not None)
