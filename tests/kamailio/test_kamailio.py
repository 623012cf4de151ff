"""Calls through Kamailio, a proxy that challenges by 407, record-routes, and passes on what a callee says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from signaling.causes import Cause
from signaling.digest import Algorithm, Challenge
from signaling.ports import Profile, Secret
from signaling.timing import Timing
from signaling.views import CallState, LineState
from tests.signaling.house import House, Page, house

from .callee import Callee, registered
from .kamailio import DOMAIN, Kamailio, running

pytestmark = pytest.mark.kamailio

SDP = b"v=0 callee a=sendrecv"
TIMING = Timing(idle=0.3, detached=0.3, stop=2, media=0.3)


@pytest.fixture
async def kamailio() -> AsyncIterator[Kamailio]:
    async with running() as it:
        yield it


@asynccontextmanager
async def called(kamailio: Kamailio) -> AsyncIterator[tuple[House, Page, Callee]]:
    """A gateway with line 1001 ready at Kamailio, and a callee at 1002."""
    async with house(timing=TIMING) as it, registered("1002", kamailio.url, kamailio.ca, DOMAIN) as callee:
        it.config = replace(
            it.config,
            url=kamailio.url,
            ca=kamailio.ca,
            domain=DOMAIN,
            profile=Profile.KAMAILIO,
            secret=Secret("s3nha-1001", 1),
        )
        yield it, await it.ready(), callee


def signed(it: House) -> list[str]:
    return [detail.split()[0] for _, what, detail in it.diary.audits if what == "signed"]


def refused(it: House) -> list[str]:
    return [detail for _, what, detail in it.diary.audits if what == "sign_refused"]


async def test_register_by_401_and_call_by_407(kamailio: Kamailio) -> None:
    async with called(kamailio) as (it, page, callee):
        fields = await page.dial("1002")
        invite = await callee.next("INVITE")
        assert len(invite.record_routes) >= 1
        assert "Proxy-Authorization" not in invite.headers
        await callee.answers(invite, 180)
        await page.response(180)
        await callee.answers(invite, 200, body=SDP)
        ok = await page.response(200)
        await page.says("ACK", to=str(ok.to), call_id=fields["Call-ID"])
        ack = await callee.next("ACK")
        assert ack.call_id == invite.call_id
        assert signed(it) == ["REGISTER", "INVITE"] and refused(it) == []
        await it.diary.call(CallState.ACTIVE)
        await page.says("BYE", to=str(ok.to), call_id=fields["Call-ID"], cseq="2")
        await page.response(200)
        bye = await callee.next("BYE")
        await callee.answers(bye, 200)
        assert (await it.diary.call(CallState.ENDED)).cause is Cause.ENDED


async def test_the_callee_hangs_up_by_the_route(kamailio: Kamailio) -> None:
    async with called(kamailio) as (it, page, callee):
        fields = await page.dial("1002")
        invite = await callee.next("INVITE")
        await callee.answers(invite, 200, body=SDP)
        ok = await page.response(200)
        await page.says("ACK", to=str(ok.to), call_id=fields["Call-ID"])
        await callee.next("ACK")
        await callee.asks("BYE", invite)
        await page.request("BYE")
        ended = await it.diary.call(CallState.ENDED)
        assert (ended.cause, ended.ended_by) == (Cause.ENDED, "other")


@pytest.mark.parametrize(
    "challenge",
    [
        Challenge(DOMAIN, "callees-nonce", Algorithm.MD5, ("auth",)),
        Challenge("elsewhere", "callees-nonce", Algorithm.MD5, ("auth",)),
        Challenge(DOMAIN, "callees-nonce", Algorithm.MD5, ("auth",), stale=True),
        Challenge(DOMAIN, "callees-nonce", Algorithm.MD5, ("auth",), proxy=True),
        Challenge(DOMAIN, "callees-nonce", Algorithm.MD5, ("auth",), proxy=True, stale=True),
    ],
    ids=["401", "401-realm", "401-stale", "407", "407-stale"],
)
async def test_nothing_is_signed_for_a_callee(kamailio: Kamailio, challenge: Challenge) -> None:
    async with called(kamailio) as (it, page, callee):
        await page.dial("1002")
        invite = await callee.next("INVITE")
        await callee.answers(invite, 407 if challenge.proxy else 401, (challenge.header, str(challenge)))
        told = await page.response(403)
        assert challenge.header not in told.headers
        ended = await it.diary.call(CallState.ENDED)
        assert ended.cause is Cause.PBX_REFUSED
        assert signed(it) == ["REGISTER", "INVITE"]
        assert len(refused(it)) == 1
        assert callee.requests.empty()


async def test_a_wrong_secret(kamailio: Kamailio) -> None:
    async with house(timing=TIMING) as it:
        wrong = Secret("wrong", 1)
        it.config = replace(
            it.config, url=kamailio.url, ca=kamailio.ca, domain=DOMAIN, profile=Profile.KAMAILIO, secret=wrong
        )
        page = await it.page()
        await page.register()
        view = await it.diary.line(LineState.REFUSED)
        assert view.reason == "bad_secret"
        assert signed(it) == ["REGISTER"]
