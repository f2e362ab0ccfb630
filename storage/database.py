"""One database, SQLite or PostgreSQL: connections with bounds and deadlines, transactions, errors in two kinds.

What goes wrong comes out as `StorageUnavailable` (try again later) or `FactRejected` (never will). When in doubt it is
the first: a fact then waits on disk and an alarm is on, rather than being set aside. Tables are in `schema.py`, what is
special about SQLite in `sqlite.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from sqlalchemy import URL, exc, make_url
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from hotline.ports import StorageUnavailable
from storage.errors import BadDatabaseUrl, FactRejected
from storage.settings import StorageSettings
from storage.sqlite import IMMEDIATELY, SqliteThreads, sqlite_engine, sqlite_path

# SQLSTATE classes that speak about a value: data exception, constraint violated, limit exceeded (a text in an index).
_SQLSTATES_OF_VALUES = ("22", "23", "54")


class Database:
    """Transactions on one database. At most `connections` are open, one of them kept free for writing."""

    def __init__(self, settings: StorageSettings, *, create: bool = False) -> None:
        """Connects on first use. `create`: a missing SQLite file is made. Raises BadDatabaseUrl."""
        url = parse_url(settings.database_url())
        self.name = shown(url)
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._patience = settings.busy_timeout_seconds
        self._threads = SqliteThreads()
        if self.is_sqlite:
            path = sqlite_path(url)
            self._engine = sqlite_engine(settings, path, self._threads, create=create, **_bounds(settings))
            self._reader, self._writer = self._engine, self._engine.execution_options(begin=IMMEDIATELY)
        else:
            self._engine = _postgresql_engine(settings, url)
            # A record is read by several statements; they shall see one state.
            self._reader = self._engine.execution_options(isolation_level="REPEATABLE READ")
            self._writer = self._engine
        self._readers = asyncio.Semaphore(settings.connections - 1)

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
        await self._threads.ended(self._patience + 1)


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
        f"storage.url: cannot keep calls in {shown(url)}: write sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


def shown(url: URL) -> str:
    """For messages: without driver and password."""
    return url.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def _postgresql_engine(settings: StorageSettings, url: URL) -> AsyncEngine:
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
