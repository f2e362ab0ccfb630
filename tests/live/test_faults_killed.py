"""kill -9 of the service at every moment of a call's life: every call is there once, and what was not seen is said."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hotline.records import Measurement, Outcome
from lab.behaviour import Calling, Talk, picks_up
from lab.facts import Leg
from lab.pbx import Pbx
from lab.stage import Lab, Stage
from tests.live.service import ServiceProcess, service_beside

pytestmark = pytest.mark.live
SAME_MOMENT = 0.05


async def ringing(stage: Stage, phone: str = "deska") -> Leg:
    name = stage.phones[phone].name
    return await stage.until(lambda leg: leg.phone == name and leg.ringing_at is not None)


async def talking(stage: Stage, phone: str = "deska") -> Leg:
    name = stage.phones[phone].name
    return await stage.until(lambda leg: leg.phone == name and leg.answered_at is not None)


async def restart(service: ServiceProcess) -> None:
    await service.kill()
    await service.start()
    await service.until_observing()


async def test_killed_in_mid_ring_and_in_mid_talk_the_calls_go_on_and_are_kept_once(tmp_path: Path) -> None:
    async with Pbx(sites=2) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        async with lab.stage() as one, lab.stage() as other, asyncio.TaskGroup() as calls:
            one.set_answers({"deska": picks_up(3.0)})
            other.set_answers({"deska": picks_up(0.5)})
            for stage in (one, other):
                calls.create_task(stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=2.0))))
            legs = [await ringing(one), await talking(other)]
            await restart(service)
        records = await service.until_calls(2)

    for stage, leg in zip((one, other), legs, strict=True):
        (record,) = [r for r in records if r.caller.number == stage.caller_number]
        assert record.measurement is Measurement.RESUMED
        assert record.outcome is Outcome.ANSWERED
        assert record.ring_time is not None and leg.answered_at and leg.ringing_at
        assert record.ring_time.total_seconds() == pytest.approx(
            leg.answered_at - leg.ringing_at, abs=SAME_MOMENT
        )
