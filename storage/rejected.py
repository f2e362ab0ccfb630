"""Facts the database will never take, set aside with the reason so that a person can look at them.

One JSON object per line: `{"reason": ..., "line": the spool's line}`. Nothing reads the file but people.
"""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from storage.append_file import DIRECTORY_MODE, AppendFile

# Only defects of programs land here, so the first ones tell it all; what comes later is only counted.
LIMIT_BYTES = 16_000_000


class RejectedFile:
    """Queue policy: the first facts are kept; from `LIMIT_BYTES` on the rest is dropped."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, line: bytes, reason: str) -> None:
        """Raises OSError."""
        self.path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        entry = json.dumps({"reason": reason, "line": line.decode("utf-8", "replace")})
        with closing(AppendFile(self.path)) as file:
            if file.size < LIMIT_BYTES:
                file.write(entry.encode("ascii") + b"\n")
