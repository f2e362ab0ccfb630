"""A file that only grows, and its lines: what spool, rejected facts and calls under way have in common.

One line is one `write(2)` of an unbuffered O_APPEND descriptor, so a line that was written survives kill -9 of this
process at any later instruction. A line cut short (full disk, power) has no newline at its end and is never shown.
"""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path

# Caller numbers are personal data: nobody but the service reads these files.
FILE_MODE = 0o600
DIRECTORY_MODE = 0o700

# One reading never takes more memory than this, however long the lines are (a single longer line still comes whole).
READ_BYTES = 4_000_000


class AppendFile:
    """`size` is the number of bytes in the file. After a failed write the file is as it was, or `damaged`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, FILE_MODE)
        self.size = os.fstat(self._descriptor).st_size
        self.damaged = False

    def write(self, data: bytes) -> None:
        """All of `data` or nothing. Raises OSError."""
        try:
            written = os.write(self._descriptor, data)
        except OSError:
            self._cut_back()
            raise
        if written < len(data):
            self._cut_back()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        self.size += written

    def _cut_back(self) -> None:
        try:
            os.ftruncate(self._descriptor, self.size)
        except OSError:
            self.damaged = True

    def is_gone(self) -> bool:
        """True when the file was deleted under our feet: what is written to it from now on would vanish."""
        return os.fstat(self._descriptor).st_nlink == 0

    def close(self) -> None:
        os.close(self._descriptor)


@dataclass(frozen=True, slots=True)
class Lines:
    """Complete lines without their newlines. `end`: the offset behind the last; `torn`: half a line stands there."""

    lines: tuple[bytes, ...]
    end: int
    torn: bool


def read_lines(path: Path, start: int, limit: int) -> Lines:
    """At most `limit` complete lines from offset `start` on. Raises OSError."""
    found: list[bytes] = []
    end = start
    with path.open("rb") as file:
        file.seek(start)
        while len(found) < limit and end - start < READ_BYTES:
            line = file.readline()
            if not line.endswith(b"\n"):
                return Lines(tuple(found), end, torn=bool(line))
            found.append(line[:-1])
            end += len(line)
    return Lines(tuple(found), end, torn=False)


def count_lines(path: Path, start: int) -> int:
    """Complete lines from offset `start` on. Raises OSError."""
    total = 0
    with path.open("rb") as file:
        file.seek(start)
        while block := file.read(1 << 20):
            total += block.count(b"\n")
    return total


def replace_file(path: Path, data: bytes) -> None:
    """`path` holds `data` or what it held before, never half of it. Raises OSError."""
    new = path.with_name(path.name + ".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, FILE_MODE)
    try:
        if os.write(descriptor, data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(new))
    finally:
        os.close(descriptor)
    new.replace(path)
