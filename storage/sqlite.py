"""Connections to one SQLite file: its settings, its threads, and the check that it is still the same file.

`database.py` makes transactions of them, for SQLite and PostgreSQL alike.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import aiosqlite
from sqlalchemy import URL, Connection, event, exc
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from storage.settings import StorageSettings

# As an execution option `begin`: asks for the write lock at once, since a transaction that has read cannot wait for it.
IMMEDIATELY = "BEGIN IMMEDIATE"


def sqlite_path(url: URL) -> Path:
    return Path(url.database or "").absolute()


class SqliteThreads:
    """aiosqlite works in a thread per connection, and leaves it running when a connection fails or is cut off."""

    def __init__(self) -> None:
        self._threads: set[Thread] = set()

    def connect(self, *arguments: Any, **options: Any) -> aiosqlite.Connection:
        connection = aiosqlite.connect(*arguments, **options)
        thread = connection._thread
        thread.daemon = True  # a lock that never ends shall not keep the process alive
        self._threads = {thread, *(thread for thread in self._threads if thread.is_alive())}
        return connection

    async def ended(self, patience: float) -> None:
        """Wait, at most `patience` seconds each, for threads to end: afterwards none speaks to a loop that is closed."""
        for thread in self._threads:
            await asyncio.to_thread(thread.join, patience)


def sqlite_engine(
    settings: StorageSettings, path: Path, threads: SqliteThreads, *, create: bool, **bounds: Any
) -> AsyncEngine:
    # Never created by accident: an empty database in place of one that is not mounted would look like no calls at all.
    file = f"file:{quote(str(path))}?mode={'rwc' if create else 'rw'}"
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=file, query={"uri": "true"}),
        poolclass=AsyncAdaptedQueuePool,
        connect_args={
            "async_creator_fn": threads.connect,
            "timeout": settings.busy_timeout_seconds,
            "isolation_level": None,  # we say BEGIN ourselves, below
        },
        **bounds,
    )

    @event.listens_for(engine.sync_engine, "connect")
    def prepare(connection: Any, record: Any) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        # FULL: a committed batch survives a loss of power, since the spool forgets it; one fsync per batch is cheap.
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        record.info["file"] = _identity(path)

    @event.listens_for(engine.sync_engine, "checkout")
    def still_the_same_file(connection: Any, record: Any, proxy: Any) -> None:  # noqa: ARG001
        if record.info["file"] != _identity(path):
            raise exc.DisconnectionError(f"{path} was deleted or replaced")

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands there: SQLite would go on writing into one that was deleted, and all would be lost."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
