"""Connections and transactions: what is refused, what waits for whom, what survives."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from hotline.ports import StorageUnavailable
from storage.database import Database
from storage.errors import BadDatabaseUrl
from storage.migration import upgrade
from storage.schema import calls
from storage.settings import StorageSettings
from storage.statements import save_calls
from storage.store import SqlStore
from tests.storage.facts import missed_call
from tests.storage.places import names_in, only_sqlite, quick


@pytest.mark.parametrize(
    "url",
    [
        "nonsense",
        "mysql://root:secret@host/calls",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://user:secret@host:port/calls",
        "oracle+what://x:secret@y/z",
    ],
)
def test_a_url_that_names_no_database_of_ours_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(BadDatabaseUrl, match="write sqlite:///PATH or postgresql://USER@HOST/NAME") as reason:
        Database(StorageSettings(data_dir=tmp_path, url=url))
    assert "secret" not in str(reason.value)
    assert "secret" not in repr(StorageSettings(url=url))


async def test_a_path_may_hold_signs_that_mean_something_in_a_url(tmp_path: Path) -> None:
    settings = quick(tmp_path / "50% of #1 & 王")
    await upgrade(settings)
    assert (settings.data_dir / "threerings.db").is_file()
    database = Database(settings)
    await SqlStore(database).save([missed_call()])
    await database.close()


async def test_a_database_that_was_never_made_is_not_made_by_accident(tmp_path: Path) -> None:
    database = Database(quick(tmp_path))
    with pytest.raises(StorageUnavailable, match="unable to open database file"):
        await SqlStore(database).call("main", "1")
    assert names_in(tmp_path) == []
    await database.close()


@only_sqlite
async def test_a_commit_survives_a_loss_of_power(settings: StorageSettings) -> None:
    database = Database(settings)
    async with database.writing() as connection:
        pragmas = [
            (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]
    assert pragmas == ["wal", 2, 1, 200]
    await database.close()


async def test_who_reads_before_writing_waits_for_another_writer(settings: StorageSettings) -> None:
    database = Database(replace(settings, busy_timeout_seconds=10))

    async def read_then_write(number: int) -> None:
        async with database.writing() as connection:
            await connection.execute(select(calls.c.call_id))
            await asyncio.sleep(0.01)
            await save_calls(connection, [missed_call(number)])

    await asyncio.gather(*(read_then_write(number) for number in range(10)))
    assert (await SqlStore(database).counts()).calls == 10
    await database.close()


async def test_readers_leave_a_connection_to_the_writer(settings: StorageSettings) -> None:
    """However many pages and reports are open: calls go on being stored."""
    database = Database(replace(settings, connections=3))
    store = SqlStore(database)
    async with AsyncExitStack() as reports:
        for _ in range(2):
            connection = await reports.enter_async_context(database.reading())
            await connection.execute(select(calls.c.call_id))
        with pytest.raises(StorageUnavailable):
            await store.call("main", "1")
        await store.save([missed_call()])
    assert await store.call("main", missed_call().call_id) == missed_call()
    await database.close()
