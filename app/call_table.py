"""Call records as a table for people: who called, how often it rang, who answered, the verdict. For `replay` and `demo`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotline.records import Anomaly, CallRecord, Fact, Outcome

NOTE = "Rings are computed from the line's cadence; a telephone makes its own."


def call_table(title: str | None = None) -> Table:
    """An empty table with the columns of `call_row`."""
    table = Table(title=title, caption=NOTE, header_style="bold", expand=False)
    for heading, justify in (
        ("Arrived", "left"),
        ("Line", "left"),
        ("Caller", "left"),
        ("Rang", "right"),
        ("Rings", "right"),
        ("Verdict", "left"),
        ("Answered by", "left"),
        ("Talk", "right"),
        ("Ended by", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    return table


def call_row(record: CallRecord) -> tuple[str, ...]:
    """The cells of one call."""
    by = record.answered_by
    return (
        record.arrived_at.astimezone().strftime("%H:%M:%S") if record.arrived_at else "-",
        escape(record.line or "-"),
        escape(record.caller.number or record.caller.channel or "-"),
        _seconds(record.ring_time),
        "-" if record.rings is None else str(record.rings),
        verdict(record),
        "-" if by is None else escape(by.person or by.number or by.endpoint),
        _seconds(record.talk_time),
        record.hung_up_by.value if record.hung_up_by else "-",
    )


def verdict(record: CallRecord) -> str:
    """One word with its colour: in time (R-RING-1), late, or what became of the call."""
    if record.outcome is Outcome.ANSWERED:
        if record.within_target is None:
            return "answered"
        return "[green]in time[/green]" if record.within_target else "[yellow]late[/yellow]"
    return f"[red]{record.outcome.value.replace('_', ' ')}[/red]"


def _seconds(span: timedelta | None) -> str:
    return "-" if span is None else f"{span.total_seconds():.1f} s"


def print_calls(facts: Iterator[Fact]) -> Counter[str]:
    """Print the calls of a stream as one table; returns the anomalies by kind."""
    anomalies: Counter[str] = Counter()
    table = call_table()
    for fact in facts:
        if isinstance(fact, CallRecord):
            table.add_row(*call_row(fact))
        elif isinstance(fact, Anomaly):
            anomalies[fact.kind] += 1
    Console().print(table)
    return anomalies
