"""Log lines: no secret of a known shape, no control byte, one line each."""

import json
import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from web import log

from .house import settings_for


@contextmanager
def configured(folder: Path) -> Iterator[None]:
    """Inside a test, not a fixture: pytest gives each phase a stderr of its own."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    log.configure(settings_for(folder, RAMAL_LOG_LEVEL="debug"))
    try:
        yield
    finally:
        root.handlers[:], root.level = handlers, level
        structlog.reset_defaults()


@pytest.mark.parametrize(
    "text",
    [
        "GET /sip?ticket=SECRET-1 HTTP/1.1",
        "wss://h/sip?x=1&ticket=SECRET-1&y=2",
        "Authorization: Digest username=1001, response=SECRET-1",
        'proxy-authorization: Digest x="SECRET-1"',
        "a=ice-pwd:SECRET-1SECRET-1SECRET-1",
        "a=crypto:1 AES_CM_128 inline:SECRET-1",
        'Digest response="SECRET-1abcdefabcdef0123"',
    ],
)
def test_secrets_are_cut_out(text: str) -> None:
    assert "SECRET" not in log.clean(text)
    assert "[redacted]" in log.clean(text)


@given(st.text())
def test_no_text_forges_a_line(text: str) -> None:
    cleaned = log.clean(text)
    assert len(cleaned.splitlines()) <= 1
    assert not any(ord(char) < 32 and char != "\t" for char in cleaned)


def test_a_long_value_is_cut() -> None:
    assert len(log.clean("x" * 100_000)) < 2100


def test_a_hostile_text_is_cleaned_quickly() -> None:
    began = time.perf_counter()
    log.clean("ticket=" * 20_000)
    log.clean("authorization" + " " * 100_000)
    assert time.perf_counter() - began < 0.5


def test_lines_are_json_with_secrets_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with configured(tmp_path):
        log.logger("t").info("line", password="hunter2", path="/x?ticket=hunter2", note="a\nb")
        logging.getLogger("other").warning("from %s", "elsewhere\r\nAuthorization: hunter2")
    written = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert written[0]["event"] == "line" and written[0]["note"] == "a\\x0ab"
    assert written[0]["password"] == "[redacted]"
    assert written[1]["event"].startswith("from elsewhere\\x0d")
    assert "hunter2" not in json.dumps(written)


def test_a_traceback_is_kept_and_cleaned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with configured(tmp_path):
        try:
            raise ValueError("wss://h/sip?ticket=hunter2")
        except ValueError:
            log.logger("t").exception("it failed")
    (line,) = capsys.readouterr().err.splitlines()
    assert "ValueError" in json.loads(line)["exception"] and "hunter2" not in line
