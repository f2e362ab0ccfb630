"""The `storage` section of the configuration: where facts are kept and how patient the writer is.

Filled from YAML by `app/settings.py`; every field is documented once, here. All files live under `data_dir` unless
named otherwise, so that one directory is the whole state of the service.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


def _require_positive(section: str, **values: float) -> None:
    for name, value in values.items():
        if value <= 0:
            raise ValueError(f"{section}.{name}: {value} is not more than 0")


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """The raw bytes of the PBX's manager interface, kept for `threerings replay`. Raises ValueError."""

    enabled: bool = False
    """Off by default: it holds caller numbers in the clear and grows with all the PBX does, not only with calls."""

    directory: Path | None = None
    """Where the files go; default `journal` under `data_dir`."""

    file_mb: float = 64
    """Megabytes after which a new file begins: some hours of a busy PBX, and quick to send to somebody."""

    files: int = 16
    """How many full files are kept; the oldest goes first. 16 x 64 MB = 1 GB, some days of a busy PBX."""

    def __post_init__(self) -> None:
        _require_positive("storage.journal", file_mb=self.file_mb, files=self.files)


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """Where facts are kept. The defaults need no database server and no decision. Raises ValueError."""

    data_dir: Path = Path("/var/lib/threerings")
    """The directory the service may write to. A local disk: the spool is written while calls are being followed."""

    url: str | None = field(default=None, repr=False)
    """`sqlite:///PATH` or `postgresql://USER:PASSWORD@HOST/NAME`; default the file `threerings.db` under `data_dir`.

    SQLite carries some ten thousand calls a day on one machine; PostgreSQL is for several machines that read.
    """

    spool_dir: Path | None = None
    """Where facts wait until the database has them; default `spool` under `data_dir`. Best on the database's own disk
    or a better one."""

    spool_mb: float = 512
    """Megabytes the spool may hold while the database is away: some 250,000 calls, weeks of a busy hotline."""

    memory_facts: int = 10_000
    """Facts kept in memory when not even the spool can be written: about 20 MB. What exceeds it is refused, loudly."""

    batch_facts: int = 200
    """Facts per transaction. More would keep the event loop busy for more than some 20 ms while they are prepared."""

    batch_delay_seconds: float = 0.5
    """How long a fact waits for others to share its transaction: a wallboard does not notice half a second."""

    busy_timeout_seconds: float = 5.0
    """How long one statement waits for a lock (a backup, a report) before the database counts as away."""

    connect_timeout_seconds: float = 5.0
    """How long a PostgreSQL server may take to accept a connection."""

    command_timeout_seconds: float = 30.0
    """How long one PostgreSQL statement may take: the longest report over a year takes a few seconds."""

    connections: int = 5
    """Connections held at most, 2 or more: one writes, the others serve pages and reports."""

    retry_seconds: float = 0.5
    """Pause after the first failed try; it doubles with each further one, with jitter."""

    retry_max_seconds: float = 10.0
    """The longest pause: after an outage the facts are in the database within ten seconds."""

    journal: JournalSettings = JournalSettings()

    def __post_init__(self) -> None:
        _require_positive(
            "storage",
            spool_mb=self.spool_mb,
            batch_facts=self.batch_facts,
            busy_timeout_seconds=self.busy_timeout_seconds,
            connect_timeout_seconds=self.connect_timeout_seconds,
            command_timeout_seconds=self.command_timeout_seconds,
            retry_seconds=self.retry_seconds,
        )
        if self.memory_facts < 0 or self.batch_delay_seconds < 0:
            name = "memory_facts" if self.memory_facts < 0 else "batch_delay_seconds"
            raise ValueError(f"storage.{name}: is negative; 0 is the least")
        if self.connections < 2:
            raise ValueError(
                f"storage.connections: {self.connections} is too few; one writes, so 2 is the least"
            )
        if self.retry_max_seconds < self.retry_seconds:
            raise ValueError("storage.retry_max_seconds: is shorter than retry_seconds, the first pause")

    def database_url(self) -> str:
        return self.url or f"sqlite:///{self.data_dir / 'threerings.db'}"

    def spool_directory(self) -> Path:
        return self.spool_dir or self.data_dir / "spool"

    def journal_directory(self) -> Path:
        return self.journal.directory or self.data_dir / "journal"
