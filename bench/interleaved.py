"""A capture of many calls at once, as one socket would have delivered it, made of recorded stories.

Comes in: stories, a size, a seed. Goes out: a file of raw AMI bytes; the same arguments give the same bytes. Every story
comes equally often, calls arrive at random (Poisson) times, their messages are merged by time.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from pathlib import Path

from bench.stories import END, Numbering, Story

CALLS_PER_SECOND = 10.0  # with calls of some eight seconds about eighty at a time: a very busy hotline
STARTS_AT_US = 1_800_000_000 * 1_000_000
GREETING = (
    b"Asterisk Call Manager/11.0.0\r\n"
    b"Response: Success\r\nActionID: 1\r\nMessage: Authentication accepted\r\n\r\n"
    b"Event: FullyBooted\r\nPrivilege: system,all\r\nUptime: 86400\r\nLastReload: 86400\r\nStatus: Fully Booted\r\n\r\n"
)
FORMAT = 1  # raised when the same arguments give other bytes: kept captures are made anew


def interleaved(
    stories: Sequence[Story], size: int, *, seed: int = 1, calls_per_second: float = CALLS_PER_SECOND
) -> Iterator[bytes]:
    """Messages of whole calls, in order of time, until at least `size` bytes of calls have begun; the log-in first."""
    yield GREETING
    waiting: list[tuple[int, int, bytes]] = []
    begun, number = len(GREETING), 0
    for start_us, story, numbering in _arrivals(stories, seed, calls_per_second):
        if begun >= size:
            break
        while waiting and waiting[0][0] < start_us:
            yield heappop(waiting)[2]
        for at_us, message in story.copy(start_us, numbering):
            number += 1
            begun += len(message) + len(END)
            heappush(waiting, (at_us, number, message + END))
    while waiting:
        yield heappop(waiting)[2]


def _arrivals(
    stories: Sequence[Story], seed: int, calls_per_second: float
) -> Iterator[tuple[int, Story, Numbering]]:
    """Without end: every story once, in an order of its own each time round."""
    order = random.Random(seed)
    numbering = Numbering(seed)
    start_us = STARTS_AT_US
    while True:
        for story in order.sample(stories, len(stories)):
            yield start_us, story, numbering
            start_us += round(order.expovariate(calls_per_second) * 1_000_000)


def write_capture(path: Path, stories: Sequence[Story], size: int, *, seed: int = 1) -> None:
    """Write a capture of about `size` bytes; whoever reads `path` sees it whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb", buffering=1 << 20) as file:
        file.writelines(interleaved(stories, size, seed=seed))
    unfinished.replace(path)


def kept_capture(folder: Path, stories: Sequence[Story], megabytes: float, *, seed: int = 1) -> Path:
    """The capture of these arguments in `folder`, made where it is not there yet."""
    print_of_stories = hashlib.sha256(b"".join(story.fingerprint for story in stories)).hexdigest()[:12]
    path = folder / f"interleaved-{megabytes:g}MB-seed{seed}-v{FORMAT}-{print_of_stories}.ami"
    if not path.exists():
        write_capture(path, stories, round(megabytes * 1_000_000), seed=seed)
    return path
