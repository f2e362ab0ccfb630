"""`threerings db upgrade` and `db backup`. Each returns one line when it failed, None when it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from hotline.ports import StorageUnavailable
from storage.backup import backup
from storage.errors import StorageError
from storage.migration import upgrade
from storage.settings import StorageSettings


def upgrade_database(settings: StorageSettings, say: Callable[[str], None]) -> str | None:
    try:
        revision = asyncio.run(upgrade(settings))
    except (StorageError, StorageUnavailable, OSError) as error:
        return str(error)
    say(f"the database is at revision {revision}")
    return None


def backup_database(settings: StorageSettings, target: Path, say: Callable[[str], None]) -> str | None:
    """Shows progress: a large database takes minutes."""
    from rich.progress import Progress

    try:
        with Progress(transient=True) as progress:
            task = progress.add_task("copying the database", total=None)

            def copied(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            asyncio.run(backup(settings.database_url(), target, copied))
    except (StorageError, StorageUnavailable, OSError) as error:
        return str(error)
    say(f"copied to {target}")
    return None
