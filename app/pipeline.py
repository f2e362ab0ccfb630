"""The life of a signal, from what the listener heard to what is kept and shown. One readable way through.

Signals come from `ami_listener`, facts are made by `hotline`, and go to the writer (on disk before `heard` returns) and
to the meters. Until a call has ended its signals are kept in the log of open calls: a kill -9 forgets no call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import Any, Protocol

from ami_listener.snapshot import KnownCall
from hotline.calls import CallTracker
from hotline.ports import FactSink
from hotline.record_json import time_from, time_text
from hotline.records import Fact
from hotline.signal_json import signal_from_json, signal_to_json
from hotline.signals import Signal

OBSERVED = "observed"  # the entry in the log of open calls that says until when the PBX was observed


class OpenCallLog(Protocol):
    """Signals of calls under way, on disk (`storage.open_calls`)."""

    def record(self, call_id: str, entry: dict[str, Any]) -> None: ...

    def forget(self, call_id: str) -> None: ...


class Pipeline:
    """Implements `ami_listener.listener.Tracking`."""

    def __init__(
        self,
        tracker: CallTracker,
        log: OpenCallLog,
        sinks: Iterable[FactSink],
        on_open_calls: Callable[[dict[str | None, int]], None] = lambda _by_line: None,
    ) -> None:
        self.tracker = tracker
        self._log = log
        self._sinks = tuple(sinks)
        self._on_open_calls = on_open_calls

    # -- what the listener calls ----------------------------------------------------------------------------------

    def heard(self, signals: list[Signal]) -> None:
        """Signal -> log of open calls -> tracker -> facts -> writer and meters -> log forgets the call."""
        for signal in signals:
            if signal.call_id is not None:
                self._log.record(signal.call_id, signal_to_json(signal))
            self._keep(self.tracker.feed(signal))
            if signal.call_id is not None and signal.call_id not in self.tracker.open_calls:
                self._log.forget(signal.call_id)

    def known_calls(self) -> Collection[KnownCall]:
        return [
            KnownCall(call.call_id, frozenset(attempt.channel for attempt in call.attempts), call.from_pbx)
            for call in self.tracker.open_calls.values()
        ]

    def resync(self, alive: frozenset[str]) -> None:
        """Calls that ended while nobody looked are closed as `partial`, the others go on as `resumed`."""
        before = set(self.tracker.open_calls)
        self._keep(self.tracker.resync(alive))
        for call_id in before - set(self.tracker.open_calls):
            self._log.forget(call_id)

    # -- what the shell calls -------------------------------------------------------------------------------------

    def restore(self, entries: Iterable[tuple[str, dict[str, Any]]]) -> datetime | None:
        """Feed the tracker with what an earlier process had heard. Returns until when the PBX was observed then."""
        observed_until: datetime | None = None
        for call_id, entry in entries:
            if call_id == OBSERVED:
                observed_until = time_from(entry["until"])
                continue
            signal = signal_from_json(entry)
            if signal is None:
                continue
            at = getattr(signal, "at", None)
            if at is not None and (observed_until is None or at > observed_until):
                observed_until = at
            # Facts of ended calls were taken before: a call is forgotten only after its record went to the writer.
            self._keep(self.tracker.feed(signal))
            if call_id not in self.tracker.open_calls:
                self._log.forget(call_id)
        return observed_until

    def mark_observed(self, until: datetime) -> None:
        """Remember until when the PBX was observed, for the next start."""
        self._log.forget(OBSERVED)
        self._log.record(OBSERVED, {"until": time_text(until)})

    def tick(self, now: datetime) -> None:
        """Let the tracker close what is overdue."""
        self._keep(self.tracker.tick(now))

    def show_open_calls(self) -> None:
        """Tell how many calls are under way, by line."""
        lines = Counter(call.line.name if call.line else None for call in self.tracker.open_calls.values())
        self._on_open_calls(dict(lines))

    def _keep(self, facts: list[Fact]) -> None:
        for fact in facts:
            for sink in self._sinks:
                sink.take(fact)
