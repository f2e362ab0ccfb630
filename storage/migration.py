"""Bring a database to the tables this program knows, or say in one line why it cannot be used.

The changes themselves are in `migrations/`; `threerings db upgrade` and the start of the service call this.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from storage.append_file import DIRECTORY_MODE, FILE_MODE
from storage.database import Database, parse_url
from storage.errors import SchemaMismatch
from storage.settings import StorageSettings
from storage.sqlite import sqlite_path

# Any number, the same in all our processes: two upgrades at a time wait for each other.
_UPGRADE_LOCK = 3_3_1949


def _config() -> Config:
    config = Config()
    # As a package's resource, so that it is found in an installed wheel.
    config.set_main_option("script_location", "storage:migrations")
    config.set_main_option("path_separator", "os")
    return config


async def upgrade(settings: StorageSettings) -> str:
    """Make or extend the tables; the revision they have now. Nothing is done where they are right already.

    In one transaction: it is done or it is not. Raises StorageUnavailable, BadDatabaseUrl, OSError, and SchemaMismatch
    for a database of a newer program.
    """
    url = parse_url(settings.database_url())
    if url.get_backend_name() == "sqlite":
        path = sqlite_path(url)
        path.parent.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
        path.touch(mode=FILE_MODE)
    database = Database(settings, create=True)
    try:
        async with database.writing() as connection:
            return await connection.run_sync(_upgrade, database.name)
    finally:
        await database.close()


def _upgrade(connection: Connection, name: str) -> str:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
    _refuse_newer(_revision(connection), name)
    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
    return _revision(connection) or ""


async def check(database: Database) -> None:
    """Raises SchemaMismatch unless the tables are those this program knows; StorageUnavailable."""
    async with database.reading() as connection:
        revision = await connection.run_sync(_revision)
    _refuse_newer(revision, database.name)
    if revision != ScriptDirectory.from_config(_config()).get_current_head():
        state = (
            "has no tables yet" if revision is None else f"is at revision {revision}, older than this program"
        )
        raise SchemaMismatch(f"database {database.name} {state}: run `threerings db upgrade`")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _refuse_newer(revision: str | None, name: str) -> None:
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    if revision is not None and revision not in known:
        raise SchemaMismatch(
            f"database {name} is at revision {revision}, newer than this program: install the newer program again,"
            " or restore a backup from before its upgrade"
        )
