"""A PostgreSQL to test against: the one of RAMAL_TEST_POSTGRES, else one of our own from the system's binaries."""

import getpass
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))


def available() -> bool:
    return "RAMAL_TEST_POSTGRES" in os.environ or bool(BINARIES)


@contextmanager
def server() -> Iterator[str]:
    """The URL of a database that tests may fill; a server of our own listens on a Unix socket only.

    It has a folder of its own: pytest's are for one person alone, and PostgreSQL refuses to run as root.
    """
    given = os.environ.get("RAMAL_TEST_POSTGRES")
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="ramal-postgres-") as folder:
        with _running(Path(folder), BINARIES[-1].parent) as url:
            yield url


@contextmanager
def _running(folder: Path, binaries: Path) -> Iterator[str]:
    root = getpass.getuser() == "root"  # Debian's package has a user for it
    prefix = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if root else []
    data = folder / "data"
    if root:
        shutil.chown(folder, "postgres", "postgres")

    def run(*command: str) -> None:
        subprocess.run([*prefix, *command], check=True, cwd=folder, timeout=60, stdout=subprocess.DEVNULL)

    run(str(binaries / "initdb"), "-D", str(data), "-U", "ramal", "-A", "trust", "--no-sync")
    control = str(binaries / "pg_ctl")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    run(control, "-D", str(data), "-w", "-o", options, "-l", str(folder / "log"), "start")
    try:
        run(str(binaries / "createdb"), "-h", str(folder), "-U", "ramal", "ramal")
        yield f"postgresql+asyncpg://ramal@/ramal?host={folder}"
    finally:
        run(control, "-D", str(data), "-w", "-m", "immediate", "stop")
