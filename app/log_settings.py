"""The `log` section of the configuration. What becomes of it is in `logs.py`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the service speaks to its operator."""

    format: str = "console"
    """`console` for people, `json` for a log collector: one object a line."""

    level: str = "info"
    """The least that is logged: `debug`, `info`, `warning` or `error`. Only debug shows telephone numbers in full."""
