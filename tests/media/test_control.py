"""What goes over the control socket comes out as it went in."""

import json
from pathlib import Path

import pytest

from media import control
from media.engine import (
    BadDescription,
    Description,
    Direction,
    EngineError,
    EngineUnavailable,
    Happening,
    LegStats,
    Report,
)


def over_the_wire(message: dict[str, object]) -> dict[str, object]:
    data = control.line(message)
    assert data.count(b"\n") == 1 and data.endswith(b"\n")
    return control.load(data)


def test_descriptions() -> None:
    description = Description("v=0\r\ns=ação\n".encode(), Direction.RECVONLY, True)
    assert control.description_of(over_the_wire(control.pack_description(description))) == description


def test_stats() -> None:
    stats = {"far": LegStats(1, 2, 3, True, 0.5), "near": LegStats(0, 0, 0, False, None)}
    assert control.stats_of(over_the_wire(control.pack_stats(stats))) == stats


@pytest.mark.parametrize("capture", [None, Path("/captures/call.rrec")])
def test_reports(capture: Path | None) -> None:
    report = Report("call", Happening.CAPTURE_CLOSED, "far", capture)
    assert control.report_of(over_the_wire(control.pack_report(report))) == report


@pytest.mark.parametrize("error", [BadDescription("why"), EngineUnavailable("why"), EngineError("why")])
def test_errors_keep_their_kind(error: EngineError) -> None:
    again = control.error_of(over_the_wire(control.error_reply(7, error)))
    assert type(again) is type(error) and str(again) == "why"


def test_an_error_of_our_own_is_told_without_its_text() -> None:
    again = control.error_of(control.error_reply(7, ZeroDivisionError("secret")))
    assert type(again) is EngineError and "ZeroDivisionError" in str(again) and "secret" not in str(again)


def test_a_line_that_is_no_object_is_refused() -> None:
    for text in ("[1]", "{", '"x"'):
        with pytest.raises(ValueError):
            control.load(text.encode())
    assert control.load(json.dumps({"id": 1}).encode()) == {"id": 1}
