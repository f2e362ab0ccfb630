"""The life of a signal, from what the listener heard to what is kept and shown. One readable way through.

Signals come from `ami_listener`, facts are made by `hotline`, and go to the writer (on disk before `heard` returns) and
to the meters. Until a call has ended its signals are kept in the log of open calls: a kill -9 forgets no call.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import structlog

from ami_listener.snapshot import KnownCall
from hotline.calls import CallTracker
from hotline.ports import FactSink
from hotline.record_json import time_from, time_text
from hotline.records import Fact
from hotline.signal_json import signal_from_json, signal_to_json
from hotline.signals import CallDissolved, Signal

# Entries in the log of open calls that say until when the PBX was observed. Two, written in turn: the new one is on disk
# before the old one is forgotten.
_MARKS = ("observed", "observed again")


_log = structlog.stdlib.get_logger("service")


class Observed(NamedTuple):
    """Until when the PBX was observed, and why not after that."""

    until: datetime
    reason: str


class OpenCallLog(Protocol):
    """Signals of calls under way, on disk (`storage.open_calls`)."""

    def record(self, call_id: str, entry: dict[str, Any]) -> None: ...

    def forget(self, call_id: str) -> None: ...


class Pipeline:
    """Implements `ami_listener.listener.Tracking`."""

    def __init__(self, tracker: CallTracker, log: OpenCallLog, sinks: Iterable[FactSink]) -> None:
        self.tracker = tracker
        self._log = log
        self._sinks = tuple(sinks)
        self._marks = 0

    # -- what the listener calls ----------------------------------------------------------------------------------

    def heard(self, signals: list[Signal]) -> None:
        """Signal -> log of open calls -> tracker -> facts -> writer and meters -> log forgets the call."""
        for signal in signals:
            if signal.call_id is not None:
                self._log.record(signal.call_id, signal_to_json(signal))
            self._track(signal)

    def known_calls(self) -> Collection[KnownCall]:
        return [
            KnownCall(
                call.call_id,
                phones=frozenset(attempt.channel for attempt in call.attempts),
                from_pbx=call.from_pbx,
                round=max((attempt.round for attempt in call.attempts), default=0),
            )
            for call in self.tracker.open_calls.values()
        ]

    def resync(self, alive: frozenset[str]) -> None:
        """Calls that ended while nobody looked are closed as `partial`, the others go on as `resumed`."""
        self._close(self.tracker.open_calls.keys() - alive, self.tracker.resync(alive))

    # -- what the service calls -----------------------------------------------------------------------------------

    def restore(self, entries: Iterable[tuple[str, dict[str, Any]]]) -> Observed | None:
        """Feed the tracker with what an earlier process had heard. Returns until when it observed the PBX."""
        observed: list[Observed] = []
        broken: set[str] = set()
        for call_id, entry in entries:
            if call_id in _MARKS:
                observed += _observed_from(entry)
            elif call_id not in broken and not self._take_up(call_id, entry):
                broken.add(call_id)
        return max(observed, default=None)

    def _take_up(self, call_id: str, entry: dict[str, Any]) -> bool:
        """Of a call that has ended the record was on its way already: taken again it changes nothing."""
        signal = signal_from_json(entry)
        if signal is None:
            return True
        try:
            self._track(signal)
        except Exception:  # noqa: BLE001 - what broke the process before must not keep every later one from starting
            _log.critical(
                "a call cannot be taken up again; please report this", call_id=call_id, exc_info=True
            )
            self.tracker.feed(CallDissolved(call_id))
            self._log.forget(call_id)
            return False
        return True

    def mark_observed(self, observed: Observed) -> None:
        """Remember until when the PBX was observed, for the next process."""
        self._marks += 1
        new, old = _MARKS[self._marks % 2], _MARKS[self._marks % 2 - 1]
        self._log.record(new, {"until": time_text(observed.until), "reason": observed.reason})
        self._log.forget(old)

    def tick(self, now: datetime) -> None:
        """Let the tracker close what is overdue."""
        deadline = self.tracker.next_deadline()
        if deadline is None or now < deadline:
            return
        before = set(self.tracker.open_calls)
        facts = self.tracker.tick(now)
        self._close(before - self.tracker.open_calls.keys(), facts)

    def open_calls_by_line(self) -> dict[str | None, int]:
        """How many calls are under way; None: on no configured line."""
        calls = self.tracker.open_calls.values()
        return dict(Counter(call.line.name if call.line else None for call in calls))

    def keep(self, facts: Iterable[Fact]) -> None:
        """To everybody who wants facts; the writer comes first and has them on disk."""
        for fact in facts:
            for sink in self._sinks:
                sink.take(fact)

    def _track(self, signal: Signal) -> None:
        self.keep(self.tracker.feed(signal))
        if signal.call_id is not None and signal.call_id not in self.tracker.open_calls:
            self._log.forget(signal.call_id)

    def _close(self, call_ids: Iterable[str], facts: Iterable[Fact]) -> None:
        """Keep the records first: between the two a call is there twice, never not at all."""
        self.keep(facts)
        for call_id in call_ids:
            self._log.forget(call_id)


def _observed_from(entry: dict[str, Any]) -> list[Observed]:
    try:
        until = time_from(entry["until"])
        return [] if until is None else [Observed(until, str(entry["reason"]))]
    except (KeyError, ValueError, TypeError):
        return []  # another version's: better not to know than not to start
