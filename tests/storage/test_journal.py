"""The raw bytes in rotating files: every file can be replayed, and the oldest go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from storage.journal import MESSAGE_END, Journal
from storage.settings import JournalSettings, StorageSettings
from tests.storage.places import Diary, files_end_at, names_in

BANNER = b"Asterisk Call Manager/8.0.2\r\n"
FILE_BYTES = 200


def journal_settings(directory: Path, *, files: int = 100, enabled: bool = True) -> StorageSettings:
    return StorageSettings(
        data_dir=directory, journal=JournalSettings(enabled=enabled, file_mb=0.0002, files=files)
    )


def event(number: int) -> bytes:
    return b"Event: Newchannel\r\nUniqueid: 1772438400.%d\r\n\r\n" % number


def contents(directory: Path, pbx: str = "main") -> list[bytes]:
    return [path.read_bytes() for path in sorted((directory / "journal").glob(f"{pbx}-*.ami"))]


@examples(deadline=None)
@given(cuts=st.lists(st.integers(1, 130), max_size=60))
def test_however_the_bytes_are_cut_each_file_ends_with_a_message(
    cuts: list[int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("journal")
    stream = BANNER + b"".join(event(number) for number in range(40))
    journal = Journal(journal_settings(directory), "main")
    rest = stream
    for cut in [*cuts, len(stream)]:
        journal.write(rest[:cut])
        rest = rest[cut:]
    journal.close()
    files = contents(directory)
    assert b"".join(files) == stream
    assert journal.written == len(stream)
    for file in files[:-1]:
        assert file.endswith(MESSAGE_END)
        assert FILE_BYTES <= len(file) <= FILE_BYTES + 130 + len(event(0))


def test_the_oldest_files_go(tmp_path: Path) -> None:
    journal = Journal(journal_settings(tmp_path, files=3), "main")
    for number in range(100):
        journal.write(event(number))
    journal.close()
    kept = b"".join(contents(tmp_path))
    assert 2 * FILE_BYTES < len(kept) < 5 * FILE_BYTES
    assert kept.endswith(event(99))
    assert kept.startswith(b"Event: ")


def test_a_new_connection_begins_a_new_file_wherever_the_last_one_ended(tmp_path: Path) -> None:
    journal = Journal(journal_settings(tmp_path), "main")
    journal.write(BANNER + event(1) + b"Event: Hang")
    journal.close()
    journal.write(BANNER + event(2))
    journal.close()
    assert contents(tmp_path) == [BANNER + event(1) + b"Event: Hang", BANNER + event(2)]


def test_a_restart_goes_on_with_the_next_file(tmp_path: Path) -> None:
    for number in range(3):
        journal = Journal(journal_settings(tmp_path), "main")
        journal.write(event(number))
        journal.close()
    assert contents(tmp_path) == [event(0), event(1), event(2)]


def test_a_connection_that_comes_and_goes_does_not_make_files_without_end(tmp_path: Path) -> None:
    (tmp_path / "journal").mkdir()
    for number in range(1, 1_051):
        (tmp_path / "journal" / f"main-{number:06d}.ami").write_bytes(BANNER)
    journal = Journal(journal_settings(tmp_path, files=10_000), "main")
    journal.write(event(1))
    journal.close()
    assert len(contents(tmp_path)) == 1_000
    assert contents(tmp_path)[-1] == event(1)


def test_each_pbx_has_files_of_its_own(tmp_path: Path) -> None:
    for pbx in ("main", "main-2", "ma/in"):
        journal = Journal(journal_settings(tmp_path, files=1), pbx)
        for number in range(20):
            journal.write(event(number))
        journal.close()
    for pbx in ("main", "main-2", "ma%2Fin"):
        assert names_in(tmp_path / "journal", f"{pbx}-00*.ami")


def test_a_stream_without_messages_does_not_fill_the_disk(tmp_path: Path) -> None:
    journal = Journal(journal_settings(tmp_path, files=2), "main")
    for _ in range(100):
        journal.write(b"x" * 100)
    journal.close()
    assert sum(map(len, contents(tmp_path))) < 6 * FILE_BYTES


def test_a_full_disk_ends_the_journal_with_one_word(tmp_path: Path) -> None:
    diary = Diary()
    journal = Journal(journal_settings(tmp_path), "main", diary)
    with files_end_at(100):
        for number in range(5):
            journal.write(event(number))
    journal.write(event(6))
    assert not journal.available
    assert diary.told == ["journal lost"]
    assert contents(tmp_path) == [event(0) + event(1)]
    journal.close()


def test_a_directory_that_cannot_be_made_ends_the_journal(tmp_path: Path) -> None:
    (tmp_path / "journal").write_text("in the way")
    diary = Diary()
    journal = Journal(journal_settings(tmp_path), "main", diary)
    journal.write(event(1))
    assert diary.told == ["journal lost"]


def test_without_being_asked_nothing_is_written(tmp_path: Path) -> None:
    journal = Journal(journal_settings(tmp_path, enabled=False), "main")
    journal.write(event(1))
    assert names_in(tmp_path) == []


def test_the_directory_may_be_chosen(tmp_path: Path) -> None:
    settings = journal_settings(tmp_path)
    elsewhere = replace(settings, journal=replace(settings.journal, directory=tmp_path / "elsewhere"))
    journal = Journal(elsewhere, "main")
    journal.write(event(1))
    journal.close()
    assert names_in(tmp_path / "elsewhere") == ["main-000001.ami"]
