"""The commands of the project: what they say, and what they say when something is missing."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import hatch_build

ROOT = Path(__file__).resolve().parent.parent


def program(folder: Path, name: str, script: str) -> Path:
    """An executable of that name."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def ci(script: str, *arguments: str, path: Path | None = None, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Runs a script of ``.ci`` with a PATH of one folder."""
    environment = {"PATH": str(path) if path is not None else os.environ["PATH"]}
    command = ["/bin/sh", str(ROOT / ".ci" / script), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def test_make_alone_explains_the_targets() -> None:
    said = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("run", "test", "lint", "bench", "clean", "lock"):
        assert f"make {target} " in said


def test_a_python_with_venv_is_found(tmp_path: Path) -> None:
    python = program(tmp_path, "python3", f'exec {sys.executable} "$@"')
    assert ci("python", path=tmp_path).stdout.strip() == str(python)


def test_a_python_without_venv_is_told_with_its_package(tmp_path: Path) -> None:
    program(tmp_path, "python3", f'case "$2" in *ensurepip*) exit 1;; esac; exec {sys.executable} "$@"')
    found = ci("python", path=tmp_path)
    assert found.returncode == 1
    assert "apt install python3-venv" in found.stderr


def test_an_old_python_is_told_with_its_version(tmp_path: Path) -> None:
    program(tmp_path, "python3", 'case "$2" in *exit*) exit 1;; esac; echo 3.9')
    found = ci("python", path=tmp_path)
    assert found.returncode == 1
    assert "3.9 was found" in found.stderr


def test_no_python_at_all_is_told(tmp_path: Path) -> None:
    assert "apt install python3 python3-venv" in ci("python", path=tmp_path).stderr


def test_a_newer_python_beside_an_old_one_is_taken(tmp_path: Path) -> None:
    program(tmp_path, "python3", 'case "$2" in *exit*) exit 1;; esac; echo 3.9')
    newer = program(tmp_path, "python3.12", f'exec {sys.executable} "$@"')
    assert ci("python", path=tmp_path).stdout.strip() == str(newer)


def test_a_step_is_one_line(tmp_path: Path) -> None:
    done = ci("step", "name", "Counting", "sh", "-c", "echo one; echo two", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.startswith("Counting") and done.stdout.count("\n") == 1
    assert (tmp_path / ".make" / "name.log").read_text() == "one\ntwo\n"


def test_a_failed_step_shows_its_log(tmp_path: Path) -> None:
    failed = ci("step", "name", "Counting", "sh", "-c", "echo lost count; exit 3", cwd=tmp_path)
    assert failed.returncode == 3
    assert "lost count" in failed.stderr


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project of a few files instead of ours, for the build hook."""
    for name in ("package.json", "static/src/main.ts", "static/build/main.js"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    monkeypatch.setattr(hatch_build, "ROOT", tmp_path)
    monkeypatch.setattr(hatch_build, "BUILD", tmp_path / "static" / "build")
    monkeypatch.setattr(hatch_build, "STAMP", tmp_path / "static" / "build" / ".inputs")
    return tmp_path


def test_a_front_end_without_a_stamp_is_to_be_built(project: Path) -> None:
    assert not hatch_build.unchanged()


def test_only_a_changed_input_makes_the_front_end_old(project: Path) -> None:
    hatch_build.STAMP.write_text(hatch_build.digest(hatch_build.inputs()))
    assert hatch_build.unchanged()
    (project / "static" / "build" / "main.js").write_text("built anew")
    assert hatch_build.unchanged()
    (project / "static" / "src" / "main.ts").write_text("changed")
    assert not hatch_build.unchanged()


def test_the_front_end_can_be_left_out(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKIP_FRONTEND", "1")
    assert hatch_build.unchanged()


@pytest.mark.parametrize(("version", "taken"), [("v24.1.0", True), ("v26.0.0", True), ("v20.19.0", False)])
def test_the_system_node_is_taken_from_24_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, taken: bool
) -> None:
    program(tmp_path, "node", f"echo {version}")
    program(tmp_path, "npm", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (hatch_build.node_folder() == tmp_path) is taken
