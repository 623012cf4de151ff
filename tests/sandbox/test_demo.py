"""The demo: what it prints, what it keeps, how it ends."""

import socket
import stat
from pathlib import Path

import aiohttp
import pytest

from .demo import demo, free_port, needs_front_end

pytestmark = [pytest.mark.timeout(120), needs_front_end]


async def log_in(address: str, login: str, password: str) -> int:
    """The status of the log-in."""
    async with aiohttp.ClientSession() as session:
        answer = await session.post(
            f"{address}/api/v1/session",
            json={"login": login, "password": password},
            headers={"X-Ramal-Request": "1", "Origin": address},
        )
        return answer.status


async def test_people_log_in_with_what_it_prints_and_find_it_again_the_next_time(tmp_path: Path) -> None:
    port = free_port()
    async with demo(tmp_path, port) as first:
        assert first.address == f"http://localhost:{port}"
        for login in ("ana", "bruno", "carla", "supervisor", "admin"):
            assert await log_in(first.address, login, first.password(login)) == 200
        assert await log_in(first.address, "ana", "wrong-password") == 401
        assert await first.stop() == 0
    assert stat.S_IMODE((tmp_path / "data").stat().st_mode) == 0o700
    for name in ("key", "passwords"):
        assert stat.S_IMODE((tmp_path / "data" / name).stat().st_mode) == 0o600
    async with demo(tmp_path, free_port()) as second:
        assert second.password("ana") == first.password("ana")
        assert await log_in(second.address, "ana", second.password("ana")) == 200


async def test_a_second_demo_in_the_same_folder_is_refused_in_words(tmp_path: Path) -> None:
    async with demo(tmp_path, free_port()) as first, demo(tmp_path, free_port()) as second:
        assert "another demo runs with" in second.said
        assert await second.process.wait() == 1
        assert await first.stop() == 0


async def test_a_port_that_was_asked_for_and_is_taken_is_refused_in_words(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = int(taken.getsockname()[1])
        async with demo(tmp_path, port) as refused:
            assert f"port {port} is taken" in refused.said
            assert await refused.process.wait() == 1
