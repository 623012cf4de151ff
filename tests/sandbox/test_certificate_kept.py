"""A certificate that outlives a restart of the sandbox."""

import datetime
import stat
from pathlib import Path

from sandbox.certificate import kept


def test_the_same_file_gives_the_same_certificate(tmp_path: Path) -> None:
    now = datetime.datetime.now(datetime.UTC)
    made = kept(tmp_path / "keys", now)
    assert kept(tmp_path / "keys", now) == made
    assert stat.S_IMODE((tmp_path / "keys").stat().st_mode) == 0o600
    made.context()
