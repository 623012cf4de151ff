"""The control socket between `pool` and a `worker`: JSON objects, one a line, in both directions.

    -> {"id": 7, "do": "offer", "call": ..., "leg": ..., "to": ..., "sdp": ...}
    <- {"id": 7, "ok": {"sdp": ..., "direction": "sendrecv", "audio": true}}
    <- {"id": 7, "error": "bad_description", "message": "..."}
    <- {"event": "leg_connected", "call": ..., "leg": ..., "capture": null}
    <- {"ready": {"port": 40000}}                                            the first line of a worker

Both ends are ours and speak the same version: they start and end together.
"""

import json
from pathlib import Path
from typing import Any

from .engine import BadDescription, Description, Direction, EngineError, EngineUnavailable, Happening, LegStats, Report

MAX_LINE = 256 * 1024  # bytes: an SDP of 16 KiB, escaped, many times over

_ERRORS: dict[str, type[EngineError]] = {
    "bad_description": BadDescription,
    "unavailable": EngineUnavailable,
    "error": EngineError,
}


def line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def error_reply(number: int, error: Exception) -> dict[str, Any]:
    name = next((name for name, kind in _ERRORS.items() if isinstance(error, kind)), "error")
    text = str(error) if isinstance(error, EngineError) else f"The media worker failed: {type(error).__name__}."
    return {"id": number, "error": name, "message": text}


def error_of(reply: dict[str, Any]) -> EngineError:
    return _ERRORS.get(str(reply["error"]), EngineError)(str(reply.get("message", "")))


def pack_description(description: Description) -> dict[str, Any]:
    return {
        "sdp": description.sdp.decode(),
        "direction": description.direction.value,
        "audio": description.audio,
    }


def description_of(packed: dict[str, Any]) -> Description:
    return Description(packed["sdp"].encode(), Direction(packed["direction"]), packed["audio"])


def pack_stats(stats: dict[str, LegStats]) -> dict[str, Any]:
    return {
        name: [leg.packets_in, leg.packets_out, leg.dropped, leg.connected, leg.silent_for]
        for name, leg in stats.items()
    }


def stats_of(packed: dict[str, Any]) -> dict[str, LegStats]:
    return {name: LegStats(*values) for name, values in packed.items()}


def pack_report(report: Report) -> dict[str, Any]:
    return {
        "event": report.what.value,
        "call": report.call,
        "leg": report.leg,
        "capture": str(report.capture) if report.capture else None,
    }


def report_of(packed: dict[str, Any]) -> Report:
    capture = packed["capture"]
    return Report(packed["call"], Happening(packed["event"]), packed["leg"], Path(capture) if capture else None)


def load(data: bytes) -> dict[str, Any]:
    """Raises ValueError where the line is no JSON object."""
    message = json.loads(data)
    if not isinstance(message, dict):
        raise ValueError("a line of the control socket is no object")
    return message
