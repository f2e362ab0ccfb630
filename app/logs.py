"""How the service logs: structlog, JSON or console, one line an event, caller numbers masked.

Numbers are personal data (R-RING-7): whatever looks like a telephone number in a log line loses its middle digits unless the
level is debug.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import Any

import structlog

from app.settings import LogSettings

_NUMBER = re.compile(r"(?<![\w.:-])(\+?\d{3})\d{3,10}(\d{2})(?![\w.:-])")


def masked(text: str) -> str:
    """`13912345678` -> `139***78`; ids with dots, times and short extensions stay."""
    return _NUMBER.sub(r"\1***\2", text)


def _mask(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    return {key: masked(value) if isinstance(value, str) else value for key, value in event.items()}


def set_up_logs(settings: LogSettings) -> None:
    """To standard error; once, at the start of a command."""
    level = getattr(logging, settings.level.upper())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    if level > logging.DEBUG:
        shared.append(_mask)
    shared.append(structlog.processors.format_exc_info)
    renderer: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if settings.format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[*shared, renderer],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    # panoramisk logs whole messages, caller numbers included
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL)
