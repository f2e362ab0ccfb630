"""`threerings db upgrade` and `db backup`. Each returns one line when it failed, None when it is done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from app.interruption import run_until_stopped
from hotline.ports import StorageUnavailable
from storage.backup import backup
from storage.errors import StorageError
from storage.migration import upgrade
from storage.settings import StorageSettings

Say = Callable[[str], None]


def upgrade_database(settings: StorageSettings, say: Say) -> str | None:
    try:
        revision = run_until_stopped(upgrade(settings))
    except (StorageError, StorageUnavailable) as error:
        return str(error)
    except OSError as error:
        return f"{error.filename}: {error.strerror}; make it writable for this user, or set storage.data_dir"
    if revision is None:
        return "stopped; nothing was changed"
    say(f"the database is at revision {revision}")
    return None


def backup_database(settings: StorageSettings, target: Path, say: Say) -> str | None:
    """Shows progress: a large database takes minutes."""
    console = Console(stderr=True)
    try:
        with Progress(transient=True, console=console, disable=not console.is_terminal) as progress:
            task = progress.add_task("copying the database", total=None)

            def copied(done: int, total: int) -> None:
                progress.update(task, completed=done, total=total)

            run_until_stopped(backup(settings.database_url(), target, copied))
    except (StorageError, StorageUnavailable) as error:
        return str(error)
    if not target.exists():
        return "stopped; no copy was made"
    say(f"copied to {target}")
    return None
