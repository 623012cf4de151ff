"""The limits of the settings reach those who hold them."""

import dataclasses
from pathlib import Path

import pytest

from signaling.limits import GatewayLimits
from web.app import gateway_limits, media_settings, sdp_limits
from web.settings import LimitSettings

from .house import house, settings_for


def test_the_defaults_are_those_of_the_rooms() -> None:
    assert gateway_limits(LimitSettings()) == GatewayLimits()
    assert dataclasses.astuple(sdp_limits(LimitSettings())) == (16_384, 400, 4, 40)


def test_every_setting_arrives(tmp_path: Path) -> None:
    names = "message_bytes message_headers message_line message_head messages_per_second messages_burst page_registers "
    names += "page_registers_burst invites texts transactions handsets calls registers secrets_per_account secrets"
    numbers = {name: 5_000 + number for number, name in enumerate(names.split())}
    made = gateway_limits(LimitSettings(**numbers))
    values = [*dataclasses.asdict(made).values(), *dataclasses.asdict(made.methods).values()]
    assert all(number in values for number in numbers.values())
    more = {f"RAMAL_LIMITS__SDP_{name}": str(1_100 + number) for number, name in enumerate(("BYTES", "LINES"))}
    settings = settings_for(tmp_path, 8080, RAMAL_MEDIA_ADDRESS="127.0.0.1", RAMAL_MEDIA_WORKERS="1", **more)
    assert dataclasses.astuple(media_settings(settings).sdp) == (1_100, 1_101, 4, 40)


@pytest.mark.parametrize("count", [1, 2, 3])
async def test_tickets_of_one_person(tmp_path: Path, unused_tcp_port: int, count: int) -> None:
    """All the person's sessions share them: at one below the limit, at it, and above."""
    more = {"RAMAL_LIMITS__TICKETS": "1", "RAMAL_LIMITS__TICKETS_BURST": "2"}
    async with house(tmp_path, unused_tcp_port, **more) as it:
        statuses = []
        for _ in range(count):
            async with it.logged_in() as page:
                answer = await page.send("POST", "/line/ticket", {"handset": "handset-0001"})
                statuses.append(answer.status)
        assert statuses == [200, 200, 429][:count]
        if count == 3:
            assert answer.headers["Retry-After"] and (await answer.json())["code"] == "too_many_attempts"
