"""The server itself: what it refuses, what it survives, how it stops."""

import asyncio
import ssl
import sys

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from sandbox.server import MAX_FRAME, Sandbox
from signaling import parser

from .client import EXTENSIONS, connected

HOSTILE = ["", "x", "\0", "INVITE", "SIP/2.0 200 OK\r\n\r\n", "REGISTER sip:a SIP/2.0\r\nContent-Length: -1\r\n\r\n"]


async def test_malformed_frames_are_told_and_survived(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        for frame in HOSTILE:
            await ana.socket.send(frame)
        await ana.socket.send(b"\xff\xfe")
        bad = parser.serialize(ana.build("OPTIONS", "600")).decode().replace("1 OPTIONS", "1 INVITE")
        await ana.socket.send(bad)
        assert (await ana.response()).status == 400
        assert (await ana.register()).status == 200
    assert any(line.startswith("MALFORMED") for line in sandbox.log)


async def test_a_frame_over_the_limit_closes_1009(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        await ana.socket.send("x" * (MAX_FRAME + 1))
        with pytest.raises(ConnectionClosed):
            await ana.socket.recv()
        assert ana.socket.close_code == 1009


async def test_keep_alive_is_answered(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        await ana.socket.send("\r\n\r\n")
        assert await ana.socket.recv() == "\r\n"


async def test_requests_out_of_place_get_their_answer(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        for method, status in (("OPTIONS", 200), ("MESSAGE", 405), ("CANCEL", 481)):
            await ana.send(ana.build(method, "600"))
            assert (await ana.response()).status == status
        stray = ana.build("BYE", "600")
        await ana.send(type(stray)("BYE", stray.uri, stray.headers.replace("To", "<sip:600@pbx.invalid>;tag=none")))
        assert (await ana.response()).status == 481


async def test_the_certificate_is_for_its_own_authority_only(sandbox: Sandbox) -> None:
    with pytest.raises(ssl.SSLCertVerificationError):
        await connect(sandbox.url, ssl=ssl.create_default_context())


async def test_another_path_is_not_found(sandbox: Sandbox) -> None:
    context = ssl.create_default_context(cadata=sandbox.ca_pem)
    with pytest.raises(InvalidStatus) as refusal:
        await connect(sandbox.url.removesuffix("/ws"), ssl=context)
    assert refusal.value.response.status_code == 404


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_only_loopback_is_served(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        Sandbox(EXTENSIONS, host=host)


async def test_it_dies_without_a_word_and_comes_back_on_its_port(sandbox: Sandbox) -> None:
    url = sandbox.url
    async with connected(sandbox) as ana:
        await ana.register()
        await sandbox.kill()
        with pytest.raises(ConnectionClosed):
            await ana.socket.recv()
        assert ana.socket.close_code == 1006
        with pytest.raises(OSError):
            await connect(url, ssl=ssl.create_default_context(cadata=sandbox.ca_pem))
    await sandbox.listen()
    assert sandbox.url == url
    async with connected(sandbox) as ana:
        assert (await ana.register()).status == 200


async def test_it_runs_as_a_process() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--extension", "1001:s3nha-1001:Ana", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(20):
            url = (await process.stdout.readline()).decode().split()
            ca = (await process.stdout.readline()).decode().split()
            assert (url[0], ca[0]) == ("url", "ca")
            context = await asyncio.to_thread(ssl.create_default_context, cafile=ca[1])
            async with connect(url[1], ssl=context, subprotocols=[Subprotocol("sip")]):
                pass
            process.terminate()
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_as_a_process_it_refuses_to_serve_others() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "sandbox", "--host", "0.0.0.0", stderr=asyncio.subprocess.PIPE
    )
    async with asyncio.timeout(20):
        _, errors = await process.communicate()
    assert process.returncode == 1
    assert b"loopback only" in errors
