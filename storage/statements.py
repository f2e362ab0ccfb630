"""Writing facts so that writing them again changes nothing; the caller brings the transaction.

Statements are sorted by key, so that two services on one PostgreSQL wait for each other instead of deadlocking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, case, delete, func
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.records import Anomaly, BlindInterval, CallRecord, Measurement
from storage.rows import (
    CallKey,
    Values,
    anomaly_values,
    attempt_values,
    blind_interval_values,
    call_key,
    call_values,
    transfer_values,
)
from storage.schema import anomalies, attempts, blind_intervals, calls, transfers

# A call seen from its first to its last event is never replaced by one of which something is missing (R-REPORT-3).
_COMPLETENESS = {
    Measurement.PARTIAL: 0,
    Measurement.RESUMED: 1,
    Measurement.BACKFILLED: 2,
    Measurement.LIVE: 3,
}


def _insert(connection: AsyncConnection, table: Table) -> sqlite.Insert | postgresql.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


async def save_calls(connection: AsyncConnection, records: Iterable[CallRecord]) -> None:
    """A record replaces the one of the same call, unless it is less complete; equally complete: the later one stays."""
    kept = _most_complete(records)
    if not kept:
        return
    statement = _insert(connection, calls)
    new = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=[calls.c.pbx, calls.c.call_id],
        set_={column.name: new[column.name] for column in calls.c if not column.primary_key},
        where=_completeness(calls.c.measurement) <= _completeness(new["measurement"]),
    ).returning(calls.c.pbx, calls.c.call_id)
    written = await connection.execute(upsert, [call_values(kept[key]) for key in sorted(kept)])
    replaced = [kept[pbx, call_id] for pbx, call_id in written]
    if replaced:
        await _replace_parts(
            connection, attempts, replaced, [row for r in replaced for row in attempt_values(r)]
        )
        await _replace_parts(
            connection, transfers, replaced, [row for r in replaced for row in transfer_values(r)]
        )


def _most_complete(records: Iterable[CallRecord]) -> dict[CallKey, CallRecord]:
    kept: dict[CallKey, CallRecord] = {}
    for record in records:
        key = call_key(record)
        before = kept.get(key)
        if before is None or _COMPLETENESS[before.measurement] <= _COMPLETENESS[record.measurement]:
            kept[key] = record
    return kept


def _completeness(measurement: ColumnElement[Any]) -> ColumnElement[int]:
    return case({word.value: rank for word, rank in _COMPLETENESS.items()}, value=measurement)


async def _replace_parts(
    connection: AsyncConnection, table: Table, records: Sequence[CallRecord], rows: list[Values]
) -> None:
    old = delete(table).where(table.c.pbx == bindparam("of_pbx"), table.c.call_id == bindparam("of_call"))
    keys = [call_key(record) for record in records]
    await connection.execute(old, [{"of_pbx": pbx, "of_call": call_id} for pbx, call_id in keys])
    if rows:
        await connection.execute(table.insert(), rows)


async def save_blind_intervals(connection: AsyncConnection, intervals: Iterable[BlindInterval]) -> None:
    """An interval is known by (pbx, since). Once it has an end it keeps one, whatever is saved again."""
    kept: dict[tuple[str, Any], Values] = {}
    for interval in intervals:
        row = blind_interval_values(interval)
        before = kept.get((row["pbx"], row["since"]))
        if before is not None and row["until"] is None:
            row["until"] = before["until"]
        kept[row["pbx"], row["since"]] = row
    if not kept:
        return
    statement = _insert(connection, blind_intervals)
    new = statement.excluded
    upsert = statement.on_conflict_do_update(
        index_elements=[blind_intervals.c.pbx, blind_intervals.c.since],
        set_={"until": func.coalesce(new["until"], blind_intervals.c.until), "reason": new["reason"]},
    )
    await connection.execute(upsert, [kept[key] for key in sorted(kept)])


async def save_anomalies(connection: AsyncConnection, found: Iterable[Anomaly]) -> None:
    """An anomaly that says the same as one before is that one."""
    rows = {row["digest"]: row for row in map(anomaly_values, found)}
    if rows:
        statement = _insert(connection, anomalies).on_conflict_do_nothing()
        await connection.execute(statement, [rows[digest] for digest in sorted(rows)])
