"""Records <-> rows of `schema.py`, both ways and exactly. Pure: no statement, no connection."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from sqlalchemy import Row

from hotline.record_json import time_text
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
    Transfer,
    TransferKind,
)
from storage.columns import storable

Values = dict[str, Any]
CallKey = tuple[str, str]
"""(pbx, call_id) as the database spells them."""


def call_key(record: CallRecord) -> CallKey:
    return storable(record.pbx), storable(record.call_id)


def call_values(record: CallRecord) -> Values:
    pbx, call_id = call_key(record)
    by, failover = record.answered_by, record.failover
    return {
        "pbx": pbx,
        "call_id": call_id,
        "direction": record.direction,
        "line": record.line,
        "caller_channel": record.caller.channel,
        "caller_number": record.caller.number,
        "caller_name": record.caller.name,
        "arrived_at": record.arrived_at,
        "ringing_at": record.ringing_at,
        "answered_at": record.answered_at,
        "ended_at": record.ended_at,
        "outcome": record.outcome,
        "ring_time": record.ring_time,
        "rings": record.rings,
        "target_rings": record.target_rings,
        "within_target": record.within_target,
        "answered_by_channel": by and by.channel,
        "answered_by_endpoint": by and by.endpoint,
        "answered_by_number": by and by.number,
        "answered_by_role": by and by.role,
        "answered_by_person": by and by.person,
        "hung_up_by": record.hung_up_by,
        "talk_time": record.talk_time,
        "picked_up": record.picked_up,
        "failover_happened": failover.happened,
        "failover_reason": failover.reason,
        "failover_to_role": failover.to_role,
        "tickets": json.dumps(record.tickets),
        "measurement": record.measurement,
    }


def attempt_values(record: CallRecord) -> list[Values]:
    pbx, call_id = call_key(record)
    return [
        {
            "pbx": pbx,
            "call_id": call_id,
            "position": position,
            "channel": attempt.channel,
            "endpoint": attempt.endpoint,
            "number": attempt.number,
            "role": attempt.role,
            "person": attempt.person,
            "dialled_at": attempt.dialled_at,
            "ringing_at": attempt.ringing_at,
            "ended_at": attempt.ended_at,
            "ring_time": attempt.ring_time,
            "rings": attempt.rings,
            "result": attempt.result,
        }
        for position, attempt in enumerate(record.attempts)
    ]


def transfer_values(record: CallRecord) -> list[Values]:
    pbx, call_id = call_key(record)
    return [
        {
            "pbx": pbx,
            "call_id": call_id,
            "position": position,
            "kind": transfer.kind,
            "by_channel": transfer.by_channel,
            "to_channel": transfer.to_channel,
            "at": transfer.at,
        }
        for position, transfer in enumerate(record.transfers)
    ]


def blind_interval_values(interval: BlindInterval) -> Values:
    return {
        "pbx": storable(interval.pbx),
        "since": interval.since,
        "until": interval.until,
        "reason": interval.reason,
    }


def anomaly_values(anomaly: Anomaly) -> Values:
    said = [anomaly.kind, time_text(anomaly.at), anomaly.detail, anomaly.call_id]
    digest = sha256(json.dumps(said).encode()).hexdigest()[:32]
    return {
        "digest": digest,
        "kind": anomaly.kind,
        "at": anomaly.at,
        "detail": anomaly.detail,
        "call_id": anomaly.call_id,
    }


def call_from_rows(row: Row[Any], attempts: Sequence[Row[Any]], transfers: Sequence[Row[Any]]) -> CallRecord:
    """The record; `attempts` and `transfers` are those of this call, by position."""
    return CallRecord(
        call_id=row.call_id,
        pbx=row.pbx,
        direction=Direction(row.direction),
        line=row.line,
        caller=Caller(row.caller_channel, row.caller_number, row.caller_name),
        arrived_at=row.arrived_at,
        ringing_at=row.ringing_at,
        answered_at=row.answered_at,
        ended_at=row.ended_at,
        outcome=Outcome(row.outcome),
        ring_time=row.ring_time,
        rings=row.rings,
        target_rings=row.target_rings,
        within_target=row.within_target,
        answered_by=_person(row),
        hung_up_by=None if row.hung_up_by is None else Side(row.hung_up_by),
        talk_time=row.talk_time,
        attempts=tuple(_attempt(attempt) for attempt in attempts),
        transfers=tuple(_transfer(transfer) for transfer in transfers),
        picked_up=row.picked_up,
        failover=Failover(
            row.failover_happened,
            None if row.failover_reason is None else FailoverReason(row.failover_reason),
            row.failover_to_role,
        ),
        tickets=tuple(json.loads(row.tickets)),
        measurement=Measurement(row.measurement),
    )


def _person(row: Row[Any]) -> Person | None:
    if row.answered_by_channel is None:
        return None
    return Person(
        row.answered_by_channel,
        row.answered_by_endpoint,
        row.answered_by_number,
        row.answered_by_role,
        row.answered_by_person,
    )


def _attempt(row: Row[Any]) -> Attempt:
    return Attempt(
        channel=row.channel,
        endpoint=row.endpoint,
        number=row.number,
        role=row.role,
        person=row.person,
        dialled_at=row.dialled_at,
        ringing_at=row.ringing_at,
        ended_at=row.ended_at,
        ring_time=row.ring_time,
        rings=row.rings,
        result=AttemptResult(row.result),
    )


def _transfer(row: Row[Any]) -> Transfer:
    return Transfer(TransferKind(row.kind), row.by_channel, row.to_channel, row.at)


def blind_interval_from_row(row: Row[Any]) -> BlindInterval:
    return BlindInterval(row.pbx, row.since, row.until, row.reason)


def anomaly_from_row(row: Row[Any]) -> Anomaly:
    return Anomaly(row.kind, row.at, row.detail, row.call_id)
