"""What a call weighs while it lasts: many calls held ringing and talking, and the memory that takes.

Comes in: stories, a number. Goes out: `LiveCalls`, bytes per open call. `python -m bench.live_calls` is the process that
`memory.py` starts, so that nothing else is in its memory.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import tracemalloc
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path

from ami_listener.protocol import AmiReader
from ami_listener.translate import WANTED, Translator
from app.pipeline import Pipeline
from app.replay import Replay
from bench.processes import resident_bytes
from bench.stories import END, Numbering, Story, load_stories
from hotline.calls import CallTracker
from hotline.open_call import Phase
from hotline.records import CallRecord
from storage.open_calls import OpenCalls
from storage.settings import StorageSettings

CALLS_PER_SECOND = 100
SECOND_US = 1_000_000
RINGING, TALKING = Phase.RINGING.value, Phase.TALKING.value


@dataclass(frozen=True, slots=True)
class LiveCalls:
    """`traced_bytes` by Python's own allocator, None where it was not asked; `resident_bytes` by the kernel."""

    calls: int
    ringing: int
    talking: int
    traced_bytes: int | None
    resident_bytes: int

    @property
    def traced_per_call(self) -> float | None:
        return None if self.traced_bytes is None else self.traced_bytes / self.calls

    @property
    def resident_per_call(self) -> float:
        return self.resident_bytes / self.calls


class Core:
    """What knows of a call while it lasts: reader, topology and translator, tracker."""

    def __init__(self) -> None:
        self.reader = AmiReader(WANTED)
        self.translator = Translator()
        self.tracker = CallTracker()

    def feed(self, data: bytes) -> None:
        self.tracker.feed_all(self.translator.feed_all(self.reader.feed(data)))


class Service(Core):
    """The same with the log of open calls, which the service keeps on disk and in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._log = OpenCalls(StorageSettings(data_dir=folder))
        self._pipeline = Pipeline(self.tracker, self._log, ())

    def feed(self, data: bytes) -> None:
        self._pipeline.heard(self.translator.feed_all(self.reader.feed(data)))

    def close(self) -> None:
        self._log.close()


def unfinished(stories: Sequence[Story]) -> list[tuple[Story, int]]:
    """Stories cut short: once when a phone rings, once when people talk, just before the first record is made."""
    cuts: list[tuple[Story, int]] = []
    for story in stories:
        ringing, talking = _cuts(story)
        cuts += [(story, cut) for cut in (ringing, talking) if cut is not None]
    return cuts


def _cuts(story: Story) -> tuple[int | None, int | None]:
    stream = Replay()
    ringing = talking = None
    for count, (_, message) in enumerate(story.copy(story.began_us, Numbering(0)), 1):
        if any(isinstance(fact, CallRecord) for fact in stream.feed(message + END)):
            break
        phases = {call.phase for call in stream.tracker.open_calls.values()}
        if Phase.RINGING in phases and ringing is None:
            ringing = count
        if Phase.TALKING in phases:
            talking = count
    return ringing, talking


def hold(core: Core, cuts: Sequence[tuple[Story, int]], calls: int, *, trace: bool) -> LiveCalls:
    """Feed calls that do not end until so many are open, and weigh them."""
    copies = _copies(cuts)
    for _ in range(len(cuts)):  # what is learnt once is no weight of a call
        core.feed(next(copies))
    gc.collect()
    before = len(core.tracker.open_calls)
    if trace:
        tracemalloc.start()
    resident = resident_bytes()
    while len(core.tracker.open_calls) - before < calls:
        core.feed(next(copies))
    gc.collect()
    phases = [call.phase.value for call in core.tracker.open_calls.values()][before:]
    held = LiveCalls(
        calls=len(phases),
        ringing=phases.count(RINGING),
        talking=phases.count(TALKING),
        traced_bytes=tracemalloc.get_traced_memory()[0] if trace else None,
        resident_bytes=resident_bytes() - resident,
    )
    if trace:
        tracemalloc.stop()
    return held


def _copies(cuts: Sequence[tuple[Story, int]]) -> Iterator[bytes]:
    numbering = Numbering(1)
    start_us = 1_800_000_000 * SECOND_US
    for story, count in cycle(cuts):
        messages = (message for _, message in story.copy(start_us, numbering))
        yield b"".join(message + END for message, _ in zip(messages, range(count), strict=False))
        start_us += SECOND_US // CALLS_PER_SECOND


def main() -> None:
    """Print the weight as JSON: `memory.py` reads it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=10_000)
    parser.add_argument("--trace", action="store_true")
    parser.add_argument("--service", action="store_true", help="with the log of open calls")
    options = parser.parse_args()
    cuts = unfinished(load_stories())
    with ExitStack() as stack:
        core = Core()
        if options.service:
            core = service = Service(Path(stack.enter_context(tempfile.TemporaryDirectory())))
            stack.callback(service.close)
        held = hold(core, cuts, options.calls, trace=options.trace)
    print(json.dumps(asdict(held)))


if __name__ == "__main__":
    main()
