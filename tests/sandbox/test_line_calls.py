"""Calls between two registered lines. SDP passes unchanged, so a word will do for it."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from sandbox.server import Sandbox
from signaling.dialog import Dialog
from signaling.message import Request

from .client import Client, connected, via

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
async def ana(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with connected(sandbox, "1001") as client:
        await client.register()
        yield client


@pytest.fixture
async def bruno(sandbox: Sandbox) -> AsyncIterator[Client]:
    async with connected(sandbox, "1002") as client:
        await client.register()
        yield client


async def accept(client: Client, invite: Request, sdp: str) -> Dialog:
    """200 to ``invite``, its ACK awaited."""
    response = invite.reply(
        200,
        to_tag="b",
        headers=[("Contact", str(client.contact))],
        body=sdp.encode(),
        content_type="application/sdp",
    )
    await client.send(response)
    await client.request("ACK")
    return Dialog.uas(invite, response)


async def test_a_line_calls_another_and_hangs_up(sandbox: Sandbox, ana: Client, bruno: Client) -> None:
    call = await ana.invite("1002", "offer")
    invite = await bruno.request("INVITE")
    assert invite.uri == bruno.contact.uri
    assert (invite.from_.display_name, invite.from_.uri.unescaped_user) == ("Ana", "1001")
    assert invite.body == b"offer"
    assert "Proxy-Authorization" not in invite.headers
    await bruno.send(invite.reply(180, to_tag="b"))
    assert (await ana.response()).status == 180
    await accept(bruno, invite, "answer")
    answer = await call.final()
    assert (answer.status, answer.body) == (200, b"answer")
    assert (await call.again("BYE")).status == 200
    await bruno.send((await bruno.request("BYE")).reply(200))
    assert sandbox.calls == 0


async def test_the_callee_hangs_up(sandbox: Sandbox, ana: Client, bruno: Client) -> None:
    call = await ana.invite("1002", "offer")
    dialog = await accept(bruno, await bruno.request("INVITE"), "answer")
    await call.final()
    bye, _ = dialog.request("BYE", via())
    await bruno.send(bye)
    assert (await bruno.response()).status == 200
    await ana.send((await ana.request("BYE")).reply(200))
    assert sandbox.calls == 0


async def test_hold_passes_to_the_other_side_and_back(ana: Client, bruno: Client) -> None:
    call = await ana.invite("1002", "offer")
    dialog = await accept(bruno, await bruno.request("INVITE"), "answer")
    await call.final()
    request, dialog = dialog.request(
        "INVITE", via(), contact=bruno.contact, body=b"hold", content_type="application/sdp"
    )
    await bruno.send(request)
    held = await ana.request("INVITE")
    assert held.body == b"hold"
    await ana.send(
        held.reply(200, headers=[("Contact", str(ana.contact))], body=b"held", content_type="application/sdp")
    )
    await ana.request("ACK")
    answer = await bruno.response()
    assert (answer.status, answer.body) == (200, b"held")
    await bruno.send(dialog.ack(request, via()))


async def test_a_refused_hold_leaves_the_call_up(sandbox: Sandbox, ana: Client, bruno: Client) -> None:
    call = await ana.invite("1002", "offer")
    dialog = await accept(bruno, await bruno.request("INVITE"), "answer")
    await call.final()
    request, dialog = dialog.request(
        "INVITE", via(), contact=bruno.contact, body=b"hold", content_type="application/sdp"
    )
    await bruno.send(request)
    await ana.send((await ana.request("INVITE")).reply(488))
    await ana.request("ACK")
    assert (await bruno.response()).status == 488
    assert sandbox.calls == 1
    assert (await call.again("OPTIONS")).status == 200


@pytest.mark.parametrize("status", [486, 603, 480])
async def test_a_refusal_reaches_the_caller(sandbox: Sandbox, ana: Client, bruno: Client, status: int) -> None:
    call = await ana.invite("1002", "offer")
    await bruno.send((await bruno.request("INVITE")).reply(status, to_tag="b"))
    assert (await call.final()).status == status
    await bruno.request("ACK")
    assert sandbox.calls == 0


async def test_early_media_of_the_callee_passes(ana: Client, bruno: Client) -> None:
    await ana.invite("1002", "offer")
    invite = await bruno.request("INVITE")
    await bruno.send(invite.reply(183, to_tag="b", body=b"early", content_type="application/sdp"))
    progress = await ana.response()
    assert (progress.status, progress.body) == (183, b"early")


async def test_a_caller_gives_up(sandbox: Sandbox, ana: Client, bruno: Client) -> None:
    call = await ana.invite("1002", "offer")
    invite = await bruno.request("INVITE")
    await bruno.send(invite.reply(180, to_tag="b"))
    await ana.response()
    await call.cancel()
    assert (await ana.response()).cseq.method == "CANCEL"
    assert (await call.final()).status == 487
    cancel = await bruno.request("CANCEL")
    assert cancel.branch == invite.branch
    await bruno.send(cancel.reply(200, to_tag="b"))
    await bruno.send(invite.reply(487, to_tag="b"))
    await bruno.request("ACK")
    assert (await bruno.socket.ping()) is not None
    assert sandbox.calls == 0


async def test_a_cancel_waits_for_the_first_response(ana: Client, bruno: Client) -> None:
    call = await ana.invite("1002", "offer")
    invite = await bruno.request("INVITE")
    await call.cancel()
    assert (await call.final()).status == 200  # of the CANCEL
    await bruno.send(invite.reply(180, to_tag="b"))
    assert (await bruno.request("CANCEL")).branch == invite.branch


async def test_every_contact_rings_and_the_first_answer_wins(sandbox: Sandbox, ana: Client, bruno: Client) -> None:
    async with AsyncExitStack() as stack:
        other = await stack.enter_async_context(connected(sandbox, "1002"))
        await other.register()
        call = await ana.invite("1002", "offer")
        lost = await bruno.request("INVITE")
        await bruno.send(lost.reply(180, to_tag="b"))
        await ana.response()
        await accept(other, await other.request("INVITE"), "answer")
        assert (await call.final()).body == b"answer"
        await bruno.request("CANCEL")
        await bruno.send(lost.reply(200, to_tag="b", body=b"too late", content_type="application/sdp"))
        await bruno.request("ACK")
        await bruno.send((await bruno.request("BYE")).reply(200))
        assert (await call.again("BYE")).status == 200


async def test_a_line_that_lost_its_connection_in_a_call_comes_back(sandbox: Sandbox, bruno: Client) -> None:
    async with AsyncExitStack() as stack:
        ana = await stack.enter_async_context(connected(sandbox, "1001"))
        call = await ana.invite("1002", "offer")
        dialog = await accept(bruno, await bruno.request("INVITE"), "answer")
        await call.final()
        await stack.aclose()
        await sandbox.noted("CLOSED")
        again = await stack.enter_async_context(connected(sandbox, "1001"))
        await again.register()
        call.client = again
        assert (await call.again("OPTIONS")).status == 200
        bye, _ = dialog.request("BYE", via())
        await bruno.send(bye)
        assert (await again.request()).method == "BYE"


async def test_a_callee_that_goes_away_while_it_rings_counts_as_absent(sandbox: Sandbox, ana: Client) -> None:
    async with connected(sandbox, "1002") as bruno:
        await bruno.register()
        call = await ana.invite("1002", "offer")
        await bruno.request("INVITE")
    assert (await call.final()).status == 480
