"""The database is locked, full, deleted or stopped while calls go on: none is lost, none is kept twice."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.ports import StorageUnavailable
from hotline.records import CallRecord
from storage.database import Database
from storage.migration import upgrade
from storage.settings import StorageSettings
from storage.store import SqlStore
from storage.writer import FactWriter
from tests.postgres import Postgres
from tests.storage.facts import missed_call
from tests.storage.places import Diary, files_end_at, only_postgresql, only_sqlite, until

CALLS = [missed_call(number, tried=3) for number in range(60)]


class Service:
    def __init__(self, settings: StorageSettings) -> None:
        self.database = Database(settings)
        self.store = SqlStore(self.database)
        self.diary = Diary()
        self.writer = FactWriter(self.store, settings, observer=self.diary)

    def take(self, calls: list[CallRecord]) -> None:
        for call in calls:
            self.writer.take(call)

    async def is_away_with(self, depth: int) -> None:
        await until(lambda: not self.writer.available)
        assert self.writer.depth == depth
        assert self.diary.waiting[0] == depth

    async def has_everything(self, calls: list[CallRecord]) -> None:
        await until(lambda: self.writer.depth == 0)
        assert list((await self.store.calls(limit=1000)).calls) == calls
        assert (await self.store.counts()).attempts == 3 * len(calls)
        assert (self.writer.rejected, self.writer.refused) == (0, 0)
        assert [told for told in self.diary.told if "store" in told] == ["store lost", "store back"]


@asynccontextmanager
async def life(settings: StorageSettings) -> AsyncIterator[Service]:
    service = Service(settings)
    running = asyncio.create_task(service.writer.run())
    try:
        yield service
    finally:
        running.cancel()
        await asyncio.wait([running])
        service.writer.close()
        await service.database.close()


def sqlite_file(settings: StorageSettings) -> Path:
    return settings.data_dir / "threerings.db"


@only_sqlite
async def test_a_locked_database(settings: StorageSettings) -> None:
    """Another program holds the lock for longer than a statement waits."""
    async with life(settings) as service:
        service.take(CALLS[:20])
        await until(lambda: service.writer.depth == 0)
        with closing(sqlite3.connect(sqlite_file(settings), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            service.take(CALLS[20:])
            await service.is_away_with(40)
            # Reading goes on: pages are shown while a backup or a report holds the lock.
            assert len((await service.store.calls()).calls) == 20
            other.execute("ROLLBACK")
        await service.has_everything(CALLS)


@only_sqlite
async def test_stopping_while_the_database_is_locked(settings: StorageSettings) -> None:
    async with life(settings) as service:
        with closing(sqlite3.connect(sqlite_file(settings), isolation_level=None)) as other:
            other.execute("BEGIN EXCLUSIVE")
            service.take(CALLS)
            assert await service.writer.drain(timedelta(seconds=0.3)) == 60
    async with life(settings) as next_life:
        await until(lambda: next_life.writer.depth == 0)
        assert list((await next_life.store.calls(limit=1000)).calls) == CALLS


@only_sqlite
async def test_a_full_disk(settings: StorageSettings) -> None:
    """Neither the database nor the spool can grow, and facts wait in memory; then there is room again."""
    async with life(settings) as service:
        with files_end_at(sqlite_file(settings).stat().st_size // 2):
            service.take(CALLS)
            await service.is_away_with(60)
        await service.has_everything(CALLS)


@only_sqlite
@pytest.mark.parametrize("back", ["the same file", "a new file"])
async def test_a_database_that_is_gone(settings: StorageSettings, back: str) -> None:
    """An unmounted disk, a file moved away: nothing is written into a file that nobody will find."""
    path = sqlite_file(settings)
    async with life(settings) as service:
        service.take(CALLS[:1])
        await until(lambda: service.writer.depth == 0)
        aside = path.with_name("aside")
        path.rename(aside)
        service.take(CALLS[1:])
        await service.is_away_with(59)
        assert not path.exists()
        if back == "the same file":
            aside.rename(path)
        else:
            for left in path.parent.glob("threerings.db-*"):
                left.unlink()
            await upgrade(settings)
        await service.has_everything(CALLS if back == "the same file" else CALLS[1:])


@only_sqlite
async def test_a_database_without_tables_is_waited_for(empty: StorageSettings) -> None:
    async with life(empty) as service:
        service.take(CALLS)
        await service.is_away_with(60)
        await upgrade(empty)
        await service.has_everything(CALLS)


@only_postgresql
async def test_a_server_that_is_stopped_and_started(settings: StorageSettings, postgres: Postgres) -> None:
    async with life(settings) as service:
        service.take(CALLS[:20])
        await until(lambda: service.writer.depth == 0)
        postgres.stop()
        try:
            service.take(CALLS[20:])
            await service.is_away_with(40)
        finally:
            postgres.start()
        await service.has_everything(CALLS)


@only_postgresql
async def test_a_table_locked_by_somebody(settings: StorageSettings) -> None:
    """Not even a lock without end stops the service for longer than one statement may take."""
    impatient = replace(settings, command_timeout_seconds=0.3)
    other = Database(settings)
    async with life(impatient) as service:
        async with other.writing() as connection:
            await connection.exec_driver_sql("LOCK TABLE calls IN ACCESS EXCLUSIVE MODE")
            service.take(CALLS)
            await service.is_away_with(60)
        await service.has_everything(CALLS)
    await other.close()


@only_postgresql
async def test_two_services_write_the_same_calls_at_once(settings: StorageSettings) -> None:
    """Two listeners of one PBX: they wait for each other, nothing is refused or doubled."""
    patient = replace(settings, busy_timeout_seconds=10)
    first, second = Database(patient), Database(patient)
    both = ((first, CALLS), (second, CALLS[::-1]))
    await asyncio.gather(*(SqlStore(database).save(calls) for _ in range(20) for database, calls in both))
    assert list((await SqlStore(first).calls()).calls) == CALLS
    assert (await SqlStore(first).counts()).attempts == 180
    await first.close()
    await second.close()


async def test_a_server_that_never_answers(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"postgresql://threerings:secret@127.0.0.1:{silent.getsockname()[1]}/calls"
        database = Database(StorageSettings(data_dir=tmp_path, url=url, connect_timeout_seconds=0.2))
        with pytest.raises(StorageUnavailable) as reason:
            await SqlStore(database).save(CALLS[:1])
        assert "secret" not in str(reason.value)
        assert "\n" not in str(reason.value)
        await database.close()
