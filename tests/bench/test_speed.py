"""Raw bytes to records against panoramisk + cacofonisk, small; and whether the peer really does its work."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.replay import replay
from bench.interleaved import write_capture
from bench.peer import track
from bench.report import speed_table, speed_values, speed_verdict
from bench.speed import AS_RUN, DIRECT, OURS, TARGET_RATIO, measure_speed
from bench.stories import load_stories
from hotline.records import CallRecord, Outcome

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """One of 20 MB, and one with next to nothing in it."""
    folder, stories = tmp_path_factory.mktemp("captures"), load_stories()
    large, small = folder / "large.ami", folder / "small.ami"
    write_capture(large, stories, 20 * MEGABYTE)
    write_capture(small, stories, 1_000)
    return large, small


def test_a_byte_takes_the_peer_eight_times_as_long(captures: tuple[Path, Path], tmp_path: Path) -> None:
    """Processor time, start-up taken off, which would decide over so small a capture; the best of a few.

    A short run is disturbed more by whatever else runs than a long one, so ours is run more often.
    """
    best = {}
    for capture in captures:
        measured = measure_speed(capture, tmp_path, rounds=2, sides=(OURS, AS_RUN, OURS, OURS))
        for side, runs in measured.runs.items():
            best[capture, side] = min(run.cpu_seconds for run in runs)
    large, small = captures
    ours, theirs = (best[large, side] - best[small, side] for side in (OURS, AS_RUN))
    assert theirs / ours >= TARGET_RATIO


async def test_the_peer_reports_the_calls_we_record(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A comparison with something that fails early would be none. It counts transfers and pickups in another way."""
    capture = tmp_path / "capture.ami"
    write_capture(capture, load_stories(), 5 * MEGABYTE)
    as_run = await track(capture, direct=False)
    printed = capsys.readouterr().out.splitlines()
    assert not [what for what in as_run if what.startswith("raised")]
    assert len(printed) == sum(as_run.values())
    assert {"caller", "at", "fact"} <= json.loads(printed[0]).keys()
    with capture.open("rb") as file:
        records = [fact for fact in replay([file]) if isinstance(fact, CallRecord)]
    answered = sum(record.outcome is Outcome.ANSWERED for record in records)
    assert as_run["hangup"] == pytest.approx(len(records), rel=0.1)
    assert as_run["up"] == pytest.approx(answered, rel=0.1)
    assert await track(capture, direct=True) == as_run


def test_a_result_says_whether_it_is_reached(captures: tuple[Path, Path], tmp_path: Path) -> None:
    measured = measure_speed(captures[1], tmp_path, rounds=1)
    assert measured.ratio(OURS) == measured.cpu_ratio(OURS) == 1
    assert list(speed_table(measured).columns[0].cells) == [OURS, AS_RUN, DIRECT]
    assert speed_values(measured)[OURS]["lines"] > 0
    verdict = speed_verdict(measured)
    assert verdict.reached == (measured.ratio() >= TARGET_RATIO)
    assert f"asked {TARGET_RATIO:g}x" in verdict.text
