"""The tables. `rows.py` fills and reads them, `statements.py` writes them, `migrations/` makes them.

A call is known by (pbx, call_id) everywhere; what belongs to it is known by that key and its place in the record.
Changes here need a new file in `migrations/versions` (a test compares the two), and may only add.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, MetaData, Table

from storage.columns import Count, Instant, Span, Words

metadata = MetaData()


def _word(name: str, *, optional: bool = False) -> Column[Any]:
    return Column(name, Words, nullable=optional)


calls = Table(
    "calls",
    metadata,
    Column("pbx", Words, primary_key=True),
    Column("call_id", Words, primary_key=True),
    _word("direction"),
    _word("line", optional=True),
    _word("caller_channel", optional=True),
    _word("caller_number", optional=True),
    _word("caller_name", optional=True),
    Column("arrived_at", Instant),
    Column("ringing_at", Instant),
    Column("answered_at", Instant),
    Column("ended_at", Instant),
    _word("outcome"),
    Column("ring_time", Span),
    Column("rings", Count),
    Column("target_rings", Count, nullable=False),
    Column("within_target", Boolean),
    # answered_by: nobody where the channel is null
    _word("answered_by_channel", optional=True),
    _word("answered_by_endpoint", optional=True),
    _word("answered_by_number", optional=True),
    _word("answered_by_role", optional=True),
    _word("answered_by_person", optional=True),
    _word("hung_up_by", optional=True),
    Column("talk_time", Span),
    Column("picked_up", Boolean, nullable=False),
    Column("failover_happened", Boolean, nullable=False),
    _word("failover_reason", optional=True),
    _word("failover_to_role", optional=True),
    # a JSON list of ids, until tickets are tables of their own
    _word("tickets"),
    _word("measurement"),
    # A page of calls is read in the order of its index, for all lines, one line, one caller.
    Index("calls_by_arrival", "arrived_at", "call_id", "pbx"),
    Index("calls_by_line", "line", "arrived_at", "call_id", "pbx"),
    Index("calls_by_caller", "caller_number", "arrived_at", "call_id", "pbx"),
)


def _of_a_call(name: str, *columns: Column[Any]) -> Table:
    """A table of things that belong to a call and go with it."""
    return Table(
        name,
        metadata,
        Column("pbx", Words, primary_key=True),
        Column("call_id", Words, primary_key=True),
        Column("position", Count, primary_key=True, autoincrement=False),
        *columns,
        ForeignKeyConstraint(["pbx", "call_id"], ["calls.pbx", "calls.call_id"], ondelete="CASCADE"),
    )


attempts = _of_a_call(
    "attempts",
    _word("channel"),
    _word("endpoint"),
    _word("number", optional=True),
    _word("role", optional=True),
    _word("person", optional=True),
    Column("dialled_at", Instant),
    Column("ringing_at", Instant),
    Column("ended_at", Instant),
    Column("ring_time", Span),
    Column("rings", Count),
    _word("result"),
)

transfers = _of_a_call(
    "transfers",
    _word("kind"),
    _word("by_channel"),
    _word("to_channel", optional=True),
    Column("at", Instant),
)

blind_intervals = Table(
    "blind_intervals",
    metadata,
    Column("pbx", Words, primary_key=True),
    Column("since", Instant, primary_key=True, autoincrement=False),
    Column("until", Instant),
    _word("reason"),
)

anomalies = Table(
    "anomalies",
    metadata,
    # what makes an anomaly the same one: a digest of all it says
    Column("digest", Words, primary_key=True),
    _word("kind"),
    Column("at", Instant),
    _word("detail"),
    _word("call_id", optional=True),
    Index("anomalies_by_time", "at", "digest"),
)
