"""Time in which a PBX was not observed, counted so that it grows while it lasts (R-REPORT-3).

Comes in: `BlindInterval` facts, once when they open and once when they close. Goes out: one counter per PBX,
computed at the moment of the scrape. The other metrics are in `meters.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

from hotline.records import BlindInterval
from metrics.catalogue import BLIND_SECONDS


class BlindTime(Collector):
    """`clock` gives aware UTC. Intervals of one PBX do not overlap, and it is one of `pbxes`."""

    def __init__(self, pbxes: Iterable[str], clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._closed_seconds = dict.fromkeys(pbxes, 0.0)
        self._shown = dict(self._closed_seconds)
        self._open: dict[str, datetime] = {}

    def note(self, interval: BlindInterval) -> None:
        """An interval that is heard of only when it is over counts at once and in full."""
        pbx = interval.pbx
        since = min(interval.since, self._open.get(pbx, interval.since))
        if interval.until is None:
            self._open[pbx] = since
            return
        # In this order a scrape from another thread may see too little for a moment, never too much.
        self._open.pop(pbx, None)
        self._closed_seconds[pbx] += max((interval.until - since).total_seconds(), 0.0)

    def seconds(self, pbx: str) -> float:
        """Not measured so far. Never falls, even when a clock is set back: that would read as a restart."""
        total, since = self._closed_seconds[pbx], self._open.get(pbx)
        if since is not None:
            total += (self._clock() - since).total_seconds()
        self._shown[pbx] = max(self._shown[pbx], total)
        return self._shown[pbx]

    def describe(self) -> Iterator[CounterMetricFamily]:
        yield CounterMetricFamily(BLIND_SECONDS.name, BLIND_SECONDS.help, labels=BLIND_SECONDS.labels)

    def collect(self) -> Iterator[CounterMetricFamily]:
        for family in self.describe():
            for pbx in self._closed_seconds:
                family.add_metric([pbx], self.seconds(pbx))
            yield family
