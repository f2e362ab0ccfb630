"""kill -9 of the service at every moment of a call's life: every call is there once, and what was not seen is said."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from hotline.records import BlindInterval, CallRecord, Measurement, Outcome
from lab.behaviour import Calling, Talk, picks_up, rings
from lab.facts import Leg
from lab.pbx import Pbx
from lab.sipp import Load, LoadCall, run_load
from lab.stage import Lab, Stage
from tests.live.service import service_beside

pytestmark = pytest.mark.live
SAME_MOMENT = 0.05
A_MARK = 1.1  # seconds: how often the service writes down until when it observed


async def ringing(stage: Stage) -> Leg:
    return await stage.until(lambda leg: leg.phone.startswith("deska") and leg.ringing_at is not None)


async def talking(stage: Stage) -> Leg:
    return await stage.until(lambda leg: leg.phone.startswith("deska") and leg.answered_at is not None)


def of(stage: Stage, records: list[CallRecord]) -> CallRecord:
    """The one record of this stage's call."""
    (record,) = [record for record in records if record.caller.number == stage.caller_number]
    return record


def _rang_as_the_phone_says(record: CallRecord, leg: Leg) -> None:
    assert record.ring_time is not None
    assert leg.ringing_at
    assert leg.answered_at
    assert record.ring_time.total_seconds() == pytest.approx(
        leg.answered_at - leg.ringing_at, abs=SAME_MOMENT
    )


async def test_killed_while_phones_ring_and_people_talk(tmp_path: Path) -> None:
    """Two calls go on until the service is back, two end before: ringing and talking, each."""
    async with Pbx(sites=4) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        async with lab.stage() as rung, lab.stage() as talked, lab.stage() as left, lab.stage() as gone:
            rung.set_answers({"deska": picks_up(4.0)})
            talked.set_answers({"deska": picks_up(1.0)})
            left.set_answers({"deska": rings()})
            gone.set_answers({"deska": picks_up(0.5)})
            async with asyncio.TaskGroup() as calls:
                for stage, talk in ((rung, 1.0), (talked, 4.5), (gone, 1.5)):
                    calls.create_task(stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=talk))))
                calls.create_task(left.call("trunk", Calling("101", gives_up_after=2.0)))
                legs = [await ringing(rung), await talking(talked)]
                await ringing(left)
                await service.until(lambda: service.talks_heard() == 2)
                await service.kill()
                await asyncio.sleep(1.5)
                await service.start()
                await service.until_observing()
        records = await service.until_calls(4)
        intervals = await service.blind_intervals()
        metrics = await service.metrics()

    for stage, leg in zip((rung, talked), legs, strict=True):
        record = of(stage, records)
        assert (record.outcome, record.measurement) == (Outcome.ANSWERED, Measurement.RESUMED)
        _rang_as_the_phone_says(record, leg)
    assert of(left, records).measurement is Measurement.PARTIAL
    lost_in_talk = of(gone, records)
    assert (lost_in_talk.outcome, lost_in_talk.measurement) == (Outcome.ANSWERED, Measurement.PARTIAL)
    assert len(records) == 4
    (interval,) = intervals
    assert interval.reason == "service was not running"
    assert interval.until is not None
    assert 1.5 < (interval.until - interval.since).total_seconds() < 1.5 + A_MARK + 3
    assert metrics.value("threerings_call_measurements_total", measurement="resumed") == 2
    assert metrics.value("threerings_call_measurements_total", measurement="partial") == 2
    assert metrics.value("threerings_blind_seconds_total") > 1.5


async def test_killed_at_any_moment_under_load_no_call_is_lost_or_doubled(tmp_path: Path) -> None:
    """Twenty calls a second, and a kill about every second and a half, just after some call has ended."""
    load = Load(calls=240, rate=20)
    async with Pbx(sites=1) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        playing = asyncio.create_task(run_load(lab, load))
        kills = 0
        while not playing.done():
            await asyncio.sleep(random.uniform(0.1, 0.8))
            await service.kill()
            kills += 1
            await service.start()
            await service.until_observing()
        result = await playing
        status = await service.stop()
        records, intervals = await service.calls(), await service.blind_intervals()

    assert (result.successful, result.failed) == (240, 0)
    assert status == 0
    assert kills >= 5
    kept = Counter(record.caller.number for record in records)
    seen = [call for call in result.calls if not _was_unseen(call, intervals)]
    assert [call.number for call in seen if kept[call.number] != 1] == []
    assert [number for number, times in kept.items() if times != 1] == []
    assert len(intervals) == kills + 1  # the last one: stopped in good order
    assert len(seen) >= 60
    ring_times = [record.ring_time for record in records if record.measurement is Measurement.LIVE]
    assert all(time and time.total_seconds() == pytest.approx(0.3, abs=0.2) for time in ring_times)


def _was_unseen(call: LoadCall, intervals: list[BlindInterval]) -> bool:
    """From its first message to its last while the service says that it did not look."""
    assert call.invited_at
    assert call.ended_at
    return any(
        interval.since.timestamp() <= call.invited_at and call.ended_at <= _end(interval)
        for interval in intervals
    )


def _end(interval: BlindInterval) -> float:
    return (interval.until or datetime.max.replace(tzinfo=interval.since.tzinfo)).timestamp()


async def test_killed_between_the_end_of_a_call_and_its_storing(tmp_path: Path) -> None:
    """The database waits half a second for more facts; the kill comes within. What counts is what is on disk."""
    storage = {"batch_delay_seconds": 0.5}
    async with (
        Pbx(sites=4) as pbx,
        Lab(pbx) as lab,
        service_beside(pbx, tmp_path, storage=storage) as service,
    ):
        numbers = []
        for delay in (0.0, 0.01, 0.05):
            for _ in range(2):  # the second one has to wait for others
                async with lab.stage() as stage:
                    stage.set_answers({"deska": picks_up(0.2)})
                    await stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=0.2)))
                    numbers.append(stage.caller_number)
            await asyncio.sleep(delay)
            await service.kill()
            await service.start()
            await service.until_observing()
        records = await service.until_calls(len(numbers))

    assert sorted(record.caller.number or "" for record in records) == sorted(numbers)
