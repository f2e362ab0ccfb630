"""The raw bytes of one PBX's manager interface in rotating files, each valid input for `threerings replay`.

Bytes come in as they were read from the socket. One `write(2)` per chunk into the page cache of a local disk: some
microseconds, and what was written survives kill -9. What the bytes mean is nobody's business here.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from storage.append_file import DIRECTORY_MODE, AppendFile
from storage.observer import LogObserver, StorageObserver
from storage.settings import StorageSettings

MESSAGE_END = b"\r\n\r\n"

# A link that comes and goes makes many small files: this bounds their number where their size does not.
_MOST_FILES = 1_000


class Journal:
    """Keeps the newest files as far as they fit into `journal.files` x `journal.file_mb`.

    A file ends with a message soon after `file_mb`, or with the connection. `available` turns False with the
    first error and stays so: a journal with holes would replay into calls that never were. `written` counts bytes.
    """

    def __init__(self, settings: StorageSettings, pbx: str, observer: StorageObserver | None = None) -> None:
        self._directory = settings.journal_directory()
        self._prefix = f"{quote(pbx, safe='')}-"
        self._file_bytes = int(settings.journal.file_mb * 1_000_000)
        self._total_bytes = settings.journal.files * self._file_bytes
        self._observer = observer or LogObserver()
        self._file: AppendFile | None = None
        self._tail = b""
        self.available = settings.journal.enabled
        self.written = 0

    def write(self, chunk: bytes) -> None:
        """Bytes in the order they were read, cut anywhere. Never raises."""
        if not self.available:
            return
        try:
            self._write(chunk)
        except OSError as error:
            self.available = False
            self._observer.journal_lost(str(error))
            self.close()

    def _write(self, chunk: bytes) -> None:
        file = self._file or self._next_file()
        if file.size >= self._file_bytes:
            cut = self._message_end_in(chunk)
            # A stream without any end of a message is no AMI; it shall not fill the disk nevertheless.
            if cut is None and file.size >= 2 * self._file_bytes:
                cut = 0
            if cut is not None:
                file.write(chunk[:cut])
                self.written += cut
                file, chunk = self._next_file(), chunk[cut:]
        file.write(chunk)
        self.written += len(chunk)
        self._tail = (self._tail + chunk)[-len(MESSAGE_END) :]

    def _message_end_in(self, chunk: bytes) -> int | None:
        """Where in `chunk` the next message begins; 0 when what was written ends with a message."""
        found = (self._tail + chunk).find(MESSAGE_END)
        return None if found < 0 else found + len(MESSAGE_END) - len(self._tail)

    def _next_file(self) -> AppendFile:
        self.close()
        self._directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        files = self._existing()
        self._delete_oldest(files)
        number = 1 + (self._number(files[-1]) if files else 0)
        self._file = AppendFile(self._directory / f"{self._prefix}{number:06d}.ami")
        return self._file

    def _existing(self) -> list[Path]:
        files = self._directory.glob("*.ami")
        return sorted((path for path in files if self._is_ours(path)), key=self._number)

    def _is_ours(self, path: Path) -> bool:
        return path.name.startswith(self._prefix) and path.stem.removeprefix(self._prefix).isdecimal()

    def _number(self, path: Path) -> int:
        return int(path.stem.removeprefix(self._prefix))

    def _delete_oldest(self, files: list[Path]) -> None:
        total = 0
        for age, path in enumerate(reversed(files), start=1):
            total += path.stat().st_size
            if total > self._total_bytes or age >= _MOST_FILES:
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """The connection ended, perhaps in mid-message: what comes next is a stream of its own, in a new file."""
        if self._file is not None:
            self._file.close()
            self._file = None
        self._tail = b""
