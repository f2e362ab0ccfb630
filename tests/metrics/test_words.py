"""Labels hold words of closed sets, whatever a record holds, and every series is there from the start."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from hotline.records import (
    Anomaly,
    Attempt,
    AttemptResult,
    BlindInterval,
    Caller,
    CallRecord,
    Direction,
    Failover,
    FailoverReason,
    Measurement,
    Outcome,
    Person,
    Side,
)
from metrics.catalogue import METRICS
from metrics.meters import Meters
from metrics.words import LABELS, closed_words

NOW = datetime(2024, 3, 1, tzinfo=UTC)
NAMES = {
    "pbxes": ["campus", "campus"],
    "lines": ["repairs", "other", "repairs"],
    "roles": ["duty"],
    "anomaly_kinds": ["unknown_channel"],
}

texts = st.one_of(st.none(), st.text(max_size=20), st.sampled_from(["repairs", "duty", "13800000000"]))
spans = st.one_of(st.none(), st.timedeltas(timedelta(days=-1), timedelta(days=30)))
times = st.one_of(st.none(), st.datetimes(timezones=st.just(UTC)))
rings = st.one_of(st.none(), st.integers(0, 10_000))

attempts = st.builds(
    Attempt,
    channel=st.text(),
    endpoint=st.text(),
    number=texts,
    role=texts,
    person=texts,
    dialled_at=times,
    ringing_at=times,
    ended_at=times,
    ring_time=spans,
    rings=rings,
    result=st.sampled_from(AttemptResult),
)
calls = st.builds(
    CallRecord,
    call_id=st.text(),
    pbx=st.text(),
    direction=st.sampled_from(Direction),
    line=texts,
    caller=st.builds(Caller, texts, texts, texts),
    arrived_at=times,
    ringing_at=times,
    answered_at=times,
    ended_at=times,
    outcome=st.sampled_from(Outcome),
    ring_time=spans,
    rings=rings,
    target_rings=st.integers(1, 12),
    within_target=st.one_of(st.none(), st.booleans()),
    answered_by=st.one_of(st.none(), st.builds(Person, st.text(), st.text(), texts, texts, texts)),
    hung_up_by=st.one_of(st.none(), st.sampled_from(Side)),
    talk_time=spans,
    attempts=st.lists(attempts, max_size=3).map(tuple),
    failover=st.builds(Failover, st.booleans(), st.one_of(st.none(), st.sampled_from(FailoverReason)), texts),
    measurement=st.sampled_from(Measurement),
)
anomalies = st.builds(Anomaly, kind=st.text(), at=times, detail=st.text(), call_id=texts)
instants = st.datetimes(timezones=st.just(UTC))
blind_intervals = st.builds(
    BlindInterval,
    pbx=st.sampled_from(["campus", "other", "x"]),
    since=instants,
    until=times,
    reason=st.text(),
)


def meters_in(registry: CollectorRegistry) -> Meters:
    return Meters(registry, **NAMES, version="1", clock=lambda: NOW)


def series(registry: CollectorRegistry) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        for sample in family.samples
    }


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(calls, anomalies, blind_intervals), max_size=5))
def test_no_fact_makes_a_new_series_or_lets_a_counter_fall(
    facts: list[CallRecord | Anomaly | BlindInterval],
) -> None:
    registry = CollectorRegistry()
    meters = meters_in(registry)
    before = series(registry)
    for fact in facts:
        meters.take(fact)
        after = series(registry)
        assert after.keys() == before.keys()
        assert all(after[key] >= before[key] for key in before)
        before = after


def test_every_label_value_is_a_known_word_and_every_metric_is_in_the_catalogue() -> None:
    registry = CollectorRegistry()
    meters_in(registry)
    words = closed_words(**NAMES, version="1")
    labels_of = {metric.name.removesuffix("_total"): metric.labels for metric in METRICS}
    families = list(registry.collect())
    assert {family.name for family in families} == set(labels_of)
    for family in families:
        assert family.samples, f"{family.name} has no series at the start"
        for sample in family.samples:
            labels = {name: value for name, value in sample.labels.items() if name != "le"}
            assert set(labels) == set(labels_of[family.name])
            assert all(value in words[name] for name, value in labels.items())


def test_every_label_is_explained() -> None:
    assert set(LABELS) == set(closed_words(**NAMES, version="1"))
    assert {label for metric in METRICS for label in metric.labels} == set(LABELS)
