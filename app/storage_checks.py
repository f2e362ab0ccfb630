"""Whether calls can be kept: folder, space, database, spool. For `threerings doctor`; nothing is made or changed."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Iterator

from sqlalchemy import delete, false

from app.checks import Check, finding, ok, unknown
from hotline.ports import StorageUnavailable
from storage.database import Database, parse_url
from storage.errors import BadDatabaseUrl, FactRejected, SchemaMismatch, SpoolInUse
from storage.migration import check as check_tables
from storage.schema import calls
from storage.settings import StorageSettings
from storage.spool import Spool
from storage.sqlite import sqlite_path

UPGRADE = "run `threerings db upgrade`, or start the service, as the user it runs as"


async def storage_checks(settings: StorageSettings) -> AsyncIterator[Check]:
    directory = settings.data_dir
    if not directory.is_dir():
        yield finding(
            "data directory", f"{directory} is not there; make it, owned by the user the service runs as"
        )
    elif not os.access(directory, os.W_OK | os.X_OK):
        yield unknown(
            "data directory", f"{directory} is another user's; run this as the user the service runs as"
        )
    else:
        yield ok("data directory", str(directory))
        yield _space(settings)
    yield await _database(settings)
    for check in _spool(settings):
        yield check


def _space(settings: StorageSettings) -> Check:
    free_mb = shutil.disk_usage(settings.data_dir).free / 1_000_000
    if free_mb < settings.spool_mb:
        return finding(
            "disk space",
            f"{free_mb:.0f} MB are free and the spool may need {settings.spool_mb:g} MB while the database is away; free"
            " some, or lower storage.spool_mb",
        )
    return ok("disk space", f"{free_mb / 1000:.1f} GB free")


async def _database(settings: StorageSettings) -> Check:
    try:
        url = parse_url(settings.database_url())
    except BadDatabaseUrl as error:
        return finding("database", str(error))
    if url.get_backend_name() == "sqlite" and not sqlite_path(url).exists():
        return finding("database", f"{sqlite_path(url)} is not there yet; {UPGRADE}")
    database = Database(settings)
    try:
        await check_tables(database)
        async with database.writing() as connection:
            await connection.execute(delete(calls).where(false()))
    except SchemaMismatch as error:
        return finding("database", str(error))
    except (StorageUnavailable, FactRejected) as error:
        return finding("database", f"{error}; calls wait in the spool until it can be written")
    finally:
        await database.close()
    return ok("database", f"{database.name} has its tables and can be written")


def _spool(settings: StorageSettings) -> Iterator[Check]:
    directory = settings.spool_directory()
    if not (directory / "lock").exists():
        yield ok("spool", "nothing waits; the service never ran here")
        return
    spool = Spool(directory, limit_bytes=int(settings.spool_mb * 1_000_000))
    try:
        spool.open()
    except SpoolInUse:
        yield ok("spool", "in use: the service runs")
    except OSError as error:
        yield unknown("spool", f"{directory}: {error.strerror}; run this as the user the service runs as")
        return
    else:
        waiting = spool.depth
        spool.close()
        text = f"{waiting} facts wait for the database" if waiting else "nothing waits"
        yield ok("spool", f"{text}; the service does not run")
    rejected = directory / "rejected.jsonl"
    if rejected.exists():
        yield finding(
            "rejected facts",
            f"{rejected} holds facts that the database refused; report its lines, then move it away",
        )
