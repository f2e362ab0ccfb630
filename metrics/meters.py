"""The service's meters: what happens, told in business words, becomes Prometheus series.

Comes in: facts as they happen and the state of the listener and the store. Goes out: collectors in an
injected registry, which `page.py` shows. What is counted is listed in `catalogue.py`, the words of the
labels in `words.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from itertools import product
from typing import TypeVar, assert_never

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

from hotline.records import Anomaly, BlindInterval, CallRecord, Direction, Fact, Outcome
from metrics import catalogue
from metrics.blind import BlindTime
from metrics.catalogue import Metric
from metrics.words import OTHER, UNKNOWN, Fate, StorePart, closed_words

_Collector = TypeVar("_Collector", Counter, Gauge, Histogram)


class _Maker:
    """Makes collectors from the catalogue and every one of their series, at 0."""

    def __init__(self, registry: CollectorRegistry, words: Mapping[str, tuple[str, ...]]) -> None:
        self._registry = registry
        self._words = words

    def counter(self, metric: Metric) -> Counter:
        return self._filled(Counter(metric.name, metric.help, metric.labels, registry=self._registry), metric)

    def gauge(self, metric: Metric) -> Gauge:
        return self._filled(Gauge(metric.name, metric.help, metric.labels, registry=self._registry), metric)

    def histogram(self, metric: Metric) -> Histogram:
        made = Histogram(
            metric.name, metric.help, metric.labels, registry=self._registry, buckets=metric.buckets
        )
        return self._filled(made, metric)

    def _filled(self, collector: _Collector, metric: Metric) -> _Collector:
        if metric.labels:
            for values in product(*(self._words[label] for label in metric.labels)):
                collector.labels(*values)
        return collector


class Meters:
    """All metrics of the service; a `FactSink` that wants each fact once. Nothing here waits.

    `lines`, `roles` and `pbxes` are names from the configuration, `anomaly_kinds` the words that the
    listener and the rules use, `clock` gives aware UTC. A PBX that is not configured is a KeyError where
    the listener reports.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        pbxes: Iterable[str],
        lines: Iterable[str],
        roles: Iterable[str],
        anomaly_kinds: Iterable[str],
        version: str,
        clock: Callable[[], datetime],
    ) -> None:
        # A switch of the whole process: without it every counter brings a second series that nobody reads.
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._clock = clock
        self._words = closed_words(
            pbxes=pbxes, lines=lines, roles=roles, anomaly_kinds=anomaly_kinds, version=version
        )
        make = _Maker(registry, self._words)
        self._make_call_meters(make)
        self._make_observation_meters(make)
        self._make_store_meters(make)
        make.gauge(catalogue.BUILD_INFO).labels(version).set(1)
        self._blind = BlindTime(self._words["pbx"], clock)
        registry.register(self._blind)

    def _make_call_meters(self, make: _Maker) -> None:
        self._calls = make.counter(catalogue.CALLS)
        self._measurements = make.counter(catalogue.MEASUREMENTS)
        self._rings = make.histogram(catalogue.RINGS)
        self._answer_seconds = make.histogram(catalogue.ANSWER_SECONDS)
        self._within_target = make.counter(catalogue.WITHIN_TARGET)
        self._beyond_target = make.counter(catalogue.BEYOND_TARGET)
        self._talk_seconds = make.histogram(catalogue.TALK_SECONDS)
        self._hung_up = make.counter(catalogue.HUNG_UP)
        self._attempts = make.counter(catalogue.ATTEMPTS)
        self._failovers = make.counter(catalogue.FAILOVERS)
        self._open_calls = make.gauge(catalogue.OPEN_CALLS)

    def _make_observation_meters(self, make: _Maker) -> None:
        self._anomalies = make.counter(catalogue.ANOMALIES)
        self._ami_connected = make.gauge(catalogue.AMI_CONNECTED)
        self._ami_reconnects = make.counter(catalogue.AMI_RECONNECTS)
        self._events_handled = make.counter(catalogue.EVENTS_HANDLED)
        self._events_dropped = make.counter(catalogue.EVENTS_DROPPED)
        self._event_lag = make.histogram(catalogue.EVENT_LAG)
        self._events_ahead = make.counter(catalogue.EVENTS_AHEAD)
        last_event_age = make.gauge(catalogue.LAST_EVENT_AGE)
        self._last_event = dict.fromkeys(self._words["pbx"], self._clock())
        for pbx in self._last_event:
            last_event_age.labels(pbx).set_function(partial(self._last_event_age, pbx))
        self._connected: set[str] = set()
        self._connected_before: set[str] = set()

    def _make_store_meters(self, make: _Maker) -> None:
        self._facts = make.counter(catalogue.FACTS)
        self._spool_facts = make.gauge(catalogue.SPOOL_FACTS)
        self._storage_available = make.gauge(catalogue.STORAGE_AVAILABLE)
        for part in StorePart:
            self.storage(part, available=True)
        self._spool_oldest: datetime | None = None
        make.gauge(catalogue.SPOOL_AGE).set_function(self._spool_age)

    # Facts

    def take(self, fact: Fact) -> None:
        match fact:
            case CallRecord():
                self.call_ended(fact)
            case Anomaly():
                self.anomaly(fact.kind)
            case BlindInterval():
                self.not_observed(fact)
            case _:
                assert_never(fact)

    def call_ended(self, record: CallRecord) -> None:
        """How it was answered is counted for calls to us, not for those that we make."""
        line = self._word("line", record.line)
        self._calls.labels(line, record.direction, record.outcome).inc()
        self._measurements.labels(record.measurement).inc()
        for attempt in record.attempts:
            self._attempts.labels(line, self._word("role", attempt.role), attempt.result).inc()
        if record.failover.happened:
            self._failovers.labels(line, record.failover.reason or OTHER).inc()
        if record.outcome is Outcome.ANSWERED and record.direction is not Direction.OUTBOUND:
            self._answered(line, record)

    def _answered(self, line: str, record: CallRecord) -> None:
        if record.rings is not None:
            self._rings.labels(line).observe(record.rings)
        if record.within_target is not None:
            verdict = self._within_target if record.within_target else self._beyond_target
            verdict.labels(line).inc()
        _observe(self._answer_seconds.labels(line), record.ring_time)
        _observe(self._talk_seconds.labels(line), record.talk_time)
        self._hung_up.labels(line, record.hung_up_by or UNKNOWN).inc()

    def anomaly(self, kind: str) -> None:
        self._anomalies.labels(self._word("kind", kind)).inc()

    def not_observed(self, interval: BlindInterval) -> None:
        """Once when it opens (`until` None) and once when it is over; a PBX we do not know is an anomaly."""
        if interval.pbx in self._words["pbx"]:
            self._blind.note(interval)
        else:
            self.anomaly(OTHER)

    # The listener

    def open_calls(self, pbx: str, by_line: Mapping[str | None, int]) -> None:
        """The whole present state of one PBX: lines that are not mentioned have no open call."""
        counts = dict.fromkeys(self._words["line"], 0)
        for line, calls in by_line.items():
            counts[self._word("line", line)] += calls
        for line, calls in counts.items():
            self._open_calls.labels(self._pbx(pbx), line).set(calls)

    def ami(self, pbx: str, *, connected: bool) -> None:
        """Saying the same again changes nothing."""
        self._ami_connected.labels(self._pbx(pbx)).set(connected)
        if not connected:
            self._connected.discard(pbx)
        elif pbx not in self._connected:
            self._connected.add(pbx)
            if pbx in self._connected_before:
                self._ami_reconnects.labels(pbx).inc()
            self._connected_before.add(pbx)

    def event_handled(self, pbx: str, happened_at: datetime | None) -> None:
        """Right after an event was handled; `happened_at` is the PBX's timestamp, None if it has none."""
        now = self._clock()
        self._last_event[self._pbx(pbx)] = now
        self._events_handled.labels(pbx).inc()
        if happened_at is None:
            return
        if happened_at > now:
            self._events_ahead.labels(pbx).inc()
        _observe(self._event_lag.labels(pbx), now - happened_at)

    def events_dropped(self, pbx: str, count: int = 1) -> None:
        self._events_dropped.labels(self._pbx(pbx)).inc(count)

    # The store

    def facts(self, fate: Fate, count: int = 1) -> None:
        self._facts.labels(fate).inc(count)

    def spool(self, depth: int, oldest: datetime | None) -> None:
        """`oldest`: when the longest waiting fact was put there; its age then grows by itself."""
        self._spool_facts.set(depth)
        self._spool_oldest = oldest

    def storage(self, part: StorePart, *, available: bool) -> None:
        """Every part counts as available until it is told lost."""
        self._storage_available.labels(part).set(available)

    # The words

    def _word(self, label: str, value: str | None) -> str:
        return value if value is not None and value in self._words[label] else OTHER

    def _pbx(self, name: str) -> str:
        if name not in self._words["pbx"]:
            raise KeyError(name)
        return name

    def _last_event_age(self, pbx: str) -> float:
        return max((self._clock() - self._last_event[pbx]).total_seconds(), 0.0)

    def _spool_age(self) -> float:
        oldest = self._spool_oldest
        return 0.0 if oldest is None else max((self._clock() - oldest).total_seconds(), 0.0)


def _observe(histogram: Histogram, span: timedelta | None) -> None:
    """A negative span (a clock that was set back) counts as 0: a falling sum would read as a restart."""
    if span is not None:
        histogram.observe(max(span.total_seconds(), 0.0))
