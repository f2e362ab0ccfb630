"""A copy of the database, taken while the service runs.

SQLite through its own backup interface, in a thread; PostgreSQL through its own `pg_dump`, which has to be installed.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import URL

from storage.append_file import FILE_MODE
from storage.database import parse_url, shown
from storage.errors import BackupFailed
from storage.sqlite import sqlite_path

Progress = Callable[[int, int], None]
"""Called now and then with (pages done, pages in all), from another thread; never for PostgreSQL."""

# 1 MB at a time: progress to show, and other threads are never kept waiting.
_PAGES_AT_ONCE = 256

_CONNECT_SECONDS = "10"


async def backup(url: str, target: Path, progress: Progress | None = None) -> None:
    """Write the database as it is now to `target`, which must not exist yet.

    SQLite: a database file, ready to be used. PostgreSQL: an archive for `pg_restore`. Raises BackupFailed,
    BadDatabaseUrl. When it fails, no `target` is left.
    """
    parsed = parse_url(url)
    try:
        with _new_file(target) as part:
            if parsed.get_backend_name() == "sqlite":
                await asyncio.to_thread(_copy, sqlite_path(parsed), part, progress)
            else:
                await _dump(parsed, part)
    except (OSError, sqlite3.Error) as error:
        raise BackupFailed(f"cannot back up to {target}: {error}") from error


@contextmanager
def _new_file(target: Path) -> Iterator[Path]:
    """Another name to write to first, so that a half-written file is never taken for a backup."""
    if target.exists():
        raise BackupFailed(f"{target} exists already: name another file")
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)
    try:
        part.touch(mode=FILE_MODE)
        yield part
        part.rename(target)
    finally:
        part.unlink(missing_ok=True)


def _copy(source: Path, target: Path, progress: Progress | None) -> None:
    def report(status: int, remaining: int, total: int) -> None:  # noqa: ARG001
        if progress is not None:
            progress(total - remaining, total)

    with (
        closing(sqlite3.connect(f"{source.as_uri()}?mode=ro", uri=True, isolation_level=None)) as reading,
        closing(sqlite3.connect(target)) as writing,
    ):
        # One state from the first page to the last: without it each write of the service would begin the copy anew.
        reading.execute("BEGIN")
        reading.execute("SELECT 1 FROM sqlite_master")
        reading.backup(writing, pages=_PAGES_AT_ONCE, progress=report, sleep=0)


async def _dump(url: URL, target: Path) -> None:
    command = ["pg_dump", "--format=custom", "--no-password", f"--file={target}"]
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | _connection_variables(url),
            stdin=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )
    except FileNotFoundError as error:
        raise BackupFailed(
            f"pg_dump is not installed: install PostgreSQL's client, or run elsewhere"
            f" `pg_dump --format=custom --file={target.stem} {shown(url)}`"
        ) from error
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = said.decode(errors="replace").strip().replace("\n", " ")
        raise BackupFailed(f"pg_dump failed: {reason}")


def _connection_variables(url: URL) -> dict[str, str]:
    """As the environment: a password in the arguments could be read by every user of the machine."""
    host = url.host or url.query.get("host")
    known = {
        "PGHOST": host if isinstance(host, str) else None,
        "PGPORT": str(url.port) if url.port else None,
        "PGUSER": url.username,
        "PGPASSWORD": url.password,
        "PGDATABASE": url.database,
        "PGCONNECT_TIMEOUT": _CONNECT_SECONDS,
    }
    return {name: value for name, value in known.items() if value}
