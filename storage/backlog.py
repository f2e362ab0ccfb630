"""The facts that wait for the database: on disk wherever possible, else in memory, in the order they came.

`add` never fails and never waits; it is the caller of `portion` and `done` who moves facts on. What is on disk is
`spool.py`'s affair; here is decided what happens while the disk takes nothing.
"""

from __future__ import annotations

import asyncio
from collections import deque
from itertools import islice
from typing import NamedTuple

from storage.errors import SpoolInUse
from storage.observer import StorageObserver
from storage.spool import Spool, Stretch

# Lines moved from memory to a disk that is back, at a time: soon done, and never a pause one would notice.
_MOVED_AT_ONCE = 100


class Portion(NamedTuple):
    """Lines to be stored next. `stretch` is None where they come from memory."""

    lines: tuple[bytes, ...]
    stretch: Stretch | None


class Backlog:
    """A queue of lines. `on_disk`: the spool took the last line; `refused`: lines lost because memory was full as well.

    Policy when full: the oldest are kept. First the spool fills, up to its limit or its disk's, then memory up to
    `memory_limit` lines, then new lines are refused.
    """

    def __init__(self, spool: Spool, memory_limit: int, observer: StorageObserver) -> None:
        """Raises SpoolInUse. A spool that cannot be opened is tried again with every line."""
        self._spool = spool
        self._memory: deque[bytes] = deque()
        self._memory_limit = memory_limit
        self._observer = observer
        self.on_disk = True
        self.refused = 0
        try:
            spool.open()
        except SpoolInUse:
            raise
        except OSError as error:
            self._spool_failed(error)

    @property
    def depth(self) -> int:
        return self._spool.depth + len(self._memory)

    @property
    def torn(self) -> int:
        return self._spool.torn

    def add(self, line: bytes) -> None:
        """On return the line is on disk if the disk takes it. Never raises."""
        try:
            self._move_to_spool()
            if not self._memory:
                self._append(line)
                return
        except OSError as error:
            self._spool_failed(error)
        if len(self._memory) >= self._memory_limit:
            self.refused += 1
            self._observer.fact_refused(self.refused)
        else:
            self._memory.append(line)

    def _move_to_spool(self) -> None:
        for line in tuple(islice(self._memory, _MOVED_AT_ONCE)):
            self._append(line)
            self._memory.popleft()

    def _append(self, line: bytes) -> None:
        self._spool.append(line)
        if not self.on_disk:
            self.on_disk = True
            self._observer.spool_back()

    async def portion(self, limit: int) -> Portion:
        """The oldest lines, at most `limit`; none when nothing waits. They stay until they are `done`."""
        self._try_spool_again()
        try:
            stretch = await asyncio.to_thread(self._spool.read, limit)
        except OSError as error:
            self._spool_failed(error)
        else:
            if stretch.lines:
                return Portion(stretch.lines, stretch)
        return Portion(tuple(islice(self._memory, limit)), None)

    def _try_spool_again(self) -> None:
        try:
            self._spool.open()
            self._move_to_spool()
        except OSError as error:
            self._spool_failed(error)

    def done(self, portion: Portion) -> None:
        """The lines of `portion` are stored or set aside."""
        if portion.stretch is not None:
            self._spool.advance(portion.stretch)
            return
        for line in portion.lines:
            # A line that went to the spool meanwhile is stored once more from there, which changes nothing.
            if self._memory and self._memory[0] is line:
                self._memory.popleft()

    async def sync(self) -> None:
        """Make the lines on disk survive a loss of power too, as far as the disk is willing."""
        try:
            await asyncio.to_thread(self._spool.sync)
        except OSError as error:
            self._spool_failed(error)

    def close(self) -> None:
        self._spool.close()

    def _spool_failed(self, error: OSError) -> None:
        if self.on_disk:
            self.on_disk = False
            self._observer.spool_lost(str(error))
