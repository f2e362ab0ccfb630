"""A recording holds every byte that came, counts what is in it, and never overwrites."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.recording import Recording
from hotline.directory import Directory
from tests.ami_listener.written import Pbx
from tests.storage.places import files_end_at


def recording(path: Path) -> Recording:
    return Recording(path, "pbx", Directory())


def stream() -> bytes:
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    pbx.over(desk, caller, by=caller)
    pbx.arrives("SIP/trunk-9")
    return b"Asterisk Call Manager/11.0.0\r\n" + pbx.raw


def test_every_byte_is_in_the_file_as_soon_as_it_came(tmp_path: Path) -> None:
    path, said = tmp_path / "x.ami", stream()

    with recording(path) as written:
        for start in range(0, len(said), 100):
            written.write(said[start : start + 100])
            assert path.read_bytes() == said[: start + 100]

    assert (written.size, written.calls, written.open_calls) == (len(said), 1, 1)
    assert written.events == said.count(b"Event: ")


def test_nobody_else_may_read_it(tmp_path: Path) -> None:
    with recording(tmp_path / "x.ami") as written:
        written.write(b"x")

    assert (tmp_path / "x.ami").stat().st_mode & 0o077 == 0


def test_a_file_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "x.ami"
    path.write_bytes(b"precious")

    with pytest.raises(FileExistsError), recording(path):
        pass

    assert path.read_bytes() == b"precious"


def test_without_a_byte_no_file_is_left(tmp_path: Path) -> None:
    with recording(tmp_path / "x.ami"):
        pass

    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_it_and_keeps_what_came(tmp_path: Path) -> None:
    path = tmp_path / "x.ami"

    with recording(path) as written, files_end_at(1000):
        for _ in range(20):
            written.write(b"x" * 100)

    assert written.error is not None
    assert written.size == path.stat().st_size == 1000
