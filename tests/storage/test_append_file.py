"""Lines of a file that only grows: whole or not at all, for their owner only."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from storage.append_file import AppendFile, Lines, count_lines, read_lines, replace_file
from tests.storage.places import files_end_at


def test_lines_come_back_from_any_offset(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with closing(AppendFile(path)) as file:
        for line in (b"one\n", b"two\n", b"three\n"):
            file.write(line)
        assert file.size == path.stat().st_size == 14
    assert read_lines(path, 0, 10) == Lines((b"one", b"two", b"three"), 14, torn=False)
    assert read_lines(path, 4, 1) == Lines((b"two",), 8, torn=False)
    assert read_lines(path, 14, 10) == Lines((), 14, torn=False)
    assert count_lines(path, 0) == 3
    assert count_lines(path, 4) == 2


def test_half_a_line_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"one\ntw")
    assert read_lines(path, 0, 10) == Lines((b"one",), 4, torn=True)
    assert count_lines(path, 0) == 1


def test_it_grows_where_another_process_ended(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for line in (b"one\n", b"two\n"):
        with closing(AppendFile(path)) as file:
            file.write(line)
    assert path.read_bytes() == b"one\ntwo\n"


def test_on_a_full_disk_a_line_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with closing(AppendFile(path)) as file:
        file.write(b"1234567\n")
        with files_end_at(12), pytest.raises(OSError):
            file.write(b"too long\n")
        with files_end_at(8), pytest.raises(OSError):
            file.write(b"even so\n")
        assert not file.damaged
        file.write(b"fits now\n")
        assert path.read_bytes() == b"1234567\nfits now\n"
        assert file.size == 17


def test_one_reading_takes_a_bounded_amount_of_memory(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes((b"x" * 999_999 + b"\n") * 6)
    assert len(read_lines(path, 0, 100).lines) == 4


def test_only_the_owner_may_read_callers_numbers(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        AppendFile(tmp_path / "file").close()
        replace_file(tmp_path / "other", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o600


def test_a_deleted_file_is_noticed(tmp_path: Path) -> None:
    with closing(AppendFile(tmp_path / "file")) as file:
        assert not file.is_gone()
        (tmp_path / "file").unlink()
        assert file.is_gone()


def test_a_file_that_cannot_be_replaced_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "file"
    replace_file(path, b"old")
    with files_end_at(4), pytest.raises(OSError):
        replace_file(path, b"too long")
    assert path.read_bytes() == b"old"
    replace_file(path, b"new")
    assert path.read_bytes() == b"new"
