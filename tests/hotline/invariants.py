"""What must hold of every record, whatever a PBX said: each broken rule as a sentence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from hotline.records import Attempt, CallRecord, Fact, Outcome

NOTHING = timedelta()


def broken(facts: Iterable[Fact]) -> list[str]:
    """Of all records of a whole observation, after the last call was closed."""
    records = [fact for fact in facts if isinstance(fact, CallRecord)]
    twice = [call_id for call_id, times in Counter(r.call_id for r in records).items() if times > 1]
    found = [f"{call_id} ended more than once" for call_id in twice]
    return found + [f"{record.call_id}: {text}" for record in records for text in _broken_in(record)]


def _broken_in(record: CallRecord) -> Iterator[str]:
    yield from _of_the_answer(record)
    yield from _of_the_counts(record)
    yield from _of_the_channels(record)
    for attempt in record.attempts:
        yield from _of_an_attempt(attempt)


def _of_the_answer(record: CallRecord) -> Iterator[str]:
    answered = record.outcome is Outcome.ANSWERED
    if answered != (record.answered_by is not None):
        yield f"{record.outcome} but answered by {record.answered_by}"
    if record.answered_at is not None and not answered:
        yield "an answer without an answerer"
    if (
        record.answered_at is not None
        and record.ended_at is not None
        and record.answered_at > record.ended_at
    ):
        yield "answered after its end"
    if record.picked_up and not answered:
        yield "picked up and not answered"
    if (record.talk_time is None) != (record.answered_at is None or record.ended_at is None):
        yield "talk time does not fit answer and end"
    if record.transfers and not answered:
        yield "transferred without an answer"


def _of_the_counts(record: CallRecord) -> Iterator[str]:
    for name, span in (("rang", record.ring_time), ("talked", record.talk_time)):
        if span is not None and span < NOTHING:
            yield f"{name} for less than nothing"
    if record.rings is not None and record.rings < 0:
        yield "rings below zero"
    if record.ring_time is not None and not record.rings:
        yield "rang without a ring"
    if record.within_target and (record.rings or 0) > record.target_rings:
        yield "within the target with more rings than that"
    if record.failover.happened != (record.failover.reason is not None):
        yield "a failover without a reason, or a reason without one"


def _of_the_channels(record: CallRecord) -> Iterator[str]:
    channels = [attempt.channel for attempt in record.attempts]
    if len(set(channels)) < len(channels):
        yield "a phone that was tried twice on one channel"
    named = [*channels, record.caller.channel, *(transfer.to_channel for transfer in record.transfers)]
    named += [record.answered_by.channel] if record.answered_by else []
    if any(name is not None and name.startswith("Local/") for name in named):
        yield "a Local channel is no person"


def _of_an_attempt(attempt: Attempt) -> Iterator[str]:
    if attempt.rings is not None and attempt.rings < 0:
        yield f"{attempt.channel} rang {attempt.rings} times"
    if attempt.ring_time is not None and (attempt.ring_time < NOTHING or not attempt.rings):
        yield f"{attempt.channel} rang for {attempt.ring_time}, {attempt.rings} times"
    if attempt.ringing_at and attempt.ended_at and attempt.ringing_at > attempt.ended_at:
        yield f"{attempt.channel} stopped before it rang"
