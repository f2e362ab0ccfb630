"""Facts to store: plain ones to tell a story with, and any that can be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st

from hotline.records import (
    Anomaly,
    Attempt,
    AttemptResult,
    BlindInterval,
    Caller,
    CallRecord,
    Direction,
    Fact,
    Failover,
    FailoverReason,
    Measurement,
    Outcome,
    Person,
    Side,
    Transfer,
    TransferKind,
)

MORNING = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def missed_call(number: int = 0, *, tried: int = 1, **changes: Any) -> CallRecord:
    """Call `number` of the day, a minute after the one before: nobody picked up, on `tried` phones."""
    arrived = MORNING + timedelta(minutes=number)
    call = CallRecord(
        call_id=f"1772438400.{number:05d}",
        pbx="main",
        direction=Direction.INBOUND,
        line="hotline",
        caller=Caller("PJSIP/trunk-00000001", "13800000000", "王女士"),
        arrived_at=arrived,
        ringing_at=arrived + seconds(0.25),
        answered_at=None,
        ended_at=arrived + seconds(20.250001),
        outcome=Outcome.NO_ANSWER,
        ring_time=seconds(20.000001),
        rings=5,
        target_rings=3,
        within_target=False,
        answered_by=None,
        hung_up_by=None,
        talk_time=None,
        attempts=tuple(_attempt(arrived, place) for place in range(tried)),
    )
    return replace(call, **changes)


def _attempt(arrived: datetime, place: int) -> Attempt:
    return Attempt(
        channel=f"PJSIP/desk{place}-00000002",
        endpoint=f"desk{place}",
        number="101",
        role="office",
        person=None,
        dialled_at=arrived + seconds(0.2),
        ringing_at=arrived + seconds(0.25),
        ended_at=arrived + seconds(20.250001),
        ring_time=seconds(20.000001),
        rings=5,
        result=AttemptResult.NO_ANSWER,
    )


UNSTORABLE = missed_call(99, rings=2**70)
"""A defect of some program: no database has a place for such a number."""


def anomaly(number: int = 0) -> Anomaly:
    return Anomaly("odd_event", MORNING + seconds(number), f"hangup of a channel never seen ({number})")


def blind_interval(since_minute: int, until_minute: int | None, pbx: str = "main") -> BlindInterval:
    until = None if until_minute is None else MORNING + timedelta(minutes=until_minute)
    return BlindInterval(pbx, MORNING + timedelta(minutes=since_minute), until, "connection lost")


# U+0000 and lone surrogates cannot be kept by every database; test_columns.py has what becomes of them.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
times = st.timedeltas(timedelta(days=-90_000), timedelta(days=90_000)).map(lambda span: MORNING + span)
spans = st.timedeltas(timedelta(0), timedelta(days=3))
counts = st.integers(0, 2**40)

attempts = st.builds(
    Attempt,
    channel=texts,
    endpoint=texts,
    number=st.none() | texts,
    role=st.none() | texts,
    person=st.none() | texts,
    dialled_at=st.none() | times,
    ringing_at=st.none() | times,
    ended_at=st.none() | times,
    ring_time=st.none() | spans,
    rings=st.none() | counts,
    result=st.sampled_from(AttemptResult),
)

_calls = st.builds(
    CallRecord,
    call_id=texts,
    pbx=st.sampled_from(["north", "south"]),
    direction=st.sampled_from(Direction),
    line=st.none() | texts,
    caller=st.builds(Caller, st.none() | texts, st.none() | texts, st.none() | texts),
    arrived_at=st.none() | times,
    ringing_at=st.none() | times,
    answered_at=st.none() | times,
    ended_at=st.none() | times,
    outcome=st.sampled_from(Outcome),
    ring_time=st.none() | spans,
    rings=st.none() | counts,
    target_rings=counts,
    within_target=st.none() | st.booleans(),
    answered_by=st.none()
    | st.builds(Person, texts, texts, st.none() | texts, st.none() | texts, st.none() | texts),
    hung_up_by=st.none() | st.sampled_from(Side),
    talk_time=st.none() | spans,
    attempts=st.lists(attempts, max_size=3).map(tuple),
    transfers=st.lists(
        st.builds(Transfer, st.sampled_from(TransferKind), texts, st.none() | texts, st.none() | times),
        max_size=2,
    ).map(tuple),
    picked_up=st.booleans(),
    failover=st.builds(
        Failover, st.booleans(), st.none() | st.sampled_from(FailoverReason), st.none() | texts
    ),
    tickets=st.lists(texts, max_size=2).map(tuple),
    measurement=st.sampled_from(Measurement),
)
_anomalies = st.builds(Anomaly, texts, st.none() | times, texts, st.none() | texts)
_intervals = st.builds(BlindInterval, st.sampled_from(["north", "south"]), times, st.none() | times, texts)

facts: st.SearchStrategy[Fact] = _calls | _anomalies | _intervals
_example = count()


def apart(many: list[Fact]) -> list[Fact]:
    """The same facts of PBXes and in texts that no other example uses: examples share a database."""
    mark = next(_example)
    return [
        replace(fact, detail=f"{fact.detail} ({mark})")
        if isinstance(fact, Anomaly)
        else replace(fact, pbx=f"{fact.pbx}-{mark}")
        for fact in many
    ]
