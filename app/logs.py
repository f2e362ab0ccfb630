"""How the service logs: structlog, JSON or console, one line an event, telephone numbers masked.

Numbers are personal data (R-RING-7): in everything above debug they lose their middle digits, in messages, values and
tracebacks. What libraries log through the standard library comes out the same way, from warnings upwards.
"""

from __future__ import annotations

import logging
import re
import sys
from contextlib import suppress
from typing import Any, TextIO, cast

import structlog

from app.log_settings import LogSettings

# Seven digits and more, an area code in front or not; but no ids of calls (1795278834.17) or channels (desk-00000012).
_NUMBER = re.compile(r"(?<![\w.-])(\+?\d{3}|0\d{2,3}-)\d{2,}(\d{2})(?!\w|\.\d)")


def masked(text: str) -> str:
    """`13912345678` -> `139***78`; ids of calls, times and short extensions stay."""
    return _NUMBER.sub(r"\1***\2", text)


def set_up_logs(settings: LogSettings, out: TextIO | None = None) -> None:
    """To standard error, or to `out`; once, at the start of a command. Logging never fails afterwards."""
    terminal = out or sys.stderr
    out = cast(TextIO, _Willing(terminal))
    level = logging.getLevelNamesMapping()[settings.level.upper()]
    first: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last = [structlog.processors.format_exc_info, _mask, _renderer(settings, is_terminal=terminal.isatty())]
    structlog.configure(
        processors=[*first, *last],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(out)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=first,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(max(level, logging.WARNING))
    # It logs whole messages, a lost connection, a wrong password: all of it is told better by ourselves.
    logging.getLogger("panoramisk").setLevel(logging.CRITICAL + 1)


class _Willing:
    """Where the log goes. A full disk or a reader that is gone costs log lines, never a call."""

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        with suppress(OSError):
            return self._out.write(text)
        return 0

    def flush(self) -> None:
        with suppress(OSError):
            self._out.flush()


def _renderer(settings: LogSettings, *, is_terminal: bool) -> Any:
    if settings.format == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(
        colors=is_terminal, exception_formatter=structlog.dev.plain_traceback
    )


def _mask(_logger: Any, _method: str, event: dict[str, Any]) -> dict[str, Any]:
    if event.get("level") == "debug":
        return event
    return {key: _masked_within(value) for key, value in event.items()}


def _masked_within(value: Any) -> Any:
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, dict):
        return {key: _masked_within(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_masked_within(item) for item in value]
    return value
