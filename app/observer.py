"""What the listener and the store go through, told to the operator: log lines, metrics, blind intervals as facts.

One object fits both rooms' observer protocols, so that "something is wrong" is shown in one way.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import structlog

from hotline.records import BlindInterval
from metrics.meters import Meters
from metrics.words import Fate, StorePart
from storage.observer import LogObserver

_log = structlog.stdlib.get_logger("pbx")


class ServiceObserver(LogObserver):
    """Implements `ami_listener.listener.ListenerObserver` and `storage.observer.StorageObserver`."""

    def __init__(
        self,
        pbx: str,
        meters: Meters,
        on_observing: Callable[[], None],
        on_blind: Callable[[BlindInterval], None],
    ) -> None:
        super().__init__()
        self._pbx = pbx
        self._meters = meters
        self._on_observing = on_observing
        self._on_blind = on_blind

    # -- the listener ---------------------------------------------------------------------------------------------

    def connected(self) -> None:
        self._meters.ami(self._pbx, connected=True)
        self._on_observing()
        _log.info("observing", pbx=self._pbx)

    def blind(self, since: datetime, until: datetime | None, reason: str) -> None:
        """R-REPORT-3: a time in which nothing was observed is a fact like any other."""
        self._on_blind(BlindInterval(self._pbx, since, until, reason))
        if until is None:
            self._meters.ami(self._pbx, connected=False)
            _log.warning("not observing", pbx=self._pbx, since=since.isoformat(), reason=reason)
        else:
            seconds = round((until - since).total_seconds(), 1)
            _log.info("was not observed", pbx=self._pbx, seconds=seconds, reason=reason)

    def problem(self, text: str) -> None:
        _log.error(text)

    def handled(self, at: datetime | None) -> None:
        self._meters.event_handled(self._pbx, at)

    def dropped(self, count: int) -> None:
        self._meters.events_dropped(self._pbx, count)

    # -- the store ------------------------------------------------------------------------------------------------

    def facts_waiting(self, depth: int, oldest: datetime | None) -> None:
        self._meters.spool(depth, oldest)

    def facts_stored(self, count: int) -> None:
        self._meters.facts(Fate.STORED, count)

    def store_lost(self, reason: str) -> None:
        super().store_lost(reason)
        self._meters.storage(StorePart.DATABASE, available=False)

    def store_back(self) -> None:
        super().store_back()
        self._meters.storage(StorePart.DATABASE, available=True)

    def spool_lost(self, reason: str) -> None:
        super().spool_lost(reason)
        self._meters.storage(StorePart.SPOOL, available=False)

    def spool_back(self) -> None:
        super().spool_back()
        self._meters.storage(StorePart.SPOOL, available=True)

    def fact_refused(self, total: int) -> None:
        super().fact_refused(total)
        self._meters.facts(Fate.REFUSED)

    def fact_rejected(self, reason: str) -> None:
        super().fact_rejected(reason)
        self._meters.facts(Fate.REJECTED)

    def journal_lost(self, reason: str) -> None:
        super().journal_lost(reason)
        self._meters.storage(StorePart.JOURNAL, available=False)

    def open_calls_lost(self, reason: str) -> None:
        super().open_calls_lost(reason)
        self._meters.storage(StorePart.OPEN_CALLS, available=False)

    def open_calls_back(self) -> None:
        super().open_calls_back()
        self._meters.storage(StorePart.OPEN_CALLS, available=True)
