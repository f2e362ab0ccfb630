"""The service in good order: it stops gracefully, goes on after a restart, says why it does not start, bears load."""

from __future__ import annotations

import asyncio
import socket
import sqlite3
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hotline.records import Measurement, Outcome
from lab.behaviour import Calling, Talk, picks_up
from lab.pbx import Pbx
from lab.sipp import Load, run_load
from lab.stage import Lab
from storage.migration import upgrade
from storage.settings import StorageSettings
from tests.live.service import Metrics, ServiceProcess, service_beside

pytestmark = pytest.mark.live


async def test_a_graceful_stop_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """One call has just ended and waits for others to be stored with; one goes on, and is taken up again."""
    storage = {"batch_delay_seconds": 30}
    async with (
        Pbx(sites=2) as pbx,
        Lab(pbx) as lab,
        service_beside(pbx, tmp_path, storage=storage) as service,
    ):
        async with lab.stage() as going_on, lab.stage() as ended, asyncio.TaskGroup() as calls:
            going_on.set_answers({"deska": picks_up(1.0)})
            ended.set_answers({"deska": picks_up(0.2)})
            await ended.call("trunk", Calling("101", talk=Talk(hangs_up_after=0.2)))  # stored at once
            calls.create_task(going_on.call("trunk", Calling("101", talk=Talk(hangs_up_after=4.5))))
            await going_on.until(lambda leg: leg.phone.startswith("deska") and leg.answered_at is not None)
            await ended.call("trunk", Calling("101", talk=Talk(hangs_up_after=0.2)))
            while (await service.metrics()).value("threerings_spool_facts") < 1:
                await asyncio.sleep(0.02)
            status, stopped_at = await service.stop(), datetime.now(UTC)
            stored, (blind,) = await service.calls(), await service.blind_intervals()
            left = service.said("stopped")[0]["facts_in_spool"]
            service.config["storage"]["batch_delay_seconds"] = 0.05
            await service.start()
            await service.until_observing()
        after = await service.until_calls(3)
        (over,) = await service.blind_intervals()

    assert (status, left) == (0, 0)
    assert [record.caller.number for record in stored] == [ended.caller_number] * 2
    assert (blind.reason, blind.until) == ("service was stopped", None)
    assert (stopped_at - blind.since).total_seconds() < 1
    (taken_up,) = [record for record in after if record.caller.number == going_on.caller_number]
    assert (taken_up.outcome, taken_up.measurement) == (Outcome.ANSWERED, Measurement.RESUMED)
    assert (over.since, over.reason) == (blind.since, "service was stopped")
    assert over.until is not None


@pytest.mark.parametrize("form", ["json", "console"])
async def test_no_caller_is_in_the_log(tmp_path: Path, form: str) -> None:
    async with Pbx(sites=1) as pbx, Lab(pbx) as lab:
        service = ServiceProcess.beside(pbx, tmp_path, log={"format": form})
        try:
            await service.launch()
            await service.until(lambda: "observing" in service.text)
            async with lab.stage() as stage:
                stage.set_answers({"deska": picks_up(0.2)})
                await stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=0.2), name="Wang Fang"))
                caller = stage.caller_number
            await service.until_calls(1)
            assert await service.stop() == 0
        finally:
            await service.kill()
        text = service.text

    assert "stopped" in text
    assert caller not in text
    assert "Wang" not in text
    assert pbx.secret not in text


async def test_load_is_borne_call_by_call_and_event_by_event(tmp_path: Path) -> None:
    load = Load(calls=200, rate=25)
    async with Pbx(sites=1) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        result = await run_load(lab, load)
        records = await service.until_calls(200)
        metrics = await service.metrics()

    assert (result.successful, result.failed) == (200, 0)
    kept = Counter(record.caller.number for record in records)
    assert kept == Counter(call.number for call in result.calls)
    assert {record.measurement for record in records} == {Measurement.LIVE}
    assert metrics.value("threerings_calls_total", outcome="answered") == 200
    assert metrics.value("threerings_anomalies_total") == 0
    assert metrics.value("threerings_ami_events_handled_total") > 200 * 8
    assert _lag_of(metrics, 0.99) <= 0.25


def _lag_of(metrics: Metrics, share: float) -> float:
    """The bound of the first bucket that holds so many of the events."""
    bounds = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
    events = metrics.value("threerings_event_lag_seconds_count")
    for bound in bounds:
        if metrics.value("threerings_event_lag_seconds_bucket", le=str(bound)) >= share * events:
            return bound
    return float("inf")


async def _does_not_start(service: ServiceProcess) -> str:
    """The last line that it says; exit status 1."""
    await service.launch()
    assert await service.ended() == 1, service.text
    assert "Traceback" not in service.text
    *_, error = (line["event"] for line in service.log() if line["level"] in {"error", "critical"})
    return str(error)


async def test_why_it_does_not_start_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        metrics = await _does_not_start(
            ServiceProcess(tmp_path / "1", port=1, secret="x", metrics={"port": port})
        )
    folder = await _does_not_start(
        ServiceProcess(tmp_path / "2", port=1, secret="x", storage={"data_dir": str(file / "data")})
    )
    url = await _does_not_start(
        ServiceProcess(tmp_path / "3", port=1, secret="x", storage={"url": "mysql://db/calls"})
    )

    assert metrics.startswith(f"metrics page: 127.0.0.1 port {port}: ")
    assert "change metrics.host or metrics.port" in metrics
    assert folder == (
        f"storage.data_dir: {file / 'data'}: Not a directory; create it for this user or name another directory"
    )
    assert (
        url
        == "storage.url: cannot keep calls in mysql://db/calls: write sqlite:///PATH or postgresql://USER@HOST/NAME"
    )


async def test_a_second_service_on_the_same_data_and_a_newer_database_are_refused(tmp_path: Path) -> None:
    async with Pbx(sites=1) as pbx, service_beside(pbx, tmp_path) as first:
        second = ServiceProcess(
            tmp_path / "2", port=1, secret="x", storage={"data_dir": str(tmp_path / "data")}
        )
        in_use = await _does_not_start(second)
        await first.stop()
    newer = ServiceProcess(tmp_path / "3", port=1, secret="x")
    settings = StorageSettings(data_dir=tmp_path / "3" / "data")
    await upgrade(settings)
    _pretend_newer(settings)
    mismatch = await _does_not_start(newer)

    assert in_use.endswith("is in use by another process: stop it or set another spool_dir")
    assert "is at revision 9999, newer than this program" in mismatch


def _pretend_newer(settings: StorageSettings) -> None:
    connection = sqlite3.connect(settings.data_dir / "threerings.db", isolation_level=None)
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
