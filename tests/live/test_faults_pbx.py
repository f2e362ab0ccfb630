"""The PBX goes away, or the wire to it: calls are closed or taken up again, and the time without sight is said."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from hotline.records import BlindInterval, CallRecord, Measurement, Outcome
from lab.behaviour import Calling, Talk, picks_up
from lab.pbx import Pbx
from lab.stage import Lab, Stage
from tests.live.service import ServiceProcess, service_beside
from tests.live.wire import Wire

pytestmark = pytest.mark.live
CONNECTED = "threerings_ami_connected"


@contextlib.asynccontextmanager
async def a_call(service: ServiceProcess, stage: Stage, talk_seconds: float) -> AsyncIterator[None]:
    """Somebody talks with a desk while the block begins; the call ends by both, for a PBX that passes nothing on."""
    before = service.talks_heard()
    stage.set_answers({"deska": picks_up(0.3, hangs_up_after=talk_seconds + 0.1)})
    async with asyncio.TaskGroup() as calls:
        calls.create_task(stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=talk_seconds))))
        await service.until(lambda: service.talks_heard() > before)
        yield


async def whole_call(service: ServiceProcess, lab: Lab) -> str:
    """A call from its beginning to its end; who called."""
    async with lab.stage() as stage, a_call(service, stage, 0.4):
        return stage.caller_number


def seconds(interval: BlindInterval) -> float:
    assert interval.until is not None
    return (interval.until - interval.since).total_seconds()


async def lost(service: ServiceProcess) -> None:
    await service.until_said("not observing")
    assert (await service.metrics()).value(CONNECTED) == 0


@pytest.mark.parametrize("ending", ["kill", "stop"])
async def test_asterisk_goes_down_in_mid_call_and_comes_back(tmp_path: Path, ending: str) -> None:
    async with Pbx(sites=2) as pbx, service_beside(pbx, tmp_path) as service:
        async with Lab(pbx) as lab, lab.stage() as stage, a_call(service, stage, 2.0):
            await (pbx.kill() if ending == "kill" else pbx.stop())
            await lost(service)
            dead = stage.caller_number
        await pbx.start()
        await service.until_said("was not observed")
        async with Lab(pbx) as lab:
            after = await whole_call(service, lab)
        first, second = await service.until_calls(2)
        (interval,) = await service.blind_intervals()
        metrics = await service.metrics()

    assert (first.caller.number, first.outcome) == (dead, Outcome.ANSWERED)
    # stopped in good order Asterisk tells the ends of its calls
    assert first.measurement is (Measurement.PARTIAL if ending == "kill" else Measurement.LIVE)
    assert (second.caller.number, second.measurement) == (after, Measurement.LIVE)
    assert interval.reason == "connection to the PBX lost"
    assert 0 < seconds(interval) < 10
    assert metrics.value(CONNECTED) == 1
    assert metrics.value("threerings_ami_reconnects_total") == 1
    assert metrics.value("threerings_blind_seconds_total") == pytest.approx(seconds(interval), abs=0.01)


async def test_the_wire_is_cut_and_then_goes_dead(tmp_path: Path) -> None:
    """A cut is told by the system; a wire that goes dead is told by nobody, only the heartbeat notices."""
    async with (
        Pbx(sites=4) as pbx,
        Wire(pbx.ami_port) as wire,
        Lab(pbx) as lab,
        service_beside(pbx, tmp_path, pbx={"port": wire.port, "connect_seconds": 0.5}) as service,
    ):
        async with lab.stage() as stage, a_call(service, stage, 3.0):
            await wire.cut()
            await lost(service)
            await asyncio.sleep(0.7)
            await wire.mend()
            await service.until(lambda: len(service.said("was not observed")) == 1)
            went_on = stage.caller_number
        async with lab.stage() as stage, a_call(service, stage, 1.0):
            wire.go_dead()
            ended_unseen = stage.caller_number
        await service.until(lambda: len(service.said("not observing")) == 2, seconds=1 + 0.5 + 1)
        await service.until_said("did not answer log-in within 0.5 s")
        dead_connections = wire.connections
        wire.revive()
        await service.until(lambda: len(service.said("was not observed")) == 2)
        after = await whole_call(service, lab)
        records = {record.caller.number: record for record in await service.until_calls(3)}
        intervals = await service.blind_intervals()
        metrics = await service.metrics()

    assert _told(records[went_on]) == (Outcome.ANSWERED, Measurement.RESUMED)
    assert _told(records[ended_unseen]) == (Outcome.ANSWERED, Measurement.PARTIAL)
    assert _told(records[after]) == (Outcome.ANSWERED, Measurement.LIVE)
    assert len(records) == 3
    assert [interval.reason for interval in intervals] == ["connection to the PBX lost"] * 2
    assert 0.7 < seconds(intervals[0]) < 3
    assert metrics.value("threerings_ami_reconnects_total") == 2
    assert metrics.value("threerings_blind_seconds_total") == pytest.approx(
        sum(map(seconds, intervals)), abs=0.01
    )
    assert dead_connections <= 5


def _told(record: CallRecord) -> tuple[Outcome, Measurement]:
    return record.outcome, record.measurement
