"""The command line. Each command is a few lines; the work is done by the rooms. Errors are one line, exit codes 0, 1, 2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from app.config_problems import ConfigError

if TYPE_CHECKING:
    from app.settings import Settings

FINDING, BAD_USAGE = 1, 2

cli = typer.Typer(
    name="threerings",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The database of calls.", no_args_is_help=True)
cli.add_typer(db, name="db")


def _tell_version(wanted: bool) -> None:
    if wanted:
        from app.wiring import program_version

        typer.echo(f"threerings {program_version()}")
        raise typer.Exit


ConfigOption = Annotated[
    Path | None,
    typer.Option("--config", metavar="FILE", help="Else $THREERINGS_CONFIG, ./config.yaml, or the defaults."),
]


@cli.callback(invoke_without_command=False)
def options(
    version: Annotated[
        bool,
        typer.Option("--version", help="Tell the version and exit.", callback=_tell_version, is_eager=True),
    ] = False,
) -> None:
    """Calls of a hotline beside an Asterisk PBX: every call kept, its rings counted."""


def fail(text: str, code: int = FINDING) -> NoReturn:
    """One line on standard error, and out."""
    typer.echo(f"threerings: {text}", err=True)
    raise typer.Exit(code)


def read_settings(path: Path | None, *, for_pbx: bool = True) -> Settings:
    """The configuration, or exit 2 with every problem. `for_pbx`: a secret for the log-in has to be there."""
    from app.config_sections import SECRET_VARIABLE
    from app.settings import configured_path, load

    try:
        settings = load(configured_path(path))
    except ConfigError as error:
        for problem in error.problems:
            typer.echo(f"threerings: {problem}", err=True)
        raise typer.Exit(BAD_USAGE) from None
    if for_pbx and not settings.ami.secret:
        fail(f"pbx.secret_file: no secret; name a file that holds it, or set {SECRET_VARIABLE}", BAD_USAGE)
    return settings


@cli.command()
def run(config: ConfigOption = None) -> None:
    """The service: listens to the PBX, keeps every call, shows metrics."""
    from app.run_command import run_service

    raise typer.Exit(run_service(read_settings(config)))


@cli.command()
def demo(
    svg: Annotated[
        Path | None, typer.Option(hidden=True, help="The final table as a picture, for documents.")
    ] = None,
) -> None:
    """A real PBX, phones and calls on this machine, and the service beside them; about a minute."""
    from app.demo_command import run_demo

    error = run_demo(svg)
    if error:
        fail(error)


@cli.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True}, add_help_option=False
)
def replay(context: typer.Context) -> None:
    """Raw AMI bytes from files -> one record per call as it ends."""
    from app.replay_command import replay_command

    raise typer.Exit(replay_command(context.args))


@cli.command("record")
def record_stream(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file that does not exist yet.")],
    config: ConfigOption = None,
) -> None:
    """Raw AMI bytes from the PBX into FILE, until Ctrl-C; `replay` reads it. It holds callers' numbers."""
    from app.record_command import record

    if file.exists():
        fail(f"{file} is there already; name a new file", BAD_USAGE)
    error = record(read_settings(config), file)
    if error:
        fail(error)


@cli.command()
def doctor(config: ConfigOption = None) -> None:
    """Checks PBX, rights, clock, database, disk: one line each, and what to do. Exit 1 with a finding."""
    from app.doctor_command import examine_and_print
    from app.settings import configured_path

    raise typer.Exit(examine_and_print(read_settings(config), configured_path(config)))


@db.command("upgrade")
def db_upgrade(config: ConfigOption = None) -> None:
    """Make or extend the tables; safe to repeat."""
    from app.database_commands import upgrade_database

    error = upgrade_database(read_settings(config, for_pbx=False).storage, typer.echo)
    if error:
        fail(error)


@db.command("backup")
def db_backup(
    target: Annotated[Path, typer.Argument(metavar="TARGET", help="A file that does not exist yet.")],
    config: ConfigOption = None,
) -> None:
    """A copy of the database while the service runs."""
    from app.database_commands import backup_database

    error = backup_database(read_settings(config, for_pbx=False).storage, target, typer.echo)
    if error:
        fail(error)
