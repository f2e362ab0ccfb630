"""The command line as a person meets it: help for everything, one line for what is wrong, exit codes 0, 1, 2."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from typer.testing import CliRunner

from app.cli import cli

COMMANDS = ("run", "demo", "replay", "record", "doctor", "db")


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the commands run, without any of our variables."""
    monkeypatch.chdir(tmp_path)
    for name in ("CONFIG", "PBX_SECRET", "DATABASE_URL"):
        monkeypatch.delenv(f"THREERINGS_{name}", raising=False)
    return tmp_path


def threerings(*arguments: str, **variables: str) -> Ran:
    """Run in this process: the same code, without the start of an interpreter."""
    result = CliRunner().invoke(cli, arguments, env={"COLUMNS": "100", **variables}, prog_name="threerings")
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ran(result.exit_code, result.stdout, result.stderr)


def test_help_names_every_command_with_a_sentence(tmp_path: Path) -> None:
    ran = threerings("--help")

    assert ran.returncode == 0
    for command in COMMANDS:
        (line,) = [line for line in ran.stdout.splitlines() if line.startswith(f"│ {command} ")]
        assert len(line.strip("│ ").split()) > 3
    assert threerings().stdout.strip() == ran.stdout.strip()


@pytest.mark.parametrize("command", [*COMMANDS, "db upgrade", "db backup"])
def test_every_command_has_help(command: str) -> None:
    ran = threerings(*command.split(), "--help")

    assert ran.returncode == 0
    assert "sage: threerings " + command in ran.stdout
    assert "--svg" not in ran.stdout


def test_the_version_is_told(tmp_path: Path) -> None:
    ran = threerings("--version")

    assert ran.returncode == 0
    assert ran.stdout.startswith("threerings 0")


@pytest.mark.parametrize(
    "arguments",
    [
        "nonsense",
        "run --nonsense",
        "record",
        "db",
        "db nonsense",
        "db backup",
        "replay",
        "replay --nonsense x",
    ],
)
def test_wrong_usage_is_2(arguments: str) -> None:
    ran = threerings(*arguments.split())

    assert ran.returncode == 2
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", ["run", "doctor", "record x.ami", "db upgrade", "db backup x.db"])
def test_a_bad_configuration_is_2_and_every_problem_a_line(tmp_path: Path, command: str) -> None:
    (tmp_path / "config.yaml").write_text("pbx: {port: 0}\nwhatever: 1\n")

    ran = threerings(*command.split(), THREERINGS_PBX_SECRET="x")

    assert ran.returncode == 2
    assert ran.stdout == ""
    assert ran.stderr.splitlines() == [
        "threerings: config.yaml: pbx.port: must be 1 or more (found '0')",
        "threerings: config.yaml: whatever: no such setting; see docs/configuration.md",
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


@pytest.mark.parametrize("command", ["run", "doctor", "record x.ami"])
def test_without_a_secret_nothing_is_tried(command: str) -> None:
    ran = threerings(*command.split())

    assert ran.returncode == 2
    assert ran.stderr == (
        "threerings: pbx.secret_file: no secret; name a file that holds it, or set THREERINGS_PBX_SECRET\n"
    )


def test_a_configuration_that_is_not_there(tmp_path: Path) -> None:
    given = threerings("run", "--config", "no.yaml")
    named = threerings("run", THREERINGS_CONFIG="no.yaml")

    assert given.returncode == named.returncode == 2
    assert given.stderr == named.stderr
    assert given.stderr == (
        "threerings: no.yaml: cannot be read (No such file or directory); name another file with --config\n"
    )


def test_a_finding_is_1(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("pbx: {port: 1}\nstorage: {data_dir: data}\n")

    doctor = threerings("doctor", THREERINGS_PBX_SECRET="x")
    record = threerings("record", "x.ami", THREERINGS_PBX_SECRET="x")
    backup = threerings("db", "backup", "copy.db")

    assert [ran.returncode for ran in (doctor, record, backup)] == [1, 1, 1]
    assert doctor.stdout.splitlines()[-1] == "3 ok, 3 findings, 1 could not be checked"
    for ran in (record, backup):
        assert len(ran.stderr.splitlines()) == 1
        assert ran.stderr.startswith("threerings: ")
    assert [path.name for path in tmp_path.iterdir()] == ["config.yaml"]


def test_the_database_by_command(tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("storage: {data_dir: data}\n")

    upgrade = threerings("db", "upgrade")
    backup = threerings("db", "backup", "copy.db")

    assert (upgrade.returncode, backup.returncode) == (0, 0)
    assert upgrade.stdout.startswith("the database is at revision ")
    assert backup.stdout == "copied to copy.db\n"
    assert (tmp_path / "copy.db").exists()


def test_a_recording_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x.ami").write_bytes(b"precious")

    ran = threerings("record", "x.ami", THREERINGS_PBX_SECRET="x")

    assert (ran.returncode, ran.stderr) == (2, "threerings: x.ami is there already; name a new file\n")
