"""What the demo shows: the calls going on, with their rings counted, and those that ended. A table that lives, or lines.

Comes in: facts, as a `FactSink`, and the tracker's open calls. Goes out: a picture for `rich`. Who plays the calls is in
`demo.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path

from rich import box
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console, Group, RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from app.call_table import ROOMY, UNKNOWN, call_row, call_table, seconds
from hotline.open_call import OpenCall, Phase
from hotline.records import CallRecord, Fact, Outcome

TITLE = "threerings demo: a real Asterisk, real phones, every ring counted"
PICTURE_WIDTH = ROOMY
_FOREIGN = re.compile(r"@font-face \{\{.*?\}\}|<!--.*?-->", re.DOTALL)  # names others' addresses
# Lines of the screen beside the finished calls: titles, headings, notes and what lies between.
_OTHER_LINES = 12


class EndedCalls:
    """A `FactSink` that remembers the calls, and tells of each as it ends."""

    def __init__(self, on_call: Callable[[CallRecord], None] = lambda _record: None) -> None:
        self.records: list[CallRecord] = []
        self._on_call = on_call

    def take(self, fact: Fact) -> None:
        if isinstance(fact, CallRecord):
            self.records.append(fact)
            self._on_call(fact)

    def summary(self) -> str:
        """How many calls, and how many of the answered ones within the target (R-RING-1): both counts."""
        answered = [record for record in self.records if record.outcome is Outcome.ANSWERED]
        in_time = sum(record.within_target is True for record in answered)
        missed = len(self.records) - len(answered)
        return f"{len(self.records)} calls: {len(answered)} answered, {in_time} of them within three rings; {missed} missed"


def picture(
    open_calls: Collection[OpenCall], ended: EndedCalls, now: datetime, status: str, size: tuple[int, int]
) -> RenderableType:
    """The whole screen of `size` (width, height): of the ended calls the last ones that fit."""
    width, height = size
    room = max(height - _OTHER_LINES - max(len(open_calls), 1), 1)
    return Group(
        Text(TITLE, style="bold", no_wrap=True),
        Text(status, style="dim", no_wrap=True),
        "",
        Text("Going on", style="bold"),
        _going_on(open_calls, now),
        "",
        Text("Ended", style="bold"),
        ended_table(ended.records[-room:], width),
        "",
        Text(ended.summary(), style="bold"),
    )


def ended_table(records: Iterable[CallRecord], width: int) -> Table:
    table = call_table(width)
    for record in records:
        table.add_row(*call_row(record))
    return table


def _going_on(calls: Collection[OpenCall], now: datetime) -> Table:
    table = Table(
        header_style="bold", box=box.SIMPLE_HEAD, show_edge=False,
        padding=(0, 1, 0, 0), pad_edge=False,
    )  # fmt: skip
    for heading, width in (("Line", 10), ("Caller", 11), ("Rings", 6), ("Rang", 6), ("Now", 9), ("Who", 24)):
        justify = "right" if heading == "Rang" else "left"
        table.add_column(heading, no_wrap=True, min_width=width, justify=justify)  # type: ignore[arg-type]
    for call in calls:
        table.add_row(*_open_row(call, now))
    if not calls:
        table.add_row(*[UNKNOWN] * 6, style="dim")
    return table


def _open_row(call: OpenCall, now: datetime) -> tuple[str, ...]:
    rang = _rang(call, now)
    state, who = _state(call)
    return (
        escape(call.line.name if call.line else call.dialled or UNKNOWN),
        escape(call.caller.number or UNKNOWN),
        "" if rang is None else dots(call.rule.rings(rang), call.rule.target_rings),
        "" if rang is None else seconds(rang),
        state,
        escape(who),
    )


def _rang(call: OpenCall, now: datetime) -> timedelta | None:
    """How long the caller has heard, or did hear, the ringing tone."""
    if call.ringing_at is None:
        return None
    return max((call.answered_at or now) - call.ringing_at, timedelta())


def dots(rings: int, target: int) -> str:
    """One dot per ring, hollow ones up to the target; red beyond it."""
    if rings > target:
        return f"[red]{'●' * rings}[/]"
    return f"[green]{'●' * rings}[/][dim]{'○' * (target - rings)}[/]"


def _state(call: OpenCall) -> tuple[str, str]:
    if call.phase is Phase.TALKING and call.answered_by is not None:
        by = call.answered_by
        return "[green]talking[/]", by.person or by.number or by.endpoint
    tried = [attempt for attempt in call.attempts if attempt.result is None and not attempt.talked]
    who = ", ".join(attempt.person or attempt.number or attempt.endpoint for attempt in tried)
    if any(attempt.picked_up for attempt in tried):
        return "[yellow]key?[/]", who  # picked up, but is it a person? The key will tell (R-LINE-4)
    if call.phase is Phase.TRANSFERRED:
        return "[yellow]passed on[/]", who
    return ("[yellow]ringing[/]" if any(attempt.rang for attempt in tried) else "[dim]waiting[/]"), who


def line_of(record: CallRecord) -> str:
    """An ended call in one line, for where no table can live."""
    arrived, line, caller, rings, rang, result, by, talk = (
        Text.from_markup(cell).plain for cell in call_row(record)
    )
    return f"{arrived}  {line:<10}  {caller:<11}  rings {rings:>2}  {rang:>6}  {result:<11}  {by:<18}  talk {talk}"


def save_picture(ended: EndedCalls, path: Path) -> None:
    """The ended calls as SVG for documents; it loads nothing from elsewhere. Raises OSError."""
    console = Console(record=True, width=PICTURE_WIDTH, file=StringIO(), force_terminal=True, highlight=False)
    console.print(ended_table(ended.records, PICTURE_WIDTH))
    console.print(f"\n{ended.summary()}", style="bold")
    console.save_svg(str(path), title="threerings demo", code_format=_FOREIGN.sub("", CONSOLE_SVG_FORMAT))
