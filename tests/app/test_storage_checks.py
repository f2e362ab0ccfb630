"""What `doctor` says of disk, database and spool; it makes nothing and changes nothing."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from app.checks import Check, Verdict
from app.storage_checks import storage_checks
from hotline.records import BlindInterval
from storage.database import Database
from storage.migration import upgrade
from storage.settings import StorageSettings
from storage.store import SqlStore
from storage.writer import FactWriter

NOW = datetime(2026, 11, 21, tzinfo=UTC)


def settings(directory: Path, **facts: object) -> StorageSettings:
    return StorageSettings(data_dir=directory, spool_mb=1, busy_timeout_seconds=0.1, **facts)  # type: ignore[arg-type]


async def checked(where: StorageSettings) -> dict[str, Check]:
    return {check.subject: check async for check in storage_checks(where)}


def files(directory: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(directory.rglob("*")) if path.is_file()}


async def test_before_the_first_start(tmp_path: Path) -> None:
    checks = await checked(settings(tmp_path))

    assert [check.verdict for check in checks.values()] == [
        Verdict.OK,
        Verdict.OK,
        Verdict.FINDING,
        Verdict.OK,
    ]
    assert "run `threerings db upgrade`, or start the service" in checks["database"].text
    assert checks["spool"].text == "nothing waits; the service never ran here"
    assert files(tmp_path) == {}


async def test_a_database_in_use_is_in_order_and_stays_as_it_is(tmp_path: Path) -> None:
    where = settings(tmp_path)
    await upgrade(where)
    database = Database(where)
    writer = FactWriter(SqlStore(database), where)
    try:
        checks = await checked(where)
    finally:
        writer.close()
        await database.close()

    assert {check.verdict for check in checks.values()} == {Verdict.OK}, checks
    assert checks["spool"].text == "in use: the service runs"
    assert checks["database"].text.endswith("has its tables and can be written")


async def test_what_waits_is_counted_and_waits_on(tmp_path: Path) -> None:
    where = settings(tmp_path)
    await upgrade(where)
    database = Database(where)
    writer = FactWriter(SqlStore(database), where)
    for second in range(3):
        writer.take(BlindInterval("pbx", NOW.replace(second=second), None, "test"))
    writer.close()
    await database.close()
    before = files(tmp_path / "spool")

    checks = await checked(where)

    assert checks["spool"].text == "3 facts wait for the database; the service does not run"
    assert files(tmp_path / "spool") == before


async def test_facts_set_aside_are_a_finding(tmp_path: Path) -> None:
    where = settings(tmp_path)
    spool = tmp_path / "spool"
    spool.mkdir()
    (spool / "lock").touch()
    (spool / "rejected.jsonl").write_text("{}\n")

    checks = await checked(where)

    assert checks["rejected facts"].verdict is Verdict.FINDING
    assert str(spool / "rejected.jsonl") in checks["rejected facts"].text


async def test_a_directory_that_is_not_there(tmp_path: Path) -> None:
    checks = await checked(settings(tmp_path / "no"))

    assert checks["data directory"].verdict is Verdict.FINDING
    assert not (tmp_path / "no").exists()


async def test_too_little_space(tmp_path: Path) -> None:
    checks = await checked(replace(settings(tmp_path), spool_mb=1e9))

    assert checks["disk space"].verdict is Verdict.FINDING
    assert "lower storage.spool_mb" in checks["disk space"].text


async def test_a_database_without_tables_or_of_another_version(tmp_path: Path) -> None:
    where = settings(tmp_path)
    (tmp_path / "threerings.db").touch()
    empty = (await checked(where))["database"]
    await upgrade(where)
    database = sqlite3.connect(tmp_path / "threerings.db", isolation_level=None)
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    newer = (await checked(where))["database"]

    assert {empty.verdict, newer.verdict} == {Verdict.FINDING}
    assert empty.text.endswith("has no tables yet: run `threerings db upgrade`")
    assert "newer than this program" in newer.text


async def test_a_database_that_cannot_be_written(tmp_path: Path) -> None:
    where = settings(tmp_path)
    await upgrade(where)
    lock = sqlite3.connect(tmp_path / "threerings.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")

    check = (await checked(where))["database"]

    lock.close()
    assert check.verdict is Verdict.FINDING
    assert "database is locked; calls wait in the spool until it can be written" in check.text


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("mysql://db/calls", "write sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("postgresql://me:secret@127.0.0.1:1/calls", "calls wait in the spool until it can be written"),
    ],
)
async def test_a_database_that_is_none_or_away(tmp_path: Path, url: str, text: str) -> None:
    check = (await checked(settings(tmp_path, url=url)))["database"]

    assert check.verdict is Verdict.FINDING
    assert text in check.text
    assert "secret" not in check.text
