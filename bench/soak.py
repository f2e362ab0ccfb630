"""A long steady load: the service's memory and files stay flat, nothing is lost, however long it runs.

Comes in: minutes and a rate. Goes out: a `Slice` for every half minute, and whether all of it together was flat. PBX, phones
and service are those of `load.py`.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench.load import Bench, Step
from bench.processes import open_files, resident_bytes

SLICE_SECONDS = 30.0
DEFAULT_RATE = 50.0
DEFAULT_MINUTES = 60.0
MOST_GROWTH = 1.1
MORE_FILES = 8  # a connection of the database's pool, a page that is being read


@dataclass(frozen=True, slots=True)
class Slice:
    """One part of the soak and the service's state right after it. `minute`: since the start."""

    minute: float
    step: Step
    resident_bytes: int
    open_files: int


async def soak(
    bench: Bench,
    minutes: float = DEFAULT_MINUTES,
    rate: float = DEFAULT_RATE,
    *,
    slice_seconds: float = SLICE_SECONDS,
    on_begin: Callable[[str], None] = lambda _what: None,
) -> AsyncIterator[Slice]:
    """Slice after slice until the time is over."""
    began = time.monotonic()
    while (minute := (time.monotonic() - began) / 60) < minutes:
        on_begin(f"minute {minute:.0f} of {minutes:g}: {rate:g} calls/s")
        step = await bench.step(rate, slice_seconds)
        yield Slice(
            minute=(time.monotonic() - began) / 60,
            step=step,
            resident_bytes=resident_bytes(bench.service.pid),
            open_files=open_files(bench.service.pid),
        )


def growth(slices: Sequence[Slice]) -> float:
    """Memory of the last quarter over that of the second: the first is warming up. 1 where there is too little."""
    quarter = len(slices) // 4
    if not quarter:
        return 1.0
    early = median(part.resident_bytes for part in slices[quarter : 2 * quarter])
    late = median(part.resident_bytes for part in slices[-quarter:])
    return late / early


def problems(slices: Sequence[Slice]) -> list[str]:
    """Empty for a soak that was flat and lost nothing."""
    found = [f"minute {part.minute:.1f}: {part.step.why_not}" for part in slices if not part.step.sustained]
    if growth(slices) > MOST_GROWTH:
        found.append(f"memory grew {growth(slices):.2f} times")
    files = [part.open_files for part in slices]
    if files and max(files) > files[0] + MORE_FILES:
        found.append(f"open files went from {files[0]} to {max(files)}")
    return found
