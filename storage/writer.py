"""From "a call ended" to "it is in the database", with nothing lost in between.

`take` has a fact on disk before it returns; `run` moves facts into the store in batches, waits while the store is
away, and sets aside what the store will never take. The queue is `backlog.py`, the database `store.py`; who is told
of outages is `observer.py`.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from hotline.ports import FactStore, StorageUnavailable
from hotline.records import Fact
from storage.backlog import Backlog
from storage.errors import FactRejected
from storage.fact_json import fact_from_line, fact_line
from storage.observer import LogObserver, StorageObserver
from storage.rejected import RejectedFile
from storage.settings import StorageSettings
from storage.spool import Spool

_random = random.SystemRandom()


def _utc_now() -> datetime:
    return datetime.now(UTC)


class _Entry(NamedTuple):
    line: bytes
    taken: datetime
    fact: Fact


class _Aside(NamedTuple):
    line: bytes
    reason: str


class FactWriter:
    """A `hotline.ports.FactSink`. Belongs to one event loop; `take` is called from its thread.

    To be read at any time: `depth` facts wait, the first since `oldest_waiting`; `available`: the store
    took the last batch; `on_disk`: the spool took the last fact; `stored`, `rejected` (set aside), `refused` (lost)
    count since the start; `torn` lines were cut short by a crash or a full disk.
    """

    def __init__(
        self,
        store: FactStore,
        settings: StorageSettings,
        *,
        observer: StorageObserver | None = None,
        clock: Callable[[], datetime] = _utc_now,
    ) -> None:
        """Raises SpoolInUse. Any other trouble with the spool is told to the observer, and facts wait in memory."""
        self._store = store
        self._settings = settings
        self._observer = observer or LogObserver()
        self._clock = clock
        spool = Spool(settings.spool_directory(), limit_bytes=int(settings.spool_mb * 1_000_000))
        self._backlog = Backlog(spool, settings.memory_facts, self._observer)
        self._aside = RejectedFile(settings.spool_directory() / "rejected.jsonl")
        self._storing = asyncio.Lock()
        self._wake = asyncio.Event()
        self._wake.set()  # an earlier process may have left facts
        self._oldest: datetime | None = None
        self.available = True
        self.stored = 0
        self.rejected = 0

    @property
    def depth(self) -> int:
        return self._backlog.depth

    @property
    def oldest_waiting(self) -> datetime | None:
        return self._oldest if self.depth else None

    @property
    def on_disk(self) -> bool:
        return self._backlog.on_disk

    @property
    def refused(self) -> int:
        return self._backlog.refused

    @property
    def torn(self) -> int:
        return self._backlog.torn

    def take(self, fact: Fact) -> None:
        """On return the fact survives kill -9 (while `on_disk`). Never waits, never raises."""
        now = self._clock()
        if not self.depth:
            self._oldest = now
        self._backlog.add(fact_line(fact, now))
        self._tell_depth()
        self._wake.set()

    async def run(self) -> None:
        """Moves facts to the store until it is cancelled. Cancelled at any moment, it loses nothing."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._move_all()
            # After, not before: a single call is stored at once, the next ones wait for each other.
            await asyncio.sleep(self._settings.batch_delay_seconds)

    async def drain(self, deadline: timedelta) -> int:
        """For a graceful stop: stores what waits, for at most `deadline`. The number of facts left in the spool."""
        try:
            async with asyncio.timeout(deadline.total_seconds()):
                await self._move_all()
        except TimeoutError:
            pass
        return self.depth

    def close(self) -> None:
        """Leave the spool to another process. Call it last: facts taken afterwards would open it again."""
        self._backlog.close()

    async def _move_all(self) -> None:
        pause = self._settings.retry_seconds
        while True:
            try:
                async with self._storing:
                    moved = await self._move_portion()
            except StorageUnavailable as error:
                self._store_failed(error)
                await self._backlog.sync()
                await asyncio.sleep(pause * _random.uniform(0.5, 1))
                pause = min(2 * pause, self._settings.retry_max_seconds)
            else:
                pause = self._settings.retry_seconds
                if not moved:
                    return

    async def _move_portion(self) -> bool:
        """False when nothing waited. Raises StorageUnavailable."""
        portion = await self._backlog.portion(self._settings.batch_facts)
        if not portion.lines:
            return False
        entries, aside = await asyncio.to_thread(_read, portion.lines)
        if entries:
            self._oldest = entries[0].taken
        saved, refused = await self._save(entries)
        self._set_aside([*aside, *refused])
        self._store_works()
        self._backlog.done(portion)
        self.stored += saved
        self._observer.facts_stored(saved)
        self._tell_depth()
        return True

    async def _save(self, entries: Sequence[_Entry]) -> tuple[int, list[_Aside]]:
        """How many were saved, and which the store refuses for ever. Raises StorageUnavailable."""
        if not entries:
            return 0, []
        try:
            await self._store.save([entry.fact for entry in entries])
        except FactRejected as error:
            if len(entries) == 1:
                return 0, [_Aside(entries[0].line, str(error))]
        else:
            return len(entries), []
        # One of them spoils the transaction: find it by halves, the others go in, in their order.
        middle = len(entries) // 2
        first, first_aside = await self._save(entries[:middle])
        second, second_aside = await self._save(entries[middle:])
        return first + second, first_aside + second_aside

    def _set_aside(self, facts: Sequence[_Aside]) -> None:
        for line, reason in facts:
            try:
                self._aside.add(line, reason)
            except OSError as error:
                # Not stored and not set aside: it has to wait where it is.
                raise StorageUnavailable(f"cannot write {self._aside.path}: {error}") from error
        for _, reason in facts:
            self.rejected += 1
            self._observer.fact_rejected(reason)

    def _tell_depth(self) -> None:
        self._observer.facts_waiting(self.depth, self.oldest_waiting)

    def _store_failed(self, error: StorageUnavailable) -> None:
        if self.available:
            self.available = False
            self._observer.store_lost(str(error))

    def _store_works(self) -> None:
        if not self.available:
            self.available = True
            self._observer.store_back()


def _read(lines: Sequence[bytes]) -> tuple[list[_Entry], list[_Aside]]:
    entries: list[_Entry] = []
    aside: list[_Aside] = []
    for line in lines:
        try:
            entries.append(_Entry(line, *fact_from_line(line)))
        except ValueError as error:
            aside.append(_Aside(line, str(error)))
    return entries, aside
