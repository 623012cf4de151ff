"""Prints every figure. usage: python -m bench"""

import asyncio
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path

from . import page


def machine() -> str:
    """What the figures were measured on."""
    model = platform.processor() or platform.machine()
    cpu = Path("/proc/cpuinfo")
    if cpu.exists():
        names = [
            line.partition(":")[2].strip() for line in cpu.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{os.cpu_count()} x {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def main() -> int:
    print(machine(), flush=True)
    with tempfile.TemporaryDirectory(prefix="ramal-bench-") as folder:
        asyncio.run(page.report(Path(folder)))
    print("\nMedia workers", flush=True)
    return subprocess.run([sys.executable, "-m", "bench.media"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
