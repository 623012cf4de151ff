"""``python -m tests.fuzz``: mutated messages through the gateway's parser and line; see the package."""

import argparse
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from . import campaign
from .corpus import FOUND

_EVERY = 20_000  # inputs between two words of progress


def _tell(tally: campaign.Tally) -> None:
    if tally.count % _EVERY == 0:
        sys.stderr.write(f"{tally.count} inputs, {sum(tally.kinds.values())} findings, {tally.seconds:.0f} s\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """0 where nothing was found, else 1; what was found is written to files."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the inputs: the same seed gives the same inputs")
    parser.add_argument("--start", type=int, default=0, help="the number of the first input, to go on with a run")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many inputs")
    parser.add_argument("--seconds", type=float, help="begin no more inputs after that time")
    parser.add_argument("--jobs", type=int, help="processes, one for each processor by default")
    parser.add_argument("--folder", type=Path, default=FOUND, help="where found inputs are written to")
    wanted = parser.parse_args(arguments)
    tally = campaign.run(
        wanted.seed, wanted.count, start=wanted.start, seconds=wanted.seconds, jobs=wanted.jobs, told=_tell
    )
    sys.stdout.write(f"seed {wanted.seed}: {tally}\n")
    for found in tally.found:
        sys.stdout.write(f"  {campaign.keep(found, wanted.folder)}: {found.detail}\n")
    return 1 if tally.found else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the workers are stopped as well
    sys.exit(main())
