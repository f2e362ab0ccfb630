"""From raw bytes to call records: `threerings replay` against panoramisk + cacofonisk, whole processes, in turn.

Comes in: a capture. Goes out: `Speed`, medians of each side and the ratios within this run. The peer is in `peer.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from bench.processes import Run, run_measured

OURS = "threerings"
AS_RUN = "panoramisk + cacofonisk"
DIRECT = "panoramisk + cacofonisk, names not matched"
TARGET_RATIO = 8.0


@dataclass(frozen=True, slots=True)
class Speed:
    """Every run of each side; the first of each, which compiles modules and warms the file cache, is left out."""

    capture_bytes: int
    runs: dict[str, tuple[Run, ...]]

    def seconds(self, side: str) -> float:
        return median(run.seconds for run in self.runs[side])

    def cpu_seconds(self, side: str) -> float:
        return median(run.cpu_seconds for run in self.runs[side])

    def ratio(self, side: str = AS_RUN) -> float:
        """How many times longer the other side takes; the median of the rounds, each of which compares neighbours."""
        pairs = zip(self.runs[side], self.runs[OURS], strict=True)
        return median(theirs.seconds / ours.seconds for theirs, ours in pairs)

    def cpu_ratio(self, side: str = AS_RUN) -> float:
        """As `ratio`, of processor time: what other processes on the machine disturb less."""
        pairs = zip(self.runs[side], self.runs[OURS], strict=True)
        return median(theirs.cpu_seconds / ours.cpu_seconds for theirs, ours in pairs)


def commands(capture: Path) -> dict[str, list[str]]:
    """What is run, after `python`."""
    return {
        OURS: ["-m", "app.main", "replay", "--json", str(capture)],
        AS_RUN: ["-m", "bench.peer", str(capture)],
        DIRECT: ["-m", "bench.peer", str(capture), "--direct"],
    }


def measure_speed(
    capture: Path,
    folder: Path,
    *,
    rounds: int = 5,
    sides: Sequence[str] = (OURS, AS_RUN, DIRECT),
    on_run: Callable[[], None] = lambda: None,
) -> Speed:
    """Each side in turn, so that what disturbs the machine disturbs all of them. Raises BenchError."""
    runs: dict[str, list[Run]] = {side: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides:
            run = run_measured(commands(capture)[side], folder / "speed.out")
            if number:
                runs[side].append(run)
            on_run()
    return Speed(capture.stat().st_size, {side: tuple(of_side) for side, of_side in runs.items()})
