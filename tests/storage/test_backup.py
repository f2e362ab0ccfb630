"""Backups of both databases: whole, while calls are stored, and never over another file."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from storage.backup import backup
from storage.database import Database
from storage.errors import BackupFailed
from storage.settings import StorageSettings
from storage.store import SqlStore
from tests.postgres import Postgres
from tests.storage.facts import missed_call
from tests.storage.places import names_in, only_postgresql, only_sqlite

CALLS = [missed_call(number, tried=3) for number in range(200)]


@pytest.fixture
def only_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The only directory in which programs are looked for."""
    directory = tmp_path / "bin"
    directory.mkdir()
    monkeypatch.setenv("PATH", str(directory))
    yield directory


@only_sqlite
async def test_a_backup_of_sqlite_is_a_database_of_its_own(
    settings: StorageSettings, sql_store: SqlStore, tmp_path: Path
) -> None:
    await sql_store.save(CALLS)
    seen: list[tuple[int, int]] = []
    target = tmp_path / "backup.db"
    await backup(settings.database_url(), target, lambda done, total: seen.append((done, total)))
    assert seen[-1][0] == seen[-1][1] > 0
    assert target.stat().st_mode & 0o077 == 0
    copy = Database(replace(settings, url=f"sqlite:///{target}"))
    assert list((await SqlStore(copy).calls(limit=1000)).calls) == CALLS
    await copy.close()


@only_sqlite
async def test_a_backup_can_be_made_while_the_service_is_stopped(
    settings: StorageSettings, tmp_path: Path
) -> None:
    await backup(settings.database_url(), tmp_path / "backup.db")
    with closing(sqlite3.connect(tmp_path / "backup.db")) as copy:
        assert copy.execute("SELECT count(*) FROM calls").fetchone() == (0,)


@only_sqlite
async def test_calls_are_stored_while_the_backup_is_made(
    settings: StorageSettings, sql_store: SqlStore, tmp_path: Path
) -> None:
    """The copy is one state of the database, and never begins anew however often the service writes meanwhile."""
    for start in range(0, 4000, 1000):
        await sql_store.save([missed_call(number, tried=5) for number in range(start, start + 1000)])
    target = tmp_path / "backup.db"
    done: list[int] = []
    copying = asyncio.create_task(
        backup(settings.database_url(), target, lambda pages, _: done.append(pages))
    )
    written = 4000
    while not copying.done():
        await sql_store.save([missed_call(written, tried=5)])
        written += 1
    await copying
    assert written > 4000
    assert done == sorted(done)
    assert len(done) > 3
    with closing(sqlite3.connect(target)) as copy:
        [calls] = copy.execute("SELECT count(*) FROM calls").fetchone()
        [attempts] = copy.execute("SELECT count(*) FROM attempts").fetchone()
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert 4000 <= calls <= written
    assert attempts == 5 * calls


@only_sqlite
async def test_an_existing_file_is_never_overwritten(settings: StorageSettings, tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    with pytest.raises(BackupFailed, match="exists already: name another file"):
        await backup(settings.database_url(), target)
    assert target.read_text() == "precious"


@only_sqlite
async def test_a_backup_that_fails_leaves_nothing_behind(settings: StorageSettings, tmp_path: Path) -> None:
    with pytest.raises(BackupFailed, match="cannot back up to"):
        await backup(settings.database_url(), tmp_path / "no" / "such" / "directory" / "backup.db")
    with pytest.raises(BackupFailed, match="cannot back up to"):
        await backup(f"sqlite:///{tmp_path / 'none.db'}", tmp_path / "backup.db")
    assert names_in(tmp_path) == ["data"]


@only_postgresql
async def test_a_backup_of_postgresql_can_be_restored(
    settings: StorageSettings, sql_store: SqlStore, postgres: Postgres, tmp_path: Path, only_path: Path
) -> None:
    (only_path / "pg_dump").symlink_to(postgres.binaries / "pg_dump")
    await sql_store.save(CALLS)
    target = tmp_path / "backup.dump"
    await backup(settings.database_url(), target)
    assert target.stat().st_mode & 0o077 == 0
    # The server's user cannot read the directory of a test.
    readable = postgres.directory / "backup.dump"
    shutil.copy(target, readable)
    readable.chmod(0o644)
    postgres.sql("CREATE DATABASE restored")
    postgres.run(
        "pg_restore", "-h", str(postgres.directory), "-U", "threerings", "-d", "restored", str(readable)
    )
    restored = Database(replace(settings, url=postgres.url("restored")))
    assert list((await SqlStore(restored).calls(limit=1000)).calls) == CALLS
    await restored.close()


@only_postgresql
async def test_what_pg_dump_complains_of_is_told_in_one_line(
    settings: StorageSettings, postgres: Postgres, tmp_path: Path, only_path: Path
) -> None:
    (only_path / "pg_dump").symlink_to(postgres.binaries / "pg_dump")
    with pytest.raises(BackupFailed, match=r'pg_dump failed: .*"nowhere" does not exist') as reason:
        await backup(postgres.url("nowhere"), tmp_path / "backup.dump")
    assert "\n" not in str(reason.value)
    assert names_in(tmp_path, "*backup*") == []


async def test_without_pg_dump_the_command_to_run_is_told(tmp_path: Path, only_path: Path) -> None:
    with pytest.raises(BackupFailed, match=r"pg_dump is not installed: .*`pg_dump --format=custom") as reason:
        await backup("postgresql://threerings:secret@db.example/calls", tmp_path / "backup.dump")
    assert " --file=backup.dump " in str(reason.value)
    assert "db.example/calls" in str(reason.value)
    assert "secret" not in str(reason.value)
    assert os.environ["PATH"] == str(only_path)
