"""Results as tables for people, and as plain values for `--json`.

Comes in: what `speed.py`, `memory.py`, `load.py` and `soak.py` measured. Goes out: rich tables and a `Verdict` each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, astuple
from typing import Any, NamedTuple

from rich.table import Table

from bench.load import MOST_LAG_SECONDS, Step
from bench.memory import MOST_BYTES_PER_CALL, Memory
from bench.soak import Slice, growth, problems
from bench.speed import AS_RUN, OURS, TARGET_RATIO, Speed

MB = 1_000_000
KIB = 1024


class Verdict(NamedTuple):
    """Whether what was asked is reached, and by how much."""

    reached: bool
    text: str

    def __str__(self) -> str:
        return (
            f"[green]reached[/green]: {self.text}" if self.reached else f"[red]not reached[/red]: {self.text}"
        )


def speed_table(speed: Speed) -> Table:
    table = Table(title=f"{speed.capture_bytes / MB:.0f} MB of interleaved calls to records")
    for heading in ("", "seconds", "CPU s", "lines", "ratio", "CPU ratio"):
        table.add_column(heading, justify="left" if not heading else "right")
    for side, runs in speed.runs.items():
        ratios = ("", "") if side == OURS else (f"{speed.ratio(side):.1f}", f"{speed.cpu_ratio(side):.1f}")
        table.add_row(
            side, f"{speed.seconds(side):.2f}", f"{speed.cpu_seconds(side):.2f}", str(runs[0].lines), *ratios
        )
    return table


def speed_verdict(speed: Speed) -> Verdict:
    return Verdict(speed.ratio() >= TARGET_RATIO, f"{speed.ratio():.1f}x {AS_RUN}, asked {TARGET_RATIO:g}x")


def speed_values(speed: Speed) -> dict[str, Any]:
    return {
        side: {
            "seconds": speed.seconds(side),
            "cpu_seconds": speed.cpu_seconds(side),
            "lines": runs[0].lines,
            "ratio": speed.ratio(side),
            "cpu_ratio": speed.cpu_ratio(side),
        }
        for side, runs in speed.runs.items()
    }


def memory_table(memory: Memory) -> Table:
    table = Table(title="Memory")
    for heading in ("", "MB", "per live call"):
        table.add_column(heading, justify="left" if not heading else "right")
    for size, peak in memory.streaming.items():
        table.add_row(f"replay of {size / MB:.0f} MB, at most", f"{peak / MB:.1f}", "")
    for name, side in (("", memory.core), (", log of open calls included", memory.service)):
        what = f"{side.calls} calls, {side.ringing} ringing, {side.talking} talking{name}"
        if side.traced_bytes is not None and side.traced_per_call is not None:
            traced = f"{side.traced_per_call / KIB:.1f} KiB"
            table.add_row(f"{what}: allocated", f"{side.traced_bytes / MB:.1f}", traced)
        resident = f"{side.resident_per_call / KIB:.1f} KiB"
        table.add_row(f"{what}: resident", f"{side.resident_bytes / MB:.1f}", resident)
    return table


def memory_verdict(memory: Memory) -> Verdict:
    per_call = f"{memory.most_per_call / KIB:.1f} KiB a live call, asked at most {MOST_BYTES_PER_CALL // KIB}"
    return Verdict(
        memory.reached,
        f"{per_call}; a replay of ten times the bytes takes {memory.growth:.2f} times the memory",
    )


def memory_values(memory: Memory) -> dict[str, Any]:
    sides = {"core": memory.core, "service": memory.service}
    return {
        "streaming_peak_bytes": memory.streaming,
        **{
            name: {
                "calls": side.calls,
                "traced_per_call": side.traced_per_call,
                "resident_per_call": side.resident_per_call,
            }
            for name, side in sides.items()
        },
    }


def load_table(title: str = "Calls a second on the lab's Asterisk") -> Table:
    table = Table(title=title)
    for heading in (
        "offered", "placed", "ok", "failed", "recorded", "lost", "doubled", "lag p50", "p99", "max",
        "cores: Asterisk", "service", "SIPp", "others", "",
    ):  # fmt: skip
        table.add_column(heading, justify="right" if heading else "left")
    return table


def load_row(step: Step) -> tuple[str, ...]:
    lag = [f"≤ {step.lag.quantile(share) * 1000:g} ms" for share in (0.5, 0.99, 1)]
    cores = [f"{cores:.2f}" for cores in astuple(step.cores)]
    return (
        f"{step.rate:g}", f"{step.achieved:.0f}", str(step.successful), str(step.failed), str(step.recorded),
        str(step.lost), str(step.doubled), *lag,
        *cores, step.why_not or "sustained",
    )  # fmt: skip


def highest(steps: Sequence[Step]) -> float:
    """The highest rate that was sustained the last time it was tried."""
    last = {step.rate: step.sustained for step in steps}
    return max((rate for rate, sustained in last.items() if sustained), default=0.0)


def load_verdict(steps: Sequence[Step]) -> Verdict:
    sustained = [step for step in steps if step.rate == highest(steps)]
    if not sustained:
        return Verdict(reached=False, text="no rate was sustained")
    step = sustained[-1]
    return Verdict(
        reached=True,
        text=f"{step.rate:g} calls a second sustained, {step.calls} calls, none lost or doubled, p99 of event lag at most "
        f"{step.lag.quantile(0.99) * 1000:g} ms (asked {MOST_LAG_SECONDS * 1000:g}), ring times off by "
        f"{step.typical_ring_error * 1000:.1f} ms (median)",
    )


def load_values(steps: Sequence[Step]) -> list[dict[str, Any]]:
    return [
        {
            "rate": step.rate,
            "achieved": step.achieved,
            "successful": step.successful,
            "failed": step.failed,
            "recorded": step.recorded,
            "lost": step.lost,
            "doubled": step.doubled,
            "lag_p50": step.lag.quantile(0.5),
            "lag_p99": step.lag.quantile(0.99),
            "cores": asdict(step.cores),
            "why_not": step.why_not,
        }
        for step in steps
    ]


def soak_table() -> Table:
    table = Table(title="Soak")
    for heading in ("minute", "calls", "failed", "lost", "doubled", "lag p99", "memory", "open files"):
        table.add_column(heading, justify="right")
    return table


def soak_row(part: Slice) -> tuple[str, ...]:
    step = part.step
    return (
        f"{part.minute:.1f}", str(step.calls), str(step.failed), str(step.lost), str(step.doubled),
        f"≤ {step.lag.quantile(0.99) * 1000:g} ms", f"{part.resident_bytes / MB:.1f} MB", str(part.open_files),
    )  # fmt: skip


def soak_verdict(slices: Sequence[Slice]) -> Verdict:
    found = problems(slices)
    calls = sum(part.step.calls for part in slices)
    if found:
        return Verdict(reached=False, text="; ".join(found[:5]))
    text = f"{calls} calls, none lost or doubled, memory {growth(slices):.2f} times that of the beginning"
    return Verdict(reached=True, text=text)
