"""`threerings db`: tables made, a copy taken, and one line where that cannot be."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from app.database_commands import backup_database, upgrade_database
from storage.settings import StorageSettings


def settings(directory: Path, url: str | None = None) -> StorageSettings:
    return StorageSettings(data_dir=directory, url=url, busy_timeout_seconds=0.1)


def test_tables_are_made_and_making_them_again_is_harmless(tmp_path: Path) -> None:
    said: list[str] = []

    assert upgrade_database(settings(tmp_path), said.append) is None
    assert upgrade_database(settings(tmp_path), said.append) is None

    assert len(set(said)) == 1
    assert said[0].startswith("the database is at revision ")


def test_a_copy_is_a_database(tmp_path: Path) -> None:
    said: list[str] = []
    upgrade_database(settings(tmp_path), said.append)

    problem = backup_database(settings(tmp_path), tmp_path / "copy.db", said.append)

    copy = sqlite3.connect(tmp_path / "copy.db")
    tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    copy.close()
    assert problem is None
    assert said[-1] == f"copied to {tmp_path / 'copy.db'}"
    assert {"calls", "attempts", "transfers"} <= tables


def test_a_copy_does_not_overwrite(tmp_path: Path) -> None:
    upgrade_database(settings(tmp_path), lambda _text: None)
    target = tmp_path / "copy.db"
    target.write_bytes(b"precious")

    assert backup_database(settings(tmp_path), target, lambda _text: None) == (
        f"{target} exists already: name another file"
    )
    assert target.read_bytes() == b"precious"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("mysql://db/calls", "write sqlite:///PATH or postgresql://USER@HOST/NAME"),
        ("postgresql://me:secret@127.0.0.1:1/calls", "Connect call failed"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, url: str, reason: str) -> None:
    problem = upgrade_database(settings(tmp_path, url), lambda _text: None)

    assert problem is not None
    assert reason in problem
    assert "secret" not in problem
    assert "\n" not in problem


def test_a_locked_database_is_told(tmp_path: Path) -> None:
    lock = sqlite3.connect(tmp_path / "threerings.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")

    problem = upgrade_database(settings(tmp_path), lambda _text: None)

    lock.close()
    assert problem is not None
    assert problem.endswith("database is locked")


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    assert upgrade_database(settings(file / "data"), lambda _text: None) == (
        f"{file / 'data'}: Not a directory; make it writable for this user, or set storage.data_dir"
    )
