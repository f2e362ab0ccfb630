"""Calls under way on disk: found again after a crash, and forgotten when they ended."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from storage import open_calls
from storage.open_calls import OpenCalls
from storage.settings import StorageSettings
from tests.storage.places import Diary, files_end_at


def log(directory: Path, diary: Diary | None = None) -> OpenCalls:
    return OpenCalls(StorageSettings(data_dir=directory), diary)


def loaded(directory: Path) -> list[tuple[str, Any]]:
    """What the next process finds."""
    return [(call_id, entry["n"]) for call_id, entry in log(directory).load()]


def test_calls_under_way_are_found_in_the_order_they_were_heard_of(tmp_path: Path) -> None:
    calls = log(tmp_path)
    assert calls.load() == []
    for number, call_id in enumerate(["a", "b", "a", "c", "b"]):
        calls.record(call_id, {"n": number})
    calls.forget("a")
    calls.forget("never heard of")
    assert loaded(tmp_path) == [("b", 1), ("c", 3), ("b", 4)]
    calls.close()


def test_a_call_id_may_come_back(tmp_path: Path) -> None:
    calls = log(tmp_path)
    calls.record("a", {"n": 1})
    calls.forget("a")
    calls.record("a", {"n": 2})
    assert loaded(tmp_path) == [("a", 2)]
    calls.close()


def test_half_a_line_and_foreign_lines_are_passed_over(tmp_path: Path) -> None:
    calls = log(tmp_path)
    calls.record("a", {"n": 1})
    with (tmp_path / "open-calls.jsonl").open("ab") as file:
        file.write(b'[]\nnonsense\n{"call": 1\n{"entry": {}}\n{"call":"b","ent')
    calls.close()
    again = log(tmp_path)
    assert [entry.call_id for entry in again.load()] == ["a"]
    again.record("c", {"n": 2})
    again.close()
    assert loaded(tmp_path) == [("a", 1), ("c", 2)]


def test_the_file_does_not_grow_for_ever(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = log(tmp_path)
    calls.record("long", {"n": 0})
    text = "x" * 10_000
    for number in range(2_000):
        calls.record(f"short {number}", {"n": number, "text": text})
        calls.forget(f"short {number}")
    assert (tmp_path / "open-calls.jsonl").stat().st_size < open_calls.REWRITE_BYTES + 20_000
    assert loaded(tmp_path) == [("long", 0)]
    calls.close()


def test_on_a_full_disk_it_goes_on_and_heals(tmp_path: Path) -> None:
    diary = Diary()
    calls = log(tmp_path, diary)
    calls.record("first", {"n": 0})
    with files_end_at(100):
        for number in range(1, 50):
            calls.record("second", {"n": number})
        assert not calls.on_disk
        calls.forget("first")
    for number in range(50, 150):
        calls.record("second", {"n": number})
    assert calls.on_disk
    assert diary.told == ["open calls lost", "open calls back"]
    assert loaded(tmp_path) == [("second", number) for number in range(1, 150)]
    calls.close()


def test_a_deleted_directory_is_made_anew_with_all_that_is_known(tmp_path: Path) -> None:
    directory = tmp_path / "data"
    calls = log(directory)
    calls.record("a", {"n": 1})
    shutil.rmtree(directory)
    calls.record("a", {"n": 2})
    assert loaded(directory) == [("a", 1), ("a", 2)]
    calls.close()


def test_calls_that_never_end_do_not_fill_the_memory(tmp_path: Path) -> None:
    diary = Diary()
    calls = log(tmp_path, diary)
    text = "x" * 1_000_000
    for number in range(70):
        calls.record(f"{number}", {"n": number, "text": text})
    assert calls.refused == 7
    assert diary.told == ["open calls lost"]
    for number in range(70):
        calls.forget(f"{number}")
    calls.record("next", {"n": 0})
    assert loaded(tmp_path) == [("next", 0)]
    calls.close()


@examples(deadline=None, max_examples=60)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from(["record", "record", "forget", "restart"]), st.sampled_from("abc")),
        max_size=40,
    )
)
def test_the_next_process_knows_what_the_last_one_knew(
    steps: list[tuple[str, str]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("open-calls")
    calls = log(directory)
    known: list[tuple[str, int]] = []
    for number, (step, call_id) in enumerate(steps):
        if step == "record":
            calls.record(call_id, {"n": number})
            known.append((call_id, number))
        elif step == "forget":
            calls.forget(call_id)
            known = [entry for entry in known if entry[0] != call_id]
        else:
            calls.close()
            calls = log(directory)
            calls.load()
        assert loaded(directory) == known
    calls.close()
