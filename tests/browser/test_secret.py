"""The SIP password, and any digest made with it, is in no byte that a browser got, in no log line, in no database file.

Runs behind all other scenarios of a PBX, and looks at everything that they left.
"""

import base64
import hashlib
import re
from pathlib import Path
from urllib.parse import quote

from .conftest import Phones, Site
from .gateway import USERS, WRONG, User

RESPONSE = re.compile(r'Authorization: Digest [^\r\n]*?\bresponse="?([0-9a-f]{32,64})')


def forms(secret: str, user: str, realm: str) -> dict[str, bytes]:
    """A password as it could show up: plain, encoded, or as the hash that is as good as the password (RFC 7616)."""
    pair = f"{user}:{realm}:{secret}".encode()
    return {
        f"the password of {user}": secret.encode(),
        f"the password of {user}, quoted": quote(secret, safe="").encode(),
        f"the password of {user}, base64": base64.b64encode(secret.encode()),
        f"HA1 of {user}, MD5": hashlib.md5(pair, usedforsecurity=False).hexdigest().encode(),
        f"HA1 of {user}, SHA-256": hashlib.sha256(pair).hexdigest().encode(),
    }


def search(needles: dict[str, bytes], haystacks: dict[str, bytes]) -> list[str]:
    return [
        f"{what} is in {where}"
        for where, hay in haystacks.items()
        for what, needle in needles.items()
        if needle in hay or needle.upper() in hay
    ]


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_the_secret_stays(phones: Phones, site: Site, ana: User, tmp_path: Path) -> None:
    phone = await phones.ready(ana)
    await phone.dial("602")
    await phone.hears(1004)
    await phone.press("call-hangup")
    await phone.ended("ended")
    await phones.close()
    phones.open.clear()

    realm = site.exchange.realm
    numbers = [user.extension for user in USERS.values() if user.number is not None]
    agents = {number: forms(site.exchange.secret(number), number, realm) for number in numbers}
    signed = set(RESPONSE.findall(site.exchange.log()))
    if site.exchange.name == "asterisk":  # the sandbox does not log what it gets
        assert len(signed) >= 2, "the PBX's log shows the signed requests"
    responses = {f"a digest response ({value[:6]}…)": value.encode() for value in signed}

    everywhere: dict[str, bytes] = {**forms(WRONG, "1003", realm), **responses}
    for needles in agents.values():
        everywhere |= needles
    # An administrator typed this one into a page of ours, in another scenario.
    typed = agents["1003"]

    browser = site.evidence.haystacks()
    assert any(ana.password.encode() in hay for hay in browser.values()), "the archives hold what the page sent"
    assert b"REGISTER sip:" in browser["WebSocket frames"], "the frames hold the page's SIP"
    assert search({what: needle for what, needle in everywhere.items() if what not in typed}, browser) == []

    assert "REGISTER" in site.gateway.log() or site.gateway.log().count("\n") > 10, "the gateway has logged something"
    assert search(everywhere, {"the gateway's log": site.gateway.log().encode()}) == []

    stored = files(site.gateway.data)
    assert any("ramal.db" in name and b"Padaria Central" in hay for name, hay in stored.items())
    assert search(everywhere, stored) == []
