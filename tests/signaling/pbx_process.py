"""The PBX of `tests.signaling.pbx` as a process of its own, which a test can stop; prints its address."""

import asyncio
import sys

from .pbx import Pbx, running


async def main() -> None:
    pbx = Pbx()
    async with running(pbx):
        sys.stdout.write(f"{pbx.url}\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
