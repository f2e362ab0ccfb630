"""What the keepers of facts tell, and the log lines it becomes.

`app` makes metrics of it; the present state is also in the plain attributes of `FactWriter`, `Journal` and `OpenCalls`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Any, Protocol

import structlog

_log = structlog.stdlib.get_logger("storage")


class StorageObserver(Protocol):
    """Told from the event loop's thread; must not raise."""

    def facts_waiting(self, depth: int, oldest: datetime | None) -> None:
        """How many facts wait now, the first of them since `oldest`. Told with every change."""

    def facts_stored(self, count: int) -> None: ...

    def store_lost(self, reason: str) -> None:
        """The database is away; facts wait in the spool. Told once per outage."""

    def store_back(self) -> None: ...

    def spool_lost(self, reason: str) -> None:
        """The spool takes nothing; facts wait in memory and would not survive a crash. Told once per outage."""

    def spool_back(self) -> None: ...

    def fact_refused(self, total: int) -> None:
        """A fact is LOST: database, spool and memory are all away or full. Told for every one of them."""

    def fact_rejected(self, reason: str) -> None:
        """A fact the database will never take was set aside in the file `rejected.jsonl`."""

    def journal_lost(self, reason: str) -> None:
        """The journal of raw bytes is off until the next start."""

    def open_calls_lost(self, reason: str) -> None:
        """Calls under way are not written down: after a crash now they could not be resumed. Told once per outage."""

    def open_calls_back(self) -> None: ...


class LogObserver:
    """One line for what a person has to know.

    Refused facts are logged at 1, 2, 4, 8, ...: a full disk must not be filled with its own log.
    """

    def facts_waiting(self, depth: int, oldest: datetime | None) -> None: ...

    def facts_stored(self, count: int) -> None: ...

    def store_lost(self, reason: str) -> None:
        _say(_log.error, "database is away, calls are kept in the spool until it is back", reason=reason)

    def store_back(self) -> None:
        _say(_log.info, "database is back, the spool is being written")

    def spool_lost(self, reason: str) -> None:
        _say(
            _log.error,
            "spool cannot be written, facts are kept in memory only: free or repair its disk",
            reason=reason,
        )

    def spool_back(self) -> None:
        _say(_log.info, "spool can be written again")

    def fact_refused(self, total: int) -> None:
        if total & (total - 1) == 0:
            _say(_log.critical, "facts are LOST: database, spool and memory are full or away", lost=total)

    def fact_rejected(self, reason: str) -> None:
        _say(_log.error, "a fact the database will never take was set aside in rejected.jsonl", reason=reason)

    def journal_lost(self, reason: str) -> None:
        _say(
            _log.error,
            "journal of raw bytes is off until the next start: free or repair its disk",
            reason=reason,
        )

    def open_calls_lost(self, reason: str) -> None:
        _say(_log.error, "calls under way cannot be written down: free or repair the disk", reason=reason)

    def open_calls_back(self) -> None:
        _say(_log.info, "calls under way are written down again")


def _say(write: Callable[..., Any], text: str, **values: Any) -> None:
    # The log may be on the disk that is full: no reason to lose a call as well.
    with suppress(OSError):
        write(text, **values)
