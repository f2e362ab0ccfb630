"""The public form of a call record (Contract 1 in docs/contracts.md), both ways.

The same object comes out of `threerings replay`, the REST API, exports and webhooks, and goes through the spool.
Times are RFC 3339 UTC with microseconds, durations are seconds. What the fields mean is in `records.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hotline.records import (
    Attempt,
    AttemptResult,
    Caller,
    CallRecord,
    Direction,
    Failover,
    FailoverReason,
    Measurement,
    Outcome,
    Person,
    Side,
    Transfer,
    TransferKind,
)

Json = dict[str, Any]


def time_text(at: datetime | None) -> str | None:
    """RFC 3339 in UTC with six digits of a second; None stays None."""
    if at is None:
        return None
    return at.astimezone(UTC).isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def time_from(text: str | None) -> datetime | None:
    """The inverse of `time_text`. Raises ValueError for text that is no RFC 3339 time with an offset."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(f"time without offset: {text!r}")
    return at.astimezone(UTC)


def _seconds(span: timedelta | None) -> float | None:
    return None if span is None else span.total_seconds()


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)


def call_to_json(record: CallRecord) -> Json:
    """The record as plain JSON values, keys in the order of the contract."""
    caller, by, failover = record.caller, record.answered_by, record.failover
    return {
        "call_id": record.call_id,
        "pbx": record.pbx,
        "direction": record.direction.value,
        "line": record.line,
        "caller": {"channel": caller.channel, "number": caller.number, "name": caller.name},
        "arrived_at": time_text(record.arrived_at),
        "ringing_at": time_text(record.ringing_at),
        "answered_at": time_text(record.answered_at),
        "ended_at": time_text(record.ended_at),
        "outcome": record.outcome.value,
        "ring_seconds": _seconds(record.ring_time),
        "rings": record.rings,
        "target_rings": record.target_rings,
        "within_target": record.within_target,
        "answered_by": None if by is None else _person_to_json(by),
        "hung_up_by": None if record.hung_up_by is None else record.hung_up_by.value,
        "talk_seconds": _seconds(record.talk_time),
        "attempts": [_attempt_to_json(attempt) for attempt in record.attempts],
        "transfers": [_transfer_to_json(transfer) for transfer in record.transfers],
        "picked_up": record.picked_up,
        "failover": {
            "happened": failover.happened,
            "reason": None if failover.reason is None else failover.reason.value,
            "to_role": failover.to_role,
        },
        "tickets": list(record.tickets),
        "measurement": record.measurement.value,
    }


def _person_to_json(by: Person) -> Json:
    return {
        "channel": by.channel,
        "endpoint": by.endpoint,
        "number": by.number,
        "role": by.role,
        "person": by.person,
    }


def _attempt_to_json(attempt: Attempt) -> Json:
    return {
        "channel": attempt.channel,
        "endpoint": attempt.endpoint,
        "number": attempt.number,
        "role": attempt.role,
        "person": attempt.person,
        "dialled_at": time_text(attempt.dialled_at),
        "ringing_at": time_text(attempt.ringing_at),
        "ended_at": time_text(attempt.ended_at),
        "ring_seconds": _seconds(attempt.ring_time),
        "rings": attempt.rings,
        "result": attempt.result.value,
    }


def _transfer_to_json(transfer: Transfer) -> Json:
    return {
        "kind": transfer.kind.value,
        "by_channel": transfer.by_channel,
        "to_channel": transfer.to_channel,
        "at": time_text(transfer.at),
    }


def call_from_json(data: Json) -> CallRecord:
    """The inverse of `call_to_json`. Raises KeyError, TypeError or ValueError for anything else."""
    by, failover = data["answered_by"], data["failover"]
    side, reason = data["hung_up_by"], failover["reason"]
    return CallRecord(
        call_id=data["call_id"],
        pbx=data["pbx"],
        direction=Direction(data["direction"]),
        line=data["line"],
        caller=Caller(**data["caller"]),
        arrived_at=time_from(data["arrived_at"]),
        ringing_at=time_from(data["ringing_at"]),
        answered_at=time_from(data["answered_at"]),
        ended_at=time_from(data["ended_at"]),
        outcome=Outcome(data["outcome"]),
        ring_time=_span(data["ring_seconds"]),
        rings=data["rings"],
        target_rings=data["target_rings"],
        within_target=data["within_target"],
        answered_by=None if by is None else Person(**by),
        hung_up_by=None if side is None else Side(side),
        talk_time=_span(data["talk_seconds"]),
        attempts=tuple(_attempt_from_json(item) for item in data["attempts"]),
        transfers=tuple(_transfer_from_json(item) for item in data["transfers"]),
        picked_up=data["picked_up"],
        failover=Failover(
            failover["happened"], None if reason is None else FailoverReason(reason), failover["to_role"]
        ),
        tickets=tuple(data["tickets"]),
        measurement=Measurement(data["measurement"]),
    )


def _attempt_from_json(data: Json) -> Attempt:
    return Attempt(
        channel=data["channel"],
        endpoint=data["endpoint"],
        number=data["number"],
        role=data["role"],
        person=data["person"],
        dialled_at=time_from(data["dialled_at"]),
        ringing_at=time_from(data["ringing_at"]),
        ended_at=time_from(data["ended_at"]),
        ring_time=_span(data["ring_seconds"]),
        rings=data["rings"],
        result=AttemptResult(data["result"]),
    )


def _transfer_from_json(data: Json) -> Transfer:
    return Transfer(
        kind=TransferKind(data["kind"]),
        by_channel=data["by_channel"],
        to_channel=data["to_channel"],
        at=time_from(data["at"]),
    )
