"""A store of facts in memory. It passes the contract suite of the real one, `tests/storage/test_store_contract.py`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime

from hotline.ports import StorageUnavailable
from hotline.records import Anomaly, BlindInterval, CallRecord, Fact, Measurement
from storage.errors import FactRejected
from storage.pages import CallPage, Counts, Place, cursor_at, place_of

_LESS_TO_MORE_COMPLETE = [
    Measurement.PARTIAL,
    Measurement.RESUMED,
    Measurement.BACKFILLED,
    Measurement.LIVE,
]


class InMemoryStore:
    """`away`: why the store cannot be reached just now, or None. `batches`: what was saved, transaction by transaction."""

    def __init__(self) -> None:
        self.away: str | None = None
        self.batches: list[tuple[Fact, ...]] = []
        self._calls: dict[tuple[str, str], CallRecord] = {}
        self._intervals: dict[tuple[str, datetime], BlindInterval] = {}
        self._anomalies: set[Anomaly] = set()

    async def save(self, facts: Sequence[Fact]) -> None:
        self._reach()
        if any(number.bit_length() > 63 for fact in facts for number in _numbers(fact)):
            raise FactRejected("a number of more than 64 bits")
        for fact in facts:
            self._save(fact)
        self.batches.append(tuple(facts))

    def _reach(self) -> None:
        if self.away is not None:
            raise StorageUnavailable(self.away)

    def _save(self, fact: Fact) -> None:
        match fact:
            case CallRecord():
                before = self._calls.get((fact.pbx, fact.call_id))
                if before is None or _completeness(before) <= _completeness(fact):
                    self._calls[fact.pbx, fact.call_id] = fact
            case BlindInterval(pbx, since, until, reason):
                before_it = self._intervals.get((pbx, since))
                known_end = before_it.until if before_it else None
                self._intervals[pbx, since] = BlindInterval(pbx, since, until or known_end, reason)
            case Anomaly():
                self._anomalies.add(fact)

    async def call(self, pbx: str, call_id: str) -> CallRecord | None:
        self._reach()
        return self._calls.get((pbx, call_id))

    async def calls(
        self,
        *,
        line: str | None = None,
        caller_number: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        newest_first: bool = False,
        limit: int = 100,
        cursor: str | None = None,
    ) -> CallPage:
        if not 1 <= limit <= 1000:
            raise ValueError(f"limit must be 1 to 1000, not {limit}")
        here = None if cursor is None else place_of(cursor)
        self._reach()
        found = [
            (place, call)
            for place, call in ((_place(call), call) for call in self._calls.values())
            if place is not None
            and (line is None or call.line == line)
            and (caller_number is None or call.caller.number == caller_number)
            and _is_within(place.arrived_at, since, until)
            and (here is None or (place < here if newest_first else place > here))
        ]
        found.sort(key=lambda entry: entry[0], reverse=newest_first)
        page = found[:limit]
        return CallPage(
            tuple(call for _, call in page), cursor_at(page[-1][0]) if len(found) > limit else None
        )

    async def blind_intervals(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[BlindInterval]:
        self._reach()
        return sorted(
            (
                interval
                for interval in self._intervals.values()
                if (until is None or interval.since < until)
                and (since is None or interval.until is None or interval.until > since)
            ),
            key=lambda interval: (interval.since, interval.pbx),
        )

    async def anomalies(
        self, *, since: datetime | None = None, until: datetime | None = None, limit: int = 100
    ) -> list[Anomaly]:
        self._reach()
        timed = [(anomaly.at, anomaly) for anomaly in self._anomalies if anomaly.at is not None]
        found = [(at, anomaly) for at, anomaly in timed if _is_within(at, since, until)]
        found.sort(key=lambda entry: entry[0], reverse=True)
        return [anomaly for _, anomaly in found[:limit]]

    async def counts(self) -> Counts:
        self._reach()
        calls = list(self._calls.values())
        return Counts(
            calls=len(calls),
            calls_without_arrival=sum(call.arrived_at is None for call in calls),
            attempts=sum(len(call.attempts) for call in calls),
            transfers=sum(len(call.transfers) for call in calls),
            blind_intervals=len(self._intervals),
            anomalies=len(self._anomalies),
        )


def _completeness(record: CallRecord) -> int:
    return _LESS_TO_MORE_COMPLETE.index(record.measurement)


def _place(call: CallRecord) -> Place | None:
    return None if call.arrived_at is None else Place(call.arrived_at, call.call_id, call.pbx)


def _is_within(at: datetime, since: datetime | None, until: datetime | None) -> bool:
    return (since is None or since <= at) and (until is None or at < until)


def _numbers(value: object) -> Iterable[int]:
    if isinstance(value, int):
        yield value
    elif isinstance(value, tuple):
        for part in value:
            yield from _numbers(part)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _numbers(getattr(value, field.name))
