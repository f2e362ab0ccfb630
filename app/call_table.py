"""Call records as a table for people: who called, how often it rang, who answered, the verdict. For `replay` and `demo`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hotline.records import Anomaly, CallRecord, Fact, Outcome

NOTE = "Rings are computed from the line's cadence; a telephone makes its own."
UNKNOWN = "-"
NUMBERS = ("Rings", "Rang", "Talk")
ROOMY = 96
PIPE_WIDTH = 140  # where nobody looks at a terminal nothing need be cut off


def call_table(width: int) -> Table:
    """An empty table with the columns of `call_row` for a screen of so many characters, 80 at least."""
    roomy = width >= ROOMY
    table = Table(
        header_style="bold", box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False,
        padding=(0, 1, 0, 0) if roomy else 0,
    )  # fmt: skip
    for heading, widest in (
        ("Arrived", None), ("Line", 16 if roomy else 10), ("Caller", 16 if roomy else 11), ("Rings", None),
        ("Rang", None), ("Result", None), ("Answered by", 22 if roomy else 13), ("Talk", None),
    ):  # fmt: skip
        justify = "right" if heading in NUMBERS else "left"
        table.add_column(heading, no_wrap=True, max_width=widest, justify=justify)  # type: ignore[arg-type]
    return table


def call_row(record: CallRecord) -> tuple[str, ...]:
    """The cells of one call."""
    by = record.answered_by
    return (
        record.arrived_at.astimezone().strftime("%H:%M:%S") if record.arrived_at else UNKNOWN,
        escape(record.line or UNKNOWN),
        escape(record.caller.number or record.caller.channel or UNKNOWN),
        UNKNOWN if record.rings is None else str(record.rings),
        seconds(record.ring_time),
        verdict(record),
        UNKNOWN if by is None else escape(by.person or by.number or by.endpoint),
        seconds(record.talk_time),
    )


def verdict(record: CallRecord) -> str:
    """One word with its colour: in time (R-RING-1), late, or what became of the call."""
    if record.outcome is Outcome.ANSWERED:
        if record.within_target is None:
            return "answered"
        return "[green]in time[/]" if record.within_target else "[yellow]late[/]"
    return f"[red]{record.outcome.value.replace('_', ' ')}[/]"


def seconds(span: timedelta | None) -> str:
    return UNKNOWN if span is None else f"{span.total_seconds():.1f} s"


def print_calls(facts: Iterator[Fact]) -> Counter[str]:
    """Print the calls of a stream as one table; returns the anomalies by kind."""
    anomalies: Counter[str] = Counter()
    console = Console()
    if not console.is_terminal:
        console.width = PIPE_WIDTH
    table = call_table(console.width)
    for fact in facts:
        if isinstance(fact, CallRecord):
            table.add_row(*call_row(fact))
        elif isinstance(fact, Anomaly):
            anomalies[fact.kind] += 1
    console.print(table)
    console.print(f"\n{NOTE}", style="dim")
    return anomalies
