"""``python -m tests.fuzz``: mutated messages through the gateway's parser and line; see the package."""

import argparse
import sys

from . import campaign


def main() -> int:
    """0 where nothing was found; what was found is written to tests/data/fuzz."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of the inputs: the same seed gives the same inputs")
    parser.add_argument("--count", type=int, default=1_000_000, help="how many inputs")
    parser.add_argument("--seconds", type=float, help="begin no more inputs after that time")
    parser.add_argument("--jobs", type=int, help="processes, one for each processor by default")
    arguments = parser.parse_args()
    tally = campaign.run(arguments.seed, arguments.count, seconds=arguments.seconds, jobs=arguments.jobs)
    sys.stdout.write(f"seed {arguments.seed}: {tally}\n")
    for found in tally.found:
        sys.stdout.write(f"  {campaign.keep(found)}: {found.detail}\n")
    return 1 if tally.found else 0


if __name__ == "__main__":
    sys.exit(main())
