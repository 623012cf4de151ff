"""Between signaling and media: engines by account, errors in signaling's words."""

from pathlib import Path

import pytest

from media.engine import Happening, Report
from media.passthrough import PassThrough
from signaling.events import MediaHappening
from signaling.ports import MediaError
from web.media_adapter import MediaAdapter, NoHub, Reports

OFFER = (Path(__file__).parents[1] / "media" / "data" / "chromium-offer.sdp").read_bytes()


def adapter(*, anchored: bool) -> MediaAdapter:
    return MediaAdapter(NoHub(), PassThrough(), lambda call: anchored)


async def test_without_an_anchor_the_description_passes_untouched() -> None:
    for ask in (adapter(anchored=False).offer, adapter(anchored=False).answer):
        described = await ask("call", "far", OFFER, to="near")
        assert (described.sdp, described.direction, described.audio) == (OFFER, "sendrecv", True)


async def test_a_bad_description_is_the_peers_fault() -> None:
    with pytest.raises(MediaError) as failed:
        await adapter(anchored=False).offer("call", "far", b"noise", to="near")
    assert failed.value.whose == "peer"


async def test_a_hub_that_is_not_there_is_ours() -> None:
    media = adapter(anchored=True)
    for asked in (
        media.offer("call", "far", OFFER, to="near"),
        media.answer("call", "far", OFFER, to="near"),
        media.select("call", "near", record=True),
    ):
        with pytest.raises(MediaError) as failed:
            await asked
        assert failed.value.whose == "ours"
    await media.drop("call", "near")
    await media.release("call")


async def test_reports_go_to_the_gateway_and_captures_to_the_jobs_too() -> None:
    media: list[tuple[str, str, str | None]] = []
    captures: list[tuple[str, Path]] = []
    reports = Reports(lambda *told: media.append(told), lambda *told: captures.append(told))
    reports(Report("c", Happening.LEG_CONNECTED, leg="far"))
    reports(Report("c", Happening.CAPTURE_CLOSED, capture=Path("c.rrec")))
    assert media == [("c", "leg_connected", "far"), ("c", "capture_closed", None)]
    assert captures == [("c", Path("c.rrec"))]


def test_both_rooms_have_the_same_words() -> None:
    assert {happening.value for happening in Happening} == {happening.value for happening in MediaHappening}
