"""The spool: in order, until stored, over crashes and full disks."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from storage.append_file import Lines
from storage.errors import SpoolInUse
from storage.spool import Spool

OpenSpool = Callable[..., Spool]


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[OpenSpool]:
    """Open the spool of this test, as a new process would: what was opened before is closed."""
    spools: list[Spool] = []

    def open_spool(*, limit: int = 1_000_000, segment: int = 30) -> Spool:
        for spool in spools:
            spool.close()
        spools.append(Spool(tmp_path / "spool", limit_bytes=limit, segment_bytes=segment))
        spools[-1].open()
        return spools[-1]

    yield open_spool
    for spool in spools:
        spool.close()


def taken(spool: Spool, limit: int = 100) -> list[bytes]:
    """Everything that waits, in order; afterwards nothing does."""
    lines: list[bytes] = []
    while (stretch := spool.read(limit)).lines:
        lines += stretch.lines
        spool.advance(stretch)
    return lines


def segments(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "spool").glob("facts-*.jsonl"))


def numbered(count: int) -> list[bytes]:
    return [b"line %03d" % number for number in range(count)]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_lines_come_out_in_the_order_they_went_in(opened: OpenSpool, limit: int) -> None:
    spool = opened()
    for line in numbered(20):
        spool.append(line)
    assert spool.depth == 20
    assert taken(spool, limit) == numbered(20)
    assert spool.depth == 0


def test_lines_stay_until_they_are_stored(opened: OpenSpool) -> None:
    spool = opened()
    for line in numbered(3):
        spool.append(line)
    assert spool.read(2).lines == spool.read(2).lines == tuple(numbered(2))
    assert spool.depth == 3


def test_the_next_process_goes_on_where_the_last_one_ended(opened: OpenSpool) -> None:
    spool = opened()
    for line in numbered(10):
        spool.append(line)
    spool.advance(spool.read(2))
    spool = opened()
    assert spool.depth == 8
    spool.append(b"later")
    assert taken(spool) == [*numbered(10)[2:], b"later"]
    assert taken(opened()) == []


def test_what_is_stored_gives_its_space_back(opened: OpenSpool, tmp_path: Path) -> None:
    spool = opened()
    for line in numbered(100):
        spool.append(line)
    assert len(segments(tmp_path)) > 20
    taken(spool)
    assert len(segments(tmp_path)) == 1
    assert spool.size == segments(tmp_path)[0].stat().st_size
    opened().append(b"after a restart the last segment is done, too")
    assert taken(opened()) == [b"after a restart the last segment is done, too"]


def test_a_full_spool_keeps_the_oldest_and_refuses_the_newest(opened: OpenSpool) -> None:
    spool = opened(limit=100)
    for line in numbered(11):
        spool.append(line)
    with pytest.raises(OSError, match="the spool is at its limit"):
        spool.append(b"one more")
    assert spool.depth == 11
    for _ in range(2):  # a segment gives its space back once the next one is begun
        spool.advance(spool.read(3))
    spool.append(b"one more")
    assert taken(spool) == [*numbered(11)[4:], b"one more"]


def test_a_line_cut_short_by_a_crash_is_counted_and_stepped_over(opened: OpenSpool, tmp_path: Path) -> None:
    spool = opened()
    spool.append(b"whole")
    with segments(tmp_path)[-1].open("ab") as file:
        file.write(b'{"kind": "ca')
    spool = opened()
    assert spool.depth == 1
    spool.append(b"after the crash")
    assert taken(spool) == [b"whole", b"after the crash"]
    assert spool.torn == 1


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"segment": "x"}', b"\0\0\0\0"])
def test_without_a_readable_position_everything_comes_again(
    opened: OpenSpool, tmp_path: Path, content: bytes
) -> None:
    spool = opened(segment=10_000)
    for line in numbered(3):
        spool.append(line)
    spool.advance(spool.read(2))
    (tmp_path / "spool" / "position").write_bytes(content)
    assert taken(opened()) == numbered(3)


def test_a_segment_deleted_by_hand_does_not_stop_the_others(opened: OpenSpool, tmp_path: Path) -> None:
    spool = opened()
    for line in numbered(9):
        spool.append(line)
    segments(tmp_path)[1].unlink()
    assert taken(spool) == numbered(9)[:3] + numbered(9)[6:]


def test_a_directory_deleted_by_hand_is_made_anew(opened: OpenSpool, tmp_path: Path) -> None:
    spool = opened()
    spool.append(b"gone")
    shutil.rmtree(tmp_path / "spool")
    spool.append(b"kept")
    assert spool.depth == 1
    assert taken(opened()) == [b"kept"]


def test_two_processes_cannot_share_a_spool(opened: OpenSpool, tmp_path: Path) -> None:
    opened()
    second = Spool(tmp_path / "spool", limit_bytes=1000)
    with pytest.raises(SpoolInUse, match="in use by another process"):
        second.open()


def test_a_spool_that_cannot_be_made_is_tried_again(tmp_path: Path) -> None:
    (tmp_path / "spool").write_text("in the way")
    spool = Spool(tmp_path / "spool", limit_bytes=1000)
    for _ in range(2):
        with pytest.raises(OSError):
            spool.append(b"line")
    assert spool.depth == 0
    (tmp_path / "spool").unlink()
    spool.append(b"line")
    assert taken(spool) == [b"line"]
    spool.close()


def test_a_line_that_comes_while_its_segment_is_read_is_not_stepped_over(tmp_path: Path) -> None:
    """Reading happens in another thread than appending."""

    class Busy(Spool):
        come_now: Iterator[bytes] = iter([b"during", b"and the next segment"])

        def _read_segment(self, segment: int, limit: int) -> Lines:
            found = super()._read_segment(segment, limit)
            if not found.lines:
                for line in self.come_now:
                    self.append(line)
            return found

    spool = Busy(tmp_path / "spool", limit_bytes=60)
    spool.append(b"first")
    spool.advance(spool.read(1))
    assert spool.read(10).lines == ()
    assert taken(spool) == [b"during", b"and the next segment"]
    spool.close()


@examples(deadline=None, max_examples=60)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("append"), st.binary(max_size=20).map(lambda line: line.replace(b"\n", b""))),
            st.tuples(st.just("store"), st.integers(1, 5)),
            st.tuples(st.just("restart"), st.just(0)),
            st.tuples(st.just("restart without position"), st.just(0)),
        ),
        max_size=40,
    )
)
def test_whatever_happens_every_line_comes_out_in_order_at_least_once(
    steps: list[tuple[str, bytes | int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("spool")

    def start() -> Spool:
        spool = Spool(directory, limit_bytes=1_000_000, segment_bytes=40)
        spool.open()
        return spool

    spool = start()
    put_in: list[bytes] = []
    came_out = 0
    for step, value in steps:
        if isinstance(value, bytes):
            spool.append(value)
            put_in.append(value)
        elif step == "store":
            stretch = spool.read(value)
            assert list(stretch.lines) == put_in[came_out : came_out + len(stretch.lines)]
            came_out += len(stretch.lines)
            spool.advance(stretch)
        else:
            spool.close()
            if step == "restart without position":
                (directory / "position").unlink(missing_ok=True)
            spool = start()
            came_out = len(put_in) - spool.depth
    assert taken(spool) == put_in[came_out:]
    spool.close()
