"""What has been heard of the calls that are under way, on disk: a restart after kill -9 goes on with them.

Entries are opaque JSON objects; who makes and reads them is `app`. A call that ended is forgotten after its record
went to `FactWriter.take`, so between the two it may be there twice, never not at all. The file only grows until it is
rewritten without the calls that ended.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from storage.append_file import DIRECTORY_MODE, AppendFile, read_lines, replace_file
from storage.observer import LogObserver, StorageObserver
from storage.settings import StorageSettings

Json = dict[str, Any]

# Rewriting takes some milliseconds per megabyte that stays.
REWRITE_BYTES = 4_000_000

# Calls under way never come near this; a PBX whose calls never end must not fill the memory.
MOST_BYTES = 64_000_000

# While the disk takes nothing, one try per so many entries: each try writes all that is known.
_TRY_EVERY = 100


class OpenEntry(NamedTuple):
    call_id: str
    entry: Json


class _Line(NamedTuple):
    number: int
    data: bytes


class OpenCalls:
    """Belongs to one thread. `on_disk`: all that is known is on disk; `refused`: entries beyond `MOST_BYTES`, lost."""

    def __init__(self, settings: StorageSettings, observer: StorageObserver | None = None) -> None:
        self._path = settings.data_dir / "open-calls.jsonl"
        self._observer = observer or LogObserver()
        self._lines: dict[str, list[_Line]] = {}
        self._recorded = 0
        self._open_bytes = 0
        self._file: AppendFile | None = None
        self._since_failure = 0
        self.on_disk = True
        self.refused = 0

    def load(self) -> list[OpenEntry]:
        """What was heard of the calls under way when the last process ended, in the order it was recorded.

        Call it once, before anything is recorded. Raises OSError.
        """
        for line in self._read():
            try:
                content = json.loads(line)
                call_id, over = content["call"], "entry" not in content
            except (ValueError, TypeError, KeyError):
                continue  # a line cut short, or not ours: what is left of the call is better than nothing
            if over:
                self._drop(call_id)
            else:
                self._keep(call_id, line + b"\n")
        return [_entry(line.data) for line in self._in_order()]

    def _read(self) -> Iterator[bytes]:
        start = 0
        while self._path.exists():
            found = read_lines(self._path, start, 10_000)
            if not found.lines:
                break
            yield from found.lines
            start = found.end

    def record(self, call_id: str, entry: Json) -> None:
        """On return the entry survives kill -9 (while `on_disk`). Never raises."""
        data = _line({"call": call_id, "entry": entry})
        if self._open_bytes + len(data) > MOST_BYTES:
            self.refused += 1
            if self.refused == 1:
                self._observer.open_calls_lost(
                    f"more than {MOST_BYTES // 1_000_000} MB of calls are under way"
                )
            return
        self._keep(call_id, data)
        self._append(data)

    def forget(self, call_id: str) -> None:
        """The call is over and its record is safe. Unknown calls are no error. Never raises."""
        if self._drop(call_id):
            self._append(_line({"call": call_id}))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _keep(self, call_id: str, data: bytes) -> None:
        self._recorded += 1
        self._open_bytes += len(data)
        self._lines.setdefault(call_id, []).append(_Line(self._recorded, data))

    def _drop(self, call_id: str) -> bool:
        lines = self._lines.pop(call_id, [])
        self._open_bytes -= sum(len(line.data) for line in lines)
        return bool(lines)

    def _in_order(self) -> list[_Line]:
        return sorted(line for lines in self._lines.values() for line in lines)

    def _append(self, data: bytes) -> None:
        """`data` is known to memory already, so rewriting the file is as good as appending to it."""
        if not self.on_disk:
            self._since_failure += 1
            if self._since_failure % _TRY_EVERY:
                return
        try:
            if self._needs_rewriting():
                self._rewrite()
            elif self._file is not None:
                self._file.write(data)
        except OSError as error:
            self.close()
            self._failed(str(error))
        else:
            self._works()

    def _needs_rewriting(self) -> bool:
        file = self._file
        too_long = max(REWRITE_BYTES, 2 * self._open_bytes)
        return file is None or file.damaged or file.size > too_long or file.is_gone()

    def _rewrite(self) -> None:
        self.close()
        self._path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        replace_file(self._path, b"".join(line.data for line in self._in_order()))
        self._file = AppendFile(self._path)

    def _failed(self, reason: str) -> None:
        if self.on_disk:
            self.on_disk = False
            self._since_failure = 0
            self._observer.open_calls_lost(reason)

    def _works(self) -> None:
        if not self.on_disk:
            self.on_disk = True
            self._observer.open_calls_back()


def _line(content: Json) -> bytes:
    return json.dumps(content, separators=(",", ":")).encode("ascii") + b"\n"


def _entry(data: bytes) -> OpenEntry:
    content = json.loads(data)
    return OpenEntry(content["call"], content["entry"])
