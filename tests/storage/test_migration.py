"""Tables made and extended: up to date, at once, and refused where they are of another program."""

from __future__ import annotations

import asyncio
import os
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, create_mock_engine, inspect, text
from sqlalchemy.schema import CreateTable

from storage.database import Database
from storage.errors import SchemaMismatch
from storage.migration import check, upgrade
from storage.schema import metadata
from storage.settings import StorageSettings
from tests.storage.places import SQLITE, only_postgresql, only_sqlite


def _differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


def _collations(connection: Connection) -> set[str | None]:
    columns = [column for table in metadata.tables for column in inspect(connection).get_columns(table)]
    return {
        getattr(column["type"], "collation", None)
        for column in columns
        if str(column["type"]).startswith("TEXT")
    }


async def test_the_migrations_make_the_tables_that_the_program_knows(settings: StorageSettings) -> None:
    database = Database(settings)
    async with database.writing() as connection:
        assert await connection.run_sync(_differences) == []
        if not database.is_sqlite:
            assert await connection.run_sync(_collations) == {"C"}
    await check(database)
    await database.close()


def test_text_sorts_by_code_point_in_postgresql_as_it_does_in_sqlite() -> None:
    dialect = create_mock_engine("postgresql+asyncpg://", lambda *_: None).dialect
    made = "".join(str(CreateTable(table).compile(dialect=dialect)) for table in metadata.sorted_tables)
    assert made.count("TEXT") == made.count('TEXT COLLATE "C"') > 20


async def test_upgrading_what_is_up_to_date_changes_nothing(settings: StorageSettings) -> None:
    assert await upgrade(settings) == await upgrade(settings)


@only_postgresql
async def test_two_upgrades_at_once_wait_for_each_other(empty: StorageSettings) -> None:
    revisions = await asyncio.gather(*(upgrade(empty) for _ in range(3)))
    assert len(set(revisions)) == 1


@only_sqlite
async def test_the_file_is_for_its_owner_only(empty: StorageSettings) -> None:
    before = os.umask(0)
    try:
        await upgrade(empty)
    finally:
        os.umask(before)
    made = [empty.data_dir, *empty.data_dir.iterdir()]
    assert {path.name: path.stat().st_mode & 0o077 for path in made if path.stat().st_mode & 0o077} == {}


async def test_a_database_of_a_newer_program_is_refused_in_one_line(settings: StorageSettings) -> None:
    database = Database(settings)
    async with database.writing() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SchemaMismatch, match="at revision 9999, newer than this program") as reason:
        await check(database)
    assert "\n" not in str(reason.value)
    with pytest.raises(SchemaMismatch, match="newer than this program"):
        await upgrade(settings)
    await database.close()


@pytest.mark.parametrize("empty", [SQLITE], indirect=True)
async def test_a_database_without_tables_is_told_with_what_to_do(empty: StorageSettings) -> None:
    empty.data_dir.mkdir()
    (empty.data_dir / "threerings.db").touch()
    database = Database(empty)
    with pytest.raises(SchemaMismatch, match="has no tables yet: run `threerings db upgrade`"):
        await check(database)
    await database.close()
