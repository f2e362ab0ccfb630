"""The facts that are not in the database yet, as lines in numbered files (segments) of one directory.

Lines go in at the end (`append`), come out at the front (`read`), and are forgotten once they are stored (`advance`).
What is stored up to where is itself kept on disk, so a restart goes on where the last process ended; a line may come
twice after kill -9, never not at all. What the lines mean is in `fact_json.py`, who moves them in `writer.py`.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from storage.append_file import (
    DIRECTORY_MODE,
    FILE_MODE,
    AppendFile,
    Lines,
    count_lines,
    read_lines,
    replace_file,
)
from storage.errors import SpoolInUse

# Small enough that a segment that is done gives its space back soon, large enough that there are few of them.
SEGMENT_BYTES = 8_000_000


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Everything before this offset of this segment, and every earlier segment, is stored."""

    segment: int = 0
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Stretch:
    """Lines as they follow each other. `end`: the position once they are stored; `torn`: half lines stepped over."""

    lines: tuple[bytes, ...]
    end: Position
    torn: int


class Spool:
    """A queue on disk. `depth`: lines waiting; `size`: bytes on disk; `torn`: half-written lines found so far.

    `append` and `advance` belong to one thread; `read` and `sync` may run in another. Queue policy: the oldest lines
    are kept, a line that would exceed `limit_bytes` is refused with OSError(ENOSPC) like a full disk.
    """

    def __init__(self, directory: Path, *, limit_bytes: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self.directory = directory
        self._limit = limit_bytes
        # A segment gives its space back as a whole, so several must fit into the limit.
        self._segment_limit = min(segment_bytes, limit_bytes // 4)
        self._lock: int | None = None
        self._file: AppendFile | None = None
        self._segments: tuple[int, ...] = ()
        self._position = Position()
        self.depth = 0
        self.size = 0
        self.torn = 0

    def open(self) -> None:
        """Find what an earlier process left. Does nothing when open. Raises OSError; SpoolInUse for a second user."""
        if self._lock is not None:
            return
        self.directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        lock = os.open(self.directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._position = max(self._position, self._read_position())
            self._scan()
        except BlockingIOError as error:
            os.close(lock)
            raise SpoolInUse(
                f"spool {self.directory} is in use by another process: stop it or set another spool_dir"
            ) from error
        except OSError:
            os.close(lock)
            raise
        self._lock = lock

    def _read_position(self) -> Position:
        try:
            stored = json.loads((self.directory / "position").read_bytes())
            return Position(int(stored["segment"]), int(stored["offset"]))
        except (FileNotFoundError, ValueError, TypeError, KeyError):
            # Unknown means "nothing is stored": lines come twice, which changes nothing in the store.
            return Position()

    def _scan(self) -> None:
        segments: list[int] = []
        self.depth = self.size = 0
        for path in self.directory.glob("facts-*.jsonl"):
            number = int(path.stem.removeprefix("facts-"))
            if number < self._position.segment:
                path.unlink(missing_ok=True)
                continue
            segments.append(number)
            self.size += path.stat().st_size
            self.depth += count_lines(path, self._start_in(number))
        self._segments = tuple(sorted(segments))

    def _start_in(self, segment: int) -> int:
        return self._position.offset if segment == self._position.segment else 0

    def _path(self, segment: int) -> Path:
        return self.directory / f"facts-{segment:012d}.jsonl"

    def append(self, line: bytes) -> None:
        """On return the line outlives this process. Raises OSError; the line is then not in the spool."""
        if self._is_gone():
            self.close()
        self.open()
        data = line + b"\n"
        if self.size + len(data) > self._limit:
            raise OSError(errno.ENOSPC, f"the spool is at its limit of {self._limit // 1_000_000} MB")
        file = self._file
        if file is None or file.damaged or (file.size and file.size + len(data) > self._segment_limit):
            file = self._next_segment()
        file.write(data)
        self.size += len(data)
        self.depth += 1

    def _is_gone(self) -> bool:
        """Somebody deleted the directory: begin again, rather than write into a file nobody will ever read."""
        lock_is_gone = self._lock is not None and os.fstat(self._lock).st_nlink == 0
        return lock_is_gone or (self._file is not None and self._file.is_gone())

    def _next_segment(self) -> AppendFile:
        # Never a number that was used before, nor a file another process wrote: its last line may be torn.
        number = max((self._position.segment, *self._segments)) + 1
        file = AppendFile(self._path(number))
        if self._file is not None:
            self._file.close()
        self._file = file
        self._segments = (*self._segments, number)
        return file

    def read(self, limit: int) -> Stretch:
        """The next lines, at most `limit`, of one segment; no lines when all are stored. Raises OSError."""
        position, torn = self._position, 0
        lines: tuple[bytes, ...] = ()
        # The segments there are now: the last of them may still grow while it is read, so none is read behind it.
        for segment in self._segments:
            found = self._read_segment(segment, limit)
            position, lines = Position(segment, found.end), found.lines
            if lines:
                break
            torn += found.torn
        return Stretch(lines, position, torn)

    def _read_segment(self, segment: int, limit: int) -> Lines:
        start = self._start_in(segment)
        try:
            return read_lines(self._path(segment), start, limit)
        except FileNotFoundError:
            # Deleted by hand: what was in it is gone, what comes behind it is not.
            return Lines((), start, torn=False)

    def advance(self, stretch: Stretch) -> None:
        """The lines of `stretch` are stored: forget them.

        Where the position cannot be written, on a full disk, they come again after a restart.
        """
        self._position = stretch.end
        self.depth -= len(stretch.lines)
        self.torn += stretch.torn
        stored = {"segment": stretch.end.segment, "offset": stretch.end.offset}
        with suppress(OSError):
            replace_file(self.directory / "position", json.dumps(stored).encode())
        done = [segment for segment in self._segments if segment < self._position.segment]
        self._segments = tuple(segment for segment in self._segments if segment not in done)
        for segment in done:
            with suppress(OSError):  # the next start tries again
                path = self._path(segment)
                size = path.stat().st_size
                path.unlink()
                self.size -= size

    def sync(self) -> None:
        """Against loss of power: wait until the disk itself has every line. May run in another thread. Raises OSError."""
        for segment in self._segments:
            with suppress(FileNotFoundError), self._path(segment).open("rb") as file:
                os.fdatasync(file.fileno())

    def close(self) -> None:
        """Leave the directory to another process."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
