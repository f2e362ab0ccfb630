"""Facts the database will never take, set aside with the reason so that a person can look at them.

One JSON object per line: `{"reason": ..., "line": the spool's line}`. Nothing reads the file but people.
"""

from __future__ import annotations

import errno
import json
from contextlib import closing
from pathlib import Path

from storage.append_file import DIRECTORY_MODE, AppendFile

# Only defects of programs land here, one fact now and then. Ten thousand of them are a sign that a person must look.
LIMIT_BYTES = 16_000_000


class RejectedFile:
    """When it is full nothing is dropped: the fact stays where it is, in the spool, and what is behind it waits."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, line: bytes, reason: str) -> None:
        """Raises OSError."""
        self.path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        entry = json.dumps({"reason": reason, "line": line.decode("utf-8", "replace")})
        with closing(AppendFile(self.path)) as file:
            if file.size >= LIMIT_BYTES:
                raise OSError(errno.ENOSPC, "it is full: look at what is in it, then move it away")
            file.write(entry.encode("ascii") + b"\n")
