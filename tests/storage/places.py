"""Where to store in a test, who watches it, and how to wait for it."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from storage.settings import StorageSettings

SQLITE = pytest.param("sqlite", id="sqlite")
POSTGRESQL = pytest.param("postgresql", id="postgresql", marks=pytest.mark.live)
MEMORY = pytest.param("memory", id="memory")
BOTH = [SQLITE, POSTGRESQL]

only_sqlite = pytest.mark.parametrize("empty", [SQLITE], indirect=True)
only_postgresql = pytest.mark.parametrize("empty", [POSTGRESQL], indirect=True)


def quick(data_dir: Path, url: str | None = None) -> StorageSettings:
    """Settings that give up and try again within fractions of a second."""
    return StorageSettings(
        data_dir=data_dir,
        url=url,
        batch_delay_seconds=0.01,
        busy_timeout_seconds=0.2,
        connect_timeout_seconds=2,
        command_timeout_seconds=2,
        retry_seconds=0.02,
        retry_max_seconds=0.1,
    )


async def until(condition: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for what has to happen; TimeoutError when it does not."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@contextmanager
def files_end_at(size: int) -> Iterator[None]:
    """As on a full disk: no file of this process grows beyond `size` bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def names_in(directory: Path, pattern: str = "*") -> list[str]:
    return sorted(path.name for path in directory.glob(pattern))


class Diary:
    """A StorageObserver that writes down what it is told.

    `told`: what happened, in order; `reasons`: the reasons given, in order; `deepest`: most facts that ever waited.
    """

    def __init__(self) -> None:
        self.told: list[str] = []
        self.reasons: list[str] = []
        self.stored = 0
        self.deepest = 0
        self.waiting: tuple[int, datetime | None] = (0, None)

    def facts_waiting(self, depth: int, oldest: datetime | None) -> None:
        self.waiting = (depth, oldest)
        self.deepest = max(self.deepest, depth)

    def facts_stored(self, count: int) -> None:
        self.stored += count

    def store_lost(self, reason: str) -> None:
        self._tell("store lost", reason)

    def store_back(self) -> None:
        self._tell("store back")

    def spool_lost(self, reason: str) -> None:
        self._tell("spool lost", reason)

    def spool_back(self) -> None:
        self._tell("spool back")

    def fact_refused(self, total: int) -> None:
        self._tell(f"refused {total}")

    def fact_rejected(self, reason: str) -> None:
        self._tell("rejected", reason)

    def journal_lost(self, reason: str) -> None:
        self._tell("journal lost", reason)

    def open_calls_lost(self, reason: str) -> None:
        self._tell("open calls lost", reason)

    def open_calls_back(self) -> None:
        self._tell("open calls back")

    def _tell(self, what: str, *reasons: str) -> None:
        self.told.append(what)
        self.reasons += reasons
