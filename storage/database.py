"""One database, SQLite or PostgreSQL: connections with bounds and deadlines, transactions, errors in two kinds.

What goes wrong comes out as `StorageUnavailable` (try again later) or `FactRejected` (never will). When in doubt it is
the first: a fact then waits on disk and an alarm is on, rather than being set aside. Tables are in `schema.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import URL, Connection, event, exc, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from hotline.ports import StorageUnavailable
from storage.errors import BadDatabaseUrl, FactRejected
from storage.settings import StorageSettings

# SQLSTATE classes that speak about a value: data exception, integrity constraint violation.
_SQLSTATES_OF_VALUES = ("22", "23")


class Database:
    """Transactions on one database. At most `connections` are open, one of them kept free for writing."""

    def __init__(self, settings: StorageSettings, *, create: bool = False) -> None:
        """Connects on first use. `create`: a missing SQLite file is made. Raises BadDatabaseUrl."""
        url = parse_url(settings.database_url())
        self.name = url.render_as_string(hide_password=True)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._patience = settings.busy_timeout_seconds
        self._engine = _sqlite(settings, url, create=create) if self.is_sqlite else _postgresql(settings, url)
        self._reader, self._writer = self._engine, self._engine
        if self.is_sqlite:
            # Asks for the write lock at once: a transaction that reads first cannot wait for it later.
            self._writer = self._engine.execution_options(begin="BEGIN IMMEDIATE")
        else:
            # A record is read by several statements; they shall see one state.
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
        self._readers = asyncio.Semaphore(max(1, settings.connections - 1))

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """All that is done is kept, or nothing. Raises StorageUnavailable, FactRejected."""
        with _translated(self.name):
            async with self._writer.begin() as connection:
                yield connection

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """Everything is read from one state of the database. Raises StorageUnavailable."""
        with _translated(self.name):
            async with asyncio.timeout(self._patience):
                await self._readers.acquire()
            try:
                async with self._reader.begin() as connection:
                    yield connection
            finally:
                self._readers.release()

    async def close(self) -> None:
        await self._engine.dispose()


def parse_url(text: str) -> URL:
    """The URL with the driver we use. Raises BadDatabaseUrl, which never shows a password."""
    try:
        url = make_url(text)
        backend = url.get_backend_name()
    except (exc.ArgumentError, ValueError) as error:
        raise BadDatabaseUrl(
            "storage.url is no URL: write sqlite:///PATH or postgresql://USER@HOST/NAME"
        ) from error
    if backend == "sqlite" and url.database not in {None, "", ":memory:"}:
        return url.set(drivername="sqlite+aiosqlite")
    if backend == "postgresql":
        return url.set(drivername="postgresql+asyncpg")
    raise BadDatabaseUrl(
        f"storage.url: cannot keep calls in {url.render_as_string(hide_password=True)}:"
        " write sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


def sqlite_path(url: URL) -> Path:
    return Path(url.database or "").absolute()


def _sqlite(settings: StorageSettings, url: URL, *, create: bool) -> AsyncEngine:
    path = sqlite_path(url)
    # Never created by accident: an empty database in place of one that is not mounted would look like no calls at all.
    file = f"file:{quote(str(path))}?mode={'rwc' if create else 'rw'}"
    engine = create_async_engine(
        URL.create("sqlite+aiosqlite", database=file, query={"uri": "true"}),
        poolclass=AsyncAdaptedQueuePool,
        connect_args={"timeout": settings.busy_timeout_seconds, "isolation_level": None},
        **_bounds(settings),
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


def _postgresql(settings: StorageSettings, url: URL) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_pre_ping=True,
        connect_args={
            "timeout": settings.connect_timeout_seconds,
            "command_timeout": settings.command_timeout_seconds,
            "server_settings": {"application_name": "threerings"},
        },
        **_bounds(settings),
    )


def _bounds(settings: StorageSettings) -> dict[str, Any]:
    return {
        "pool_size": settings.connections,
        "max_overflow": 0,
        "pool_timeout": settings.busy_timeout_seconds,
        # Values are callers' numbers and names: they have no place in an error message.
        "hide_parameters": True,
    }


@contextmanager
def _translated(name: str) -> Iterator[None]:
    try:
        yield
    except (exc.SQLAlchemyError, OSError) as error:
        reason = _first_line(error)
        if _speaks_of_a_value(error):
            raise FactRejected(f"{name} does not take a fact: {reason}") from error
        raise StorageUnavailable(f"{name}: {reason}") from error


def _speaks_of_a_value(error: Exception) -> bool:
    if isinstance(error, exc.DBAPIError):
        sqlstate = getattr(error.orig, "sqlstate", None) or ""
        return isinstance(error, exc.IntegrityError | exc.DataError) or sqlstate.startswith(
            _SQLSTATES_OF_VALUES
        )
    return isinstance(error, exc.StatementError) and isinstance(error.orig, ValueError | TypeError)


def _first_line(error: Exception) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).partition("\n")[0] or type(original).__name__
