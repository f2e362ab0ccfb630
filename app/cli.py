"""The command line. Each command is a few lines; the work is done by the rooms. Errors are one line, exit codes 0, 1, 2."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from app.settings import ConfigError, Settings, configured_path, load

cli = typer.Typer(
    name="threerings",
    help="A hotline's calls beside an Asterisk PBX.",
    no_args_is_help=True,
    add_completion=False,
)
db = typer.Typer(help="The database of calls.", no_args_is_help=True)
cli.add_typer(db, name="db")

ConfigOption = Annotated[
    Path | None, typer.Option("--config", help="Default: $THREERINGS_CONFIG, ./config.yaml, or the defaults.")
]
FINDING, BAD_USAGE = 1, 2


def fail(text: str, code: int = FINDING) -> NoReturn:
    """One line on standard error, and out."""
    typer.echo(f"threerings: {text}", err=True)
    raise typer.Exit(code)


def read_settings(path: Path | None) -> Settings:
    """The configuration, or exit 2 with every problem."""
    try:
        return load(configured_path(path))
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(f"threerings: {problem}", err=True)
        raise typer.Exit(BAD_USAGE) from None


def run_until_stopped(work: Coroutine[Any, Any, None]) -> None:
    """Run; SIGTERM and Ctrl-C cancel it, so that it can stop gracefully."""

    async def supervised() -> None:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        await task

    try:
        asyncio.run(supervised())
    except asyncio.CancelledError:
        return


@cli.command()
def run(config: ConfigOption = None) -> None:
    """The service: listens to the PBX, keeps every call, shows metrics."""
    from app.run_command import run_service

    settings = read_settings(config)
    error = run_service(settings, run_until_stopped)
    if error:
        fail(error)


@cli.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False
)
def replay(context: typer.Context) -> None:
    """Raw AMI bytes from files -> one record per call as it ends."""
    from app.replay_command import replay_command

    raise typer.Exit(replay_command(context.args))


@db.command("upgrade")
def db_upgrade(config: ConfigOption = None) -> None:
    """Make or extend the tables; safe to repeat."""
    from app.database_commands import upgrade_database

    settings = read_settings(config)
    error = upgrade_database(settings.storage, typer.echo)
    if error:
        fail(error)


@db.command("backup")
def db_backup(
    target: Annotated[Path, typer.Argument(help="A file that does not exist yet.")],
    config: ConfigOption = None,
) -> None:
    """A copy of the database while the service runs."""
    from app.database_commands import backup_database

    settings = read_settings(config)
    error = backup_database(settings.storage, target, typer.echo)
    if error:
        fail(error)
