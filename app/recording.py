"""Raw AMI bytes into a file, and what is in them so far: how much, how many events and calls. For `threerings record`.

The bytes come from the socket as they were sent; `threerings replay` reads the file. Nothing is buffered here: what was
heard survives kill -9.
"""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from app.replay import Replay
from hotline.directory import Directory
from hotline.records import CallRecord

FILE_MODE = 0o600  # caller numbers are in it


class Recording:
    """`with Recording(path, ...) as recording`; then `write`. Entering raises FileExistsError and other OSErrors.

    `error` is what kept it from going on; from then on nothing more is written. A file without a byte is not left behind.
    """

    def __init__(self, path: Path, pbx: str, directory: Directory) -> None:
        self.path = path
        self.size = 0
        self.calls = 0
        self.error: OSError | None = None
        self._replay = Replay(pbx, directory)
        self._descriptor = -1

    def __enter__(self) -> Recording:
        self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
        if not self.size:
            self.path.unlink(missing_ok=True)

    @property
    def events(self) -> int:
        counts = self._replay.reader.counts
        return counts.messages + counts.dropped

    @property
    def open_calls(self) -> int:
        return len(self._replay.tracker.open_calls)

    def write(self, data: bytes) -> None:
        """Never raises."""
        if self.error is not None:
            return
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self.error = error
            return
        self.size += len(data)
        self.calls += sum(isinstance(fact, CallRecord) for fact in self._replay.feed(data))
