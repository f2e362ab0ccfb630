"""Facts in and out of the database, on SQLite and PostgreSQL alike: the `FactStore` of `hotline/ports.py`, and readers.

Who writes is `writer.py` (one batch per transaction); pages, reports and checks read. Tables are in `schema.py`,
transactions and errors in `database.py`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, Table, func, literal, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from hotline.records import Anomaly, BlindInterval, CallRecord, Fact
from storage.columns import Instant, Words
from storage.database import Database
from storage.pages import CallPage, Counts, Place, cursor_at, place_of
from storage.rows import CallKey, anomaly_from_row, blind_interval_from_row, call_from_rows
from storage.schema import anomalies, attempts, blind_intervals, calls, transfers
from storage.statements import save_anomalies, save_blind_intervals, save_calls

# A page is held in memory with all its attempts.
MOST_PER_PAGE = 1_000


class SqlStore:
    """Every method raises StorageUnavailable while the database is locked, full or gone.

    Periods are half-open, [since, until); None means without bound. Times are aware UTC.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def save(self, facts: Sequence[Fact]) -> None:
        """All or nothing, in one transaction; saved again, the same facts change nothing.

        A call replaces what is kept of it unless it is less complete (partial < resumed < backfilled < live). Raises
        FactRejected when one of the facts can never be kept; nothing is saved then.
        """
        async with self._database.writing() as connection:
            await save_calls(connection, [fact for fact in facts if isinstance(fact, CallRecord)])
            await save_blind_intervals(
                connection, [fact for fact in facts if isinstance(fact, BlindInterval)]
            )
            await save_anomalies(connection, [fact for fact in facts if isinstance(fact, Anomaly)])

    async def call(self, pbx: str, call_id: str) -> CallRecord | None:
        statement = select(calls).where(calls.c.pbx == pbx, calls.c.call_id == call_id)
        async with self._database.reading() as connection:
            found = await _with_parts(connection, (await connection.execute(statement)).all())
        return found[0] if found else None

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
        """Calls that arrived in the period, by (arrived_at, call_id, pbx); a call without arrival is in no period.

        `limit` is at most 1,000. `cursor` goes on behind an earlier page of the same question. Raises ValueError for
        a bad cursor or limit.
        """
        if not 1 <= limit <= MOST_PER_PAGE:
            raise ValueError(f"limit must be 1 to {MOST_PER_PAGE}, not {limit}")
        conditions: list[ColumnElement[bool]] = [calls.c.arrived_at.is_not(None)]
        if line is not None:
            conditions.append(calls.c.line == line)
        if caller_number is not None:
            conditions.append(calls.c.caller_number == caller_number)
        if since is not None:
            conditions.append(calls.c.arrived_at >= since)
        if until is not None:
            conditions.append(calls.c.arrived_at < until)
        if cursor is not None:
            conditions.append(_behind(place_of(cursor), newest_first=newest_first))
        statement = _ordered(select(calls).where(*conditions), newest_first=newest_first).limit(limit + 1)
        async with self._database.reading() as connection:
            rows = (await connection.execute(statement)).all()
            found = await _with_parts(connection, rows[:limit])
        last = rows[limit - 1] if len(rows) > limit else None
        return CallPage(tuple(found), last and cursor_at(Place(last.arrived_at, last.call_id, last.pbx)))

    async def blind_intervals(
        self, *, since: datetime | None = None, until: datetime | None = None
    ) -> list[BlindInterval]:
        """Intervals that share some time with the period, by (since, pbx)."""
        table = blind_intervals
        statement = select(table).order_by(table.c.since, table.c.pbx)
        if since is not None:
            statement = statement.where(or_(table.c.until.is_(None), table.c.until > since))
        if until is not None:
            statement = statement.where(table.c.since < until)
        async with self._database.reading() as connection:
            return [blind_interval_from_row(row) for row in await connection.execute(statement)]

    async def anomalies(
        self, *, since: datetime | None = None, until: datetime | None = None, limit: int = 100
    ) -> list[Anomaly]:
        """The newest first, at most `limit`; those without a time are in no period."""
        table = anomalies
        statement = (
            select(table).where(table.c.at.is_not(None)).order_by(table.c.at.desc(), table.c.digest.desc())
        )
        if since is not None:
            statement = statement.where(table.c.at >= since)
        if until is not None:
            statement = statement.where(table.c.at < until)
        async with self._database.reading() as connection:
            return [anomaly_from_row(row) for row in await connection.execute(statement.limit(limit))]

    async def counts(self) -> Counts:
        """Reads whole tables: for checks, not for pages."""
        tables = (calls, attempts, transfers, blind_intervals, anomalies)
        arrivals = select(func.count(calls.c.arrived_at)).scalar_subquery()
        sizes = [select(func.count()).select_from(table).scalar_subquery() for table in tables]
        async with self._database.reading() as connection:
            row = (await connection.execute(select(arrivals, *sizes))).one()
        arrived, all_calls, *others = row
        return Counts(all_calls, all_calls - arrived, *others)


def _order() -> tuple[ColumnElement[Any], ...]:
    return calls.c.arrived_at, calls.c.call_id, calls.c.pbx


def _ordered(statement: Select[Any], *, newest_first: bool) -> Select[Any]:
    return statement.order_by(*(column.desc() if newest_first else column.asc() for column in _order()))


def _behind(place: Place, *, newest_first: bool) -> ColumnElement[bool]:
    here = tuple_(
        literal(place.arrived_at, Instant), literal(place.call_id, Words), literal(place.pbx, Words)
    )
    return tuple_(*_order()) < here if newest_first else tuple_(*_order()) > here


async def _with_parts(connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[CallRecord]:
    tried = await _parts(connection, attempts, rows)
    transferred = await _parts(connection, transfers, rows)
    return [
        call_from_rows(row, tried[row.pbx, row.call_id], transferred[row.pbx, row.call_id]) for row in rows
    ]


async def _parts(
    connection: AsyncConnection, table: Table, rows: Sequence[Row[Any]]
) -> dict[CallKey, list[Row[Any]]]:
    found: dict[CallKey, list[Row[Any]]] = defaultdict(list)
    if rows:
        # Two lists rather than pairs, for which SQLite would read the whole table; what is found too much is not asked for.
        of_calls = table.c.pbx.in_({row.pbx for row in rows}) & table.c.call_id.in_(
            {row.call_id for row in rows}
        )
        statement = select(table).where(of_calls).order_by(table.c.pbx, table.c.call_id, table.c.position)
        for part in await connection.execute(statement):
            found[part.pbx, part.call_id].append(part)
    return found
