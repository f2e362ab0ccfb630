"""Load and soak: a small one on the lab's PBX, and whether what is lost, doubled or late would be told."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import astuple
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bench.load import Cores, Step, bench, climb, compared
from bench.report import highest, load_row, load_table, load_values, load_verdict, soak_row, soak_verdict
from bench.service import Kept, Lag, lag_of, records_by_caller
from bench.soak import Slice, growth, problems, soak
from lab.sipp import LoadCall, LoadResult
from metrics.meters import Meters

NO_LAG = Lag({0.001: 100.0})
NO_CORES = Cores(0, 0, 0, 0)


def heard(number: str, *, answered: bool = True) -> LoadCall:
    return LoadCall(number, 10.0, 10.1, 10.4 if answered else None, 11.1)


def step_of(kept: dict[str, Kept], *calls: LoadCall, failed: int = 0, lag: Lag = NO_LAG) -> Step:
    result = LoadResult(len(calls) - failed, failed, len(calls) / 2 + 1.0, calls)
    return compared(2, result, kept, lag=lag, cores=NO_CORES)


@pytest.mark.live
async def test_twenty_calls_a_second_are_recorded_once_each() -> None:
    async with bench() as running:
        [step] = [step async for step in climb(running.step, [20], seconds=5, confirm_seconds=0)]
        [part] = [part async for part in soak(running, 1 / 60, 10, slice_seconds=2)]
    assert step.sustained, step.why_not
    assert (step.successful, step.recorded, step.lost, step.doubled) == (100, 100, 0, 0)
    assert step.lag.events > 1000
    assert min(astuple(step.cores)) >= 0 < step.cores.service < step.cores.asterisk + 1
    assert step.cores.sipp > 0
    assert step.typical_ring_error < 0.05
    assert part.step.recorded == 20
    assert part.open_files > 10
    assert part.resident_bytes > 20_000_000
    assert soak_verdict([part]).reached, soak_verdict([part])


def test_lost_doubled_and_failed_calls_are_told() -> None:
    once = Kept(records=1, answered=1, ring_seconds=0.3)
    fine = step_of({"1360011": once}, heard("1360011"))
    assert fine.sustained
    assert step_of({}, heard("1360011")).why_not == "1 lost"
    assert step_of({"1360011": Kept(1, 0, 0.3)}, heard("1360011")).why_not == "1 lost"
    assert step_of({"1360011": Kept(2, 2, 0.3)}, heard("1360011")).why_not == "1 doubled"
    assert step_of({}, heard("1360011", answered=False), failed=1).why_not == "1 calls failed"
    assert (
        step_of({"1360011": once}, heard("1360011"), lag=Lag({0.5: 1.0})).why_not == "p99 of event lag 0.5 s"
    )
    assert Step(20, trouble="SIPp: no end").why_not == "SIPp: no end"


def test_ring_times_are_compared_with_what_the_caller_heard() -> None:
    step = step_of({"1": Kept(1, 1, 0.31), "2": Kept(1, 1, None)}, heard("1"), heard("2"))
    assert list(step.ring_errors) == pytest.approx([0.01])


def test_a_rate_that_sipp_itself_could_not_place_is_not_sustained() -> None:
    once = Kept(1, 1, 0.3)
    result = LoadResult(2, 0, 3.0, (heard("1"), heard("2")))
    assert (
        compared(2, result, {"1": once, "2": once}, lag=NO_LAG, cores=NO_CORES).why_not == "only 1/s placed"
    )


async def test_the_highest_rate_is_the_one_that_lasts() -> None:
    sustained = [20.0, 50, 75, 50]
    disturbed = [50.0]

    async def attempt(rate: float, seconds: float) -> Step:
        if rate in disturbed:
            disturbed.remove(rate)
            return Step(rate, trouble="something else ran")
        if rate not in sustained:
            return Step(rate, trouble="overloaded")
        sustained.remove(rate)
        return Step(rate, successful=round(rate * seconds), achieved=rate, lag=NO_LAG)

    tried = [step async for step in climb(attempt, [20, 50, 75, 100, 125])]
    assert [step.rate for step in tried] == [20, 50, 50, 75, 100, 100, 75, 50]
    assert highest(tried) == 50
    assert load_verdict(tried).text.startswith("50 calls a second")
    assert not load_verdict([Step(20, trouble="no")]).reached
    assert len(load_row(tried[0])) == len(load_table().columns)
    assert load_values(tried)[4]["why_not"] == "overloaded"


def test_lag_is_read_off_the_page() -> None:
    now = datetime(2026, 5, 1, tzinfo=UTC)
    registry = CollectorRegistry()
    meters = Meters(
        registry, pbxes=["pbx"], lines=[], roles=[], anomaly_kinds=[], version="0", clock=lambda: now
    )
    before = lag_of(generate_latest(registry).decode())
    for milliseconds in [2] * 98 + [200, 700]:
        meters.event_handled("pbx", now - timedelta(milliseconds=milliseconds))
    lag = lag_of(generate_latest(registry).decode()) - before
    assert (before.events, before.quantile(0.99), lag.events) == (0, 0, 100)
    assert [lag.quantile(share) for share in (0.5, 0.98, 0.99, 1)] == [0.0025, 0.0025, 0.25, 1]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "calls.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE calls (caller_number, outcome, ring_time)")
    rows = [
        ("1360011", "answered", 300_000),
        ("1360012", "failed", None),
        ("1360011", "answered", 1),
        ("9", "busy", 1),
    ]
    connection.executemany("INSERT INTO calls VALUES (?, ?, ?)", rows)
    connection.commit()
    yield path
    connection.close()


def test_records_are_counted_by_caller(database: Path) -> None:
    assert records_by_caller(database, "136001") == {"1360011": Kept(2, 2, 1e-6), "1360012": Kept(1, 0, None)}


def test_a_soak_that_grows_or_loses_is_told() -> None:
    step = Step(50, successful=1500, achieved=50, lag=NO_LAG)

    def soaked(*megabytes: int, files: int = 20, worst: Step = step) -> list[Slice]:
        steady = [Slice(n / 2, step, size * 1_000_000, 20) for n, size in enumerate(megabytes)]
        return [*steady[:-1], Slice(9.0, worst, megabytes[-1] * 1_000_000, files)]

    flat = soaked(50, 58, 60, 60, 61, 60, 60, 61)
    assert growth(flat) == pytest.approx(61 / 60, abs=0.02)
    assert soak_verdict(flat).text.startswith("12000 calls, none lost")
    assert problems(soaked(50, 58, 60, 60, 70, 80, 90, 95)) == ["memory grew 1.54 times"]
    assert problems(soaked(60, 60, 60, 60, files=99)) == ["open files went from 20 to 99"]
    assert problems(soaked(60, 60, 60, 60, worst=Step(50, trouble="gone"))) == ["minute 9.0: gone"]
    assert len(soak_row(flat[0])) == 8
