"""Logs: one line per event, JSON or for a console, with control bytes escaped and secrets left out."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from .settings import Settings

_SECRET_NAMES = re.compile(r"password|secret|token|ticket|authorization|cookie|master_key|response", re.IGNORECASE)
_SECRET_PARTS = (
    (re.compile(r"((?:[?&]|\b)(?:ticket|token)=)[^&\s\"']+", re.IGNORECASE), r"\1[redacted]"),
    (re.compile(r"((?:proxy-)?authorization\s*[:=]\s*)[^\r\n]+", re.IGNORECASE), r"\1[redacted]"),
    (re.compile(r"(a=(?:ice-pwd|crypto):)[^\r\n]+", re.IGNORECASE), r"\1[redacted]"),
    (re.compile(r"((?:response|cnonce|nonce)=\"?)[0-9A-Za-z+/=_-]{16,}", re.IGNORECASE), r"\1[redacted]"),
)
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
_MOST = 2000  # characters of one value


def clean(text: str) -> str:
    """``text`` without secrets of a known shape, and with its control bytes escaped: no line can forge another."""
    for pattern, put in _SECRET_PARTS:
        text = pattern.sub(put, text)
    if len(text) > _MOST:
        text = f"{text[:_MOST]}… ({len(text)} characters)"
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _redact(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for name, value in event.items():
        if name not in ("event", "level", "timestamp") and _SECRET_NAMES.search(name) and isinstance(value, str):
            event[name] = "[redacted]"
        elif isinstance(value, str):
            event[name] = clean(value) if name != "exception" else _trace(value)
    return event


def _trace(text: str) -> str:
    """A traceback keeps its line breaks; each of its lines is cleaned."""
    return "\n".join(clean(line) for line in text.splitlines())


def configure(settings: Settings) -> None:
    """Sends structlog and the standard library's logging through the same steps to stderr."""
    console = settings.log_format == "console"
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if console else "iso", utc=not console),
        structlog.processors.format_exc_info,
        _redact,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if console
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(settings.log_level.upper())
    # These write whole frames and statements at DEBUG: secrets would pass by name and shape unknown to `clean`.
    for name in ("websockets", "sqlalchemy", "aiosqlite", "asyncio", "aioice", "aiortc"):
        logging.getLogger(name).setLevel(max(logging.INFO, root.level))


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger for a module: ``log = logger(__name__)``."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(name)
    return bound
