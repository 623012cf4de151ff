from dataclasses import replace

import pytest

from sandbox.server import Sandbox
from signaling.digest import Algorithm
from signaling.uri import NameAddr, Uri

from .client import EXTENSIONS, connected


async def test_a_line_registers_and_takes_it_back(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        response = await ana.register()
        assert response.status == 200
        assert response.contacts[0].uri == ana.contact.uri
        assert 590 < int(response.contacts[0].parameters.get("expires") or 0) <= 600
        assert sandbox.registered("1001") == 1
        gone = await ana.register(expires=0)
        assert (gone.status, gone.contacts, sandbox.registered("1001")) == (200, (), 0)


@pytest.mark.parametrize("algorithm", [Algorithm.MD5, Algorithm.SHA_256])
async def test_each_digest_algorithm_serves(algorithm: Algorithm) -> None:
    async with Sandbox(EXTENSIONS, algorithms=[algorithm]) as sandbox, connected(sandbox) as ana:
        assert (await ana.register()).status == 200


async def test_a_wrong_secret_and_an_unknown_line_are_told_alike(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana, connected(sandbox, "9999", "x") as nobody:
        for client, secret in ((ana, "wrong"), (nobody, "x")):
            response = await client.register(secret=secret)
            assert response.status == 401
            assert "stale" not in (response.headers.get("WWW-Authenticate") or "")
    assert "WRONG SECRET REGISTER 1001" in sandbox.log
    assert sandbox.registered("1001") == 0


async def test_an_old_or_repeated_signature_is_stale_and_a_new_one_serves() -> None:
    async with Sandbox(EXTENSIONS) as sandbox, connected(sandbox) as ana:
        request = ana.build("REGISTER", "1001")
        await ana.send(request)
        challenge = await ana.response()
        first = ana.signed(request, challenge)
        await ana.send(first)
        assert (await ana.response()).status == 200
        await ana.send(ana.signed(first, challenge, nc=2))
        assert (await ana.response()).status == 200
        await ana.send(ana.signed(first, challenge, nc=2))
        replayed = await ana.response()
        assert replayed.status == 401
        assert "stale=true" in (replayed.headers.get("WWW-Authenticate") or "")
        await ana.send(ana.signed(first, replayed))
        assert (await ana.response()).status == 200


async def test_a_nonce_ends() -> None:
    async with Sandbox(EXTENSIONS, nonce_life=0) as sandbox, connected(sandbox) as ana:
        response = await ana.register()
        assert response.status == 401
        assert "stale=true" in (response.headers.get("WWW-Authenticate") or "")


async def test_contacts_end_with_their_connection(sandbox: Sandbox) -> None:
    async with connected(sandbox) as one:
        await one.register()
        async with connected(sandbox) as two:
            await two.register()
            assert sandbox.registered("1001") == 2
        await sandbox.noted("CLOSED")
        assert sandbox.registered("1001") == 1


async def test_a_registration_is_granted_no_longer_than_the_sandbox_says() -> None:
    async with Sandbox(EXTENSIONS, most_expires=60) as sandbox, connected(sandbox) as ana:
        assert (await ana.register(expires=3600)).contacts[0].parameters.get("expires") == "60"


async def test_a_star_takes_every_contact_away(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        await ana.register()
        request = ana.build("REGISTER", "1001", headers=(("Expires", "0"),))
        star = replace(request, headers=request.headers.replace("Contact", "*"))
        await ana.send(star)
        await ana.send(ana.signed(star, await ana.response()))
        assert (await ana.response()).status == 200
        assert sandbox.registered("1001") == 0


async def test_a_sixth_contact_is_refused(sandbox: Sandbox) -> None:
    async with connected(sandbox) as ana:
        for number in range(6):
            ana.contact = NameAddr(Uri("sip", f"c{number}", "client.invalid"))
            response = await ana.register()
        assert response.status == 403
        assert sandbox.registered("1001") == 5
