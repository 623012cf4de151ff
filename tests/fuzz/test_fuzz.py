"""A share of the mutated messages, always the same ones, and everything that was ever found."""

from pathlib import Path

import pytest

from . import campaign
from .campaign import scene_of
from .checks import check
from .corpus import FOUND, seeds

COUNT = 8000  # about 15 s on two quiet processors


@pytest.mark.timeout(300)  # a busy machine takes its time: this is no measurement
def test_a_share_of_the_mutations_finds_nothing() -> None:
    tally = campaign.run(1, COUNT)
    assert tally.found == [], [f"{campaign.keep(found, FOUND)}: {found.detail}" for found in tally.found]
    assert tally.count == COUNT
    assert tally.accepted > COUNT / 5, "most of the mutations are refused at the first look"
    assert tally.judged > tally.accepted * 0.8, "the second parser looks at too little"
    assert tally.to_far > tally.accepted, "the line says too little to the PBX"


@pytest.mark.parametrize("path", sorted(FOUND.glob("*.sip")), ids=lambda path: path.stem)
def test_what_was_found_once_stays_right(path: Path) -> None:
    check(path.read_bytes(), scene_of(path))


def test_what_is_mutated_is_right_as_it_is() -> None:
    page, strangers = seeds()
    assert [seed.name for seed in page if not check(seed.data, seed.scene).accepted] == []
    verdicts = [check(seed.data, seed.scene) for seed in strangers if seed.name.startswith("asterisk-")]
    assert len(verdicts) == 20 and all(verdict.accepted for verdict in verdicts)


def test_every_scene_is_where_the_page_is_heard() -> None:
    """Frames of a call make the line speak to the PBX: the scene's identifiers are those of the frames."""
    page, _ = seeds()
    spoken = {seed.name: check(seed.data, seed.scene).to_far for seed in page}
    assert spoken["invite"] == spoken["invite-compact"] == 4  # INVITE, ACK, BYE, REGISTER
    for scene in ("talking-out", "talking-in"):
        assert spoken[f"hold-{scene}"] == 4
        assert spoken[f"dtmf-{scene}"] == 3  # INFO, BYE, REGISTER
