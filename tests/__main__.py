"""Runs every kind of test that this machine can, and says at the end what was and what was not run.

::

    python -m tests                     all kinds
    python -m tests pure sandbox        some of them, by name

On Debian as root, what a kind lacks is installed first. With ``CI=true`` a kind that cannot run is a failure.
"""

import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, STDOUT
from threading import Lock, Thread

from .browser.chromium import find_chromium
from .kamailio.kamailio import program as kamailio
from .pbx.asterisk import installed_root
from .web import postgres

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
COUNT = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed|warnings?)")
CLOSING = re.compile(r"=+ (\d+ (?:passed|failed|error|skipped|deselected).* in [\d.]+s.*?) =+$")


def pure_modules() -> list[str]:
    """The files of the modules that the import contract calls pure: every branch is to be run by their own tests."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (pure,) = (contract for contract in contracts if contract["name"].startswith("pure modules"))
    return [f"{module.replace('.', '/')}.py" for module in pure["source_modules"]]


@dataclass(frozen=True)
class Kind:
    """One kind of test. ``needs`` gives what is missing, in words, or None; it may install it."""

    name: str
    what: str
    command: list[str]
    needs: Callable[[], str | None] = lambda: None


def python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def node(*arguments: str) -> list[str]:
    return [sys.executable, "hatch_build.py", *arguments]


def pytest(marks: str, *arguments: str) -> list[str]:
    return python("pytest", "-m", marks, "--durations=5", *arguments)


def apt(*packages: str) -> bool:
    """Installs Debian packages where that can be done; gives whether it was."""
    if not Path("/etc/debian_version").exists() or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
    if subprocess.run(install, env=environment, check=False).returncode == 0:
        return True
    subprocess.run(["apt-get", "update", "-q"], env=environment, check=False)
    return subprocess.run(install, env=environment, check=False).returncode == 0


def database() -> str | None:
    """The store's tests run on PostgreSQL as well; where it cannot be had they are skipped, and pytest says so."""
    if not postgres.available():
        apt("postgresql")
    return None


def browser() -> str | None:
    if find_chromium() is None:
        apt("chromium")
    return None if find_chromium() is not None else "Chromium is missing (apt install chromium)"


def pbx() -> str | None:
    if (missing := browser()) is not None:
        return missing
    if sys.platform != "linux" or os.geteuid() != 0:
        return "Asterisk in a folder of its own needs Linux and root"
    lacking = [package for program, package in TOOLS.items() if shutil.which(program) is None]
    if lacking and not apt(*lacking):
        return f"{' and '.join(lacking)} missing (apt install {' '.join(lacking)})"
    root = installed_root()
    if subprocess.run([str(ROOT / "tests" / "pbx" / "install"), str(root)], check=False).returncode != 0:
        return f"Asterisk could not be installed in {root} (tests/pbx/install)"
    return None


CALLS = ("pbx", "lines", "sandbox")  # kinds that run beside the others
UNITS = "not browser and not pbx and not kamailio and not fresh"
PURE_TESTS = ("tests/signaling", "tests/media")  # measured: tracing takes time


def proxy() -> str | None:
    packages = ("kamailio", "kamailio-websocket-modules", "kamailio-tls-modules")
    if kamailio() is None:
        apt(*packages)
    return None if kamailio() is not None else f"Kamailio is missing (apt install {' '.join(packages)})"


TOOLS = {"debootstrap": "debootstrap", "openssl": "openssl", "ss": "iproute2"}

KINDS = [
    Kind("style", "ruff check", [str(BIN / "ruff"), "check"]),
    Kind("format", "ruff format", [str(BIN / "ruff"), "format", "--check"]),
    Kind("types", "mypy", python("mypy")),
    Kind("imports", "import contracts", [str(BIN / "lint-imports")]),
    Kind("front-types", "tsc", node("npm", "run", "--silent", "check")),
    Kind("front", "node tests", node("npm", "run", "--silent", "test")),
    Kind("pure", "signaling and media", pytest(UNITS, "--cov", "--cov-report=", *PURE_TESTS)),
    Kind(
        "coverage",
        "pure modules: every branch",
        python(
            "coverage",
            "report",
            "--fail-under=100",
            "--show-missing",
            "--skip-covered",
            f"--include={','.join(pure_modules())}",
        ),
    ),
    Kind("units", "the other unit tests", pytest(UNITS, *(f"--ignore={folder}" for folder in PURE_TESTS)), database),
    # Two runs: each has the PBX, of which there is one in its folder, for itself.
    Kind("pbx", "browser and Asterisk", pytest("pbx and browser"), pbx),
    Kind("lines", "lines and Asterisk", pytest("pbx and not browser"), pbx),
    Kind("sandbox", "browser and sandbox", pytest("browser and not pbx and not fresh"), browser),
    Kind("kamailio", "Kamailio as a proxying PBX", pytest("kamailio"), proxy),
    Kind("fresh", "fresh machine", pytest("fresh"), browser),
]


@dataclass
class Report:
    """What the kinds came to; kept by both lanes."""

    strict: bool  # a kind that cannot run is a failure
    lines: dict[str, str] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    failed: bool = False
    printing: Lock = field(default_factory=Lock)
    installing: Lock = field(default_factory=Lock)

    def say(self, text: str) -> None:
        with self.printing:
            print(text, flush=True)

    def run(self, kinds: list[Kind]) -> None:
        """One lane: these kinds, one after the other."""
        for kind in kinds:
            began = time.monotonic()
            with self.installing:
                missing = kind.needs()
            if missing is not None:
                self.failed |= self.strict
                verdict = f"NOT RUN  {missing}"
            else:
                self.say(f"== {kind.what}: begun")
                done = subprocess.run(kind.command, cwd=ROOT, stdout=PIPE, stderr=STDOUT, text=True, check=False)
                self.say(f"\n== {kind.what}\n{done.stdout}")
                closing = next((m[1] for line in done.stdout.splitlines() if (m := CLOSING.match(line))), "")
                self.counts.update({word: int(number) for number, word in COUNT.findall(closing)})
                self.failed |= done.returncode != 0
                verdict = f"{'ok' if done.returncode == 0 else 'FAILED':8} {closing}"
            self.lines[kind.name] = f"{kind.name:12} {time.monotonic() - began:5.0f} s  {kind.what:28} {verdict}"


def main(names: list[str]) -> int:
    """Runs the kinds of these names (all without any); 0 if all went well.

    Calls in browsers mostly wait for what a person would wait for, so they run beside the rest, in a lane of their own.
    """
    known = {kind.name for kind in KINDS}
    if unknown := [name for name in names if name not in known]:
        print(f"no such kind: {', '.join(unknown)}; there are {', '.join(kind.name for kind in KINDS)}")
        return 2
    began = time.monotonic()
    report = Report(strict=os.environ.get("CI", "").lower() in ("1", "true"))
    chosen = [kind for kind in KINDS if not names or kind.name in names]
    beside = Thread(target=report.run, args=([kind for kind in chosen if kind.name in CALLS],), name="calls")
    beside.start()
    report.run([kind for kind in chosen if kind.name not in CALLS])
    beside.join()
    print("\n== Summary\n" + "\n".join(report.lines.get(kind.name, f"{kind.name:12} broke off") for kind in chosen))
    if report.counts:
        total = ", ".join(f"{number} {word}" for word, number in report.counts.items())
        print(f"{f' {total} in {time.monotonic() - began:.2f}s ':=^100}")
    return 1 if report.failed or len(report.lines) < len(chosen) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
