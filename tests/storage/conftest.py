"""Databases to test with: SQLite in a file, and a PostgreSQL server that runs as long as the tests do."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path

import pytest

from storage.database import Database
from storage.migration import upgrade
from storage.settings import StorageSettings
from storage.store import SqlStore
from tests.fakes.records import InMemoryStore
from tests.postgres import Postgres
from tests.storage.places import BOTH, MEMORY, quick

_database = count()


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    try:
        yield server
    finally:
        server.remove()


def _empty(engine: str, request: pytest.FixtureRequest, directory: Path) -> StorageSettings:
    if engine == "sqlite":
        return quick(directory / "data")
    server: Postgres = request.getfixturevalue("postgres")
    name = f"test{next(_database)}"
    server.sql(f"CREATE DATABASE {name}")
    return quick(directory / "data", server.url(name))


@pytest.fixture(params=BOTH)
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> StorageSettings:
    """A database without tables, on each engine."""
    return _empty(request.param, request, tmp_path)


@pytest.fixture
async def settings(empty: StorageSettings) -> StorageSettings:
    """A database with its tables, on each engine."""
    await upgrade(empty)
    return empty


@pytest.fixture
async def sql_store(settings: StorageSettings) -> AsyncIterator[SqlStore]:
    async with _open(settings) as store:
        yield store


@pytest.fixture(params=[*BOTH, MEMORY])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore | InMemoryStore]:
    """Every store there is: what holds for one holds for all."""
    if request.param == "memory":
        yield InMemoryStore()
        return
    settings = _empty(request.param, request, tmp_path)
    await upgrade(settings)
    async with _open(settings) as store:
        yield store


@asynccontextmanager
async def _open(settings: StorageSettings) -> AsyncIterator[SqlStore]:
    database = Database(settings)
    try:
        yield SqlStore(database)
    finally:
        await database.close()
