"""Calls with their attempts and transfers, intervals in which nobody looked, and what did not fit."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def words(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), **options)


def whole(name: str, **options: Any) -> sa.Column[Any]:
    return sa.Column(name, sa.BigInteger(), **options)


def upgrade() -> None:
    calls()
    attempts()
    transfers()
    blind_intervals()
    anomalies()


def calls() -> None:
    op.create_table(
        "calls",
        words("pbx", primary_key=True),
        words("call_id", primary_key=True),
        words("direction", nullable=False),
        words("line"),
        words("caller_channel"),
        words("caller_number"),
        words("caller_name"),
        whole("arrived_at"),
        whole("ringing_at"),
        whole("answered_at"),
        whole("ended_at"),
        words("outcome", nullable=False),
        whole("ring_time"),
        whole("rings"),
        whole("target_rings", nullable=False),
        sa.Column("within_target", sa.Boolean()),
        words("answered_by_channel"),
        words("answered_by_endpoint"),
        words("answered_by_number"),
        words("answered_by_role"),
        words("answered_by_person"),
        words("hung_up_by"),
        whole("talk_time"),
        sa.Column("picked_up", sa.Boolean(), nullable=False),
        sa.Column("failover_happened", sa.Boolean(), nullable=False),
        words("failover_reason"),
        words("failover_to_role"),
        words("tickets", nullable=False),
        words("measurement", nullable=False),
    )
    op.create_index("calls_by_arrival", "calls", ["arrived_at", "call_id", "pbx"])
    op.create_index("calls_by_line", "calls", ["line", "arrived_at", "call_id", "pbx"])
    op.create_index("calls_by_caller", "calls", ["caller_number", "arrived_at", "call_id", "pbx"])


def of_a_call(name: str, *columns: sa.Column[Any]) -> None:
    op.create_table(
        name,
        words("pbx", primary_key=True),
        words("call_id", primary_key=True),
        whole("position", primary_key=True, autoincrement=False),
        *columns,
        sa.ForeignKeyConstraint(["pbx", "call_id"], ["calls.pbx", "calls.call_id"], ondelete="CASCADE"),
    )


def attempts() -> None:
    of_a_call(
        "attempts",
        words("channel", nullable=False),
        words("endpoint", nullable=False),
        words("number"),
        words("role"),
        words("person"),
        whole("dialled_at"),
        whole("ringing_at"),
        whole("ended_at"),
        whole("ring_time"),
        whole("rings"),
        words("result", nullable=False),
    )


def transfers() -> None:
    of_a_call(
        "transfers",
        words("kind", nullable=False),
        words("by_channel", nullable=False),
        words("to_channel"),
        whole("at"),
    )


def blind_intervals() -> None:
    op.create_table(
        "blind_intervals",
        words("pbx", primary_key=True),
        whole("since", primary_key=True, autoincrement=False),
        whole("until"),
        words("reason", nullable=False),
    )


def anomalies() -> None:
    op.create_table(
        "anomalies",
        words("digest", primary_key=True),
        words("kind", nullable=False),
        whole("at"),
        words("detail", nullable=False),
        words("call_id"),
    )
    op.create_index("anomalies_by_time", "anomalies", ["at", "digest"])
