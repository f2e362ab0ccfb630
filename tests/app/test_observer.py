"""What goes wrong is told in three ways at once: a line, a metric, and a fact where time was not observed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from app.observer import ServiceObserver
from hotline.records import AnomalyKind, BlindInterval
from metrics.meters import Meters

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Told:
    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.intervals: list[BlindInterval] = []
        self.times_observing = 0
        meters = Meters(
            self.registry, pbxes=["hz"], lines=[], roles=[], anomaly_kinds=list(AnomalyKind), version="0",
            clock=lambda: NOW,
        )  # fmt: skip
        self.observer = ServiceObserver("hz", meters, self._observing, self.intervals.append)

    def _observing(self) -> None:
        self.times_observing += 1

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"threerings_{name}", labels)


@pytest.fixture
def told() -> Told:
    return Told()


def test_observing_and_not_observing(told: Told) -> None:
    until = NOW + timedelta(seconds=3)

    with capture_logs() as lines:
        told.observer.connected()
        connected = told.value("ami_connected", pbx="hz")
        told.observer.blind(NOW, None, "connection to the PBX lost")
        lost = told.value("ami_connected", pbx="hz")
        told.observer.blind(NOW, until, "connection to the PBX lost")

    assert (told.times_observing, connected, lost) == (1, 1, 0)
    assert told.intervals == [
        BlindInterval("hz", NOW, None, "connection to the PBX lost"),
        BlindInterval("hz", NOW, until, "connection to the PBX lost"),
    ]
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("info", "observing"),
        ("warning", "not observing"),
        ("info", "was not observed"),
    ]
    assert lines[-1]["seconds"] == 3


def test_a_problem_while_connected_is_no_lost_connection(told: Told) -> None:
    told.observer.connected()

    with capture_logs() as lines:
        told.observer.problem("events have no time; add a line")

    assert told.value("ami_connected", pbx="hz") == 1
    assert [(line["log_level"], line["event"]) for line in lines] == [
        ("error", "events have no time; add a line")
    ]


def test_events_handled_and_dropped_are_counted(told: Told) -> None:
    told.observer.handled(NOW - timedelta(milliseconds=4))
    told.observer.handled(None)
    told.observer.dropped(3)

    assert told.value("ami_events_handled_total", pbx="hz") == 2
    assert told.value("event_lag_seconds_count", pbx="hz") == 1
    assert told.value("ami_events_dropped_total", pbx="hz") == 3


def test_what_becomes_of_facts_is_counted(told: Told) -> None:
    with capture_logs() as lines:
        told.observer.facts_waiting(2, NOW - timedelta(seconds=9))
        told.observer.facts_stored(5)
        told.observer.fact_refused(1)
        told.observer.fact_rejected("out of range")

    assert (told.value("spool_facts"), told.value("spool_oldest_age_seconds")) == (2, 9)
    for fate, count in (("stored", 5), ("refused", 1), ("rejected", 1)):
        assert told.value("facts_total", fate=fate) == count
    assert [line["log_level"] for line in lines] == ["critical", "error"]


@pytest.mark.parametrize("part", ["database", "spool", "open_calls", "journal"])
def test_each_part_of_the_store_has_its_alarm(told: Told, part: str) -> None:
    lose, find = {
        "database": (told.observer.store_lost, told.observer.store_back),
        "spool": (told.observer.spool_lost, told.observer.spool_back),
        "open_calls": (told.observer.open_calls_lost, told.observer.open_calls_back),
        "journal": (told.observer.journal_lost, None),
    }[part]

    with capture_logs() as lines:
        lose("the reason")
        lost = told.value("storage_available", part=part)
        if find is not None:
            find()

    assert lost == 0
    assert told.value("storage_available", part=part) == (1 if find else 0)
    assert lines[0]["log_level"] == "error"
    assert lines[0]["reason"] == "the reason"
    assert len(lines) == (2 if find else 1)
