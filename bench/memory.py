"""Memory: flat while streaming, and what a live call weighs. Each figure is taken from a process of its own.

Comes in: captures of two sizes and the stories. Goes out: `Memory`. What is weighed is in `live_calls.py`.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.live_calls import LiveCalls
from bench.processes import run_measured
from bench.speed import OURS, commands

MOST_BYTES_PER_CALL = 10 * 1024
MOST_GROWTH = (
    1.25  # for ten times the bytes: the ids of calls that ended lately are remembered, up to 8192 of them
)


@dataclass(frozen=True, slots=True)
class Memory:
    """`streaming`: peak of a replay by size of the capture, smallest first. `core`: reader, topology, translator and
    tracker; `service`: with the log of open calls."""

    streaming: dict[int, int]
    core: LiveCalls
    service: LiveCalls

    @property
    def growth(self) -> float:
        peaks = list(self.streaming.values())
        return peaks[-1] / peaks[0]

    @property
    def reached(self) -> bool:
        return self.growth <= MOST_GROWTH and self.most_per_call <= MOST_BYTES_PER_CALL

    @property
    def most_per_call(self) -> float:
        """The heaviest of all figures per call."""
        sides = (self.core, self.service)
        return max(
            *(side.resident_per_call for side in sides), *(side.traced_per_call or 0 for side in sides)
        )


def measure_memory(
    captures: list[Path], folder: Path, *, calls: int = 10_000, on_run: Callable[[], None] = lambda: None
) -> Memory:
    """Raises BenchError."""
    streaming: dict[int, int] = {}
    for capture in captures:
        run = run_measured(commands(capture)[OURS], folder / "memory.out")
        streaming[capture.stat().st_size] = run.peak_bytes
        on_run()
    weights = []
    for options in ([], ["--service"]):
        weights.append(_live_calls(folder, calls, options))
        on_run()
    return Memory(streaming, *weights)


def _live_calls(folder: Path, calls: int, options: list[str]) -> LiveCalls:
    """Weighed twice: following every allocation takes memory itself, so what is resident is measured without."""
    found = []
    for trace in ([], ["--trace"]):
        output = folder / "memory.out"
        run_measured(["-m", "bench.live_calls", "--calls", str(calls), *options, *trace], output)
        found.append(LiveCalls(**json.loads(output.read_text())))
    plain, traced = found
    return LiveCalls(plain.calls, plain.ringing, plain.talking, traced.traced_bytes, plain.resident_bytes)
