"""The database goes away, or the disk is full: calls wait where they are safe, an alarm is on, and none is lost."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from hotline.records import CallRecord, Measurement
from lab.behaviour import Calling, Talk, picks_up
from lab.pbx import Pbx
from lab.stage import Lab
from tests.live.service import ServiceProcess, service_beside
from tests.postgres import Postgres

pytestmark = pytest.mark.live
AVAILABLE = "threerings_storage_available"


async def whole_call(lab: Lab) -> str:
    """A call from its beginning to its end; who called."""
    async with lab.stage() as stage:
        stage.set_answers({"deska": picks_up(0.2)})
        await stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=0.3)))
        return stage.caller_number


async def calls(lab: Lab, count: int) -> set[str]:
    return set(await asyncio.gather(*(whole_call(lab) for _ in range(count))))


def callers(records: list[CallRecord]) -> list[str]:
    assert {record.measurement for record in records} == {Measurement.LIVE}
    return sorted(record.caller.number or "" for record in records)


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """As a report or a backup by another program might do."""
    connection = sqlite3.connect(database, isolation_level=None)
    try:
        connection.execute("BEGIN EXCLUSIVE")
        yield
    finally:
        connection.close()


async def until_waiting(service: ServiceProcess, facts: int) -> None:
    """Until at least so many facts are in the spool and the alarm is on."""
    async with asyncio.timeout(10):
        while True:
            metrics = await service.metrics()
            if (
                metrics.value("threerings_spool_facts") >= facts
                and metrics.value(AVAILABLE, part="database") == 0
            ):
                return
            await asyncio.sleep(0.1)


async def until_stored(service: ServiceProcess, count: int) -> list[CallRecord]:
    records = await service.until_calls(count)
    metrics = await service.metrics()
    assert metrics.value(AVAILABLE, part="database") == 1
    assert metrics.value("threerings_facts_total", fate="refused") == 0
    assert metrics.value("threerings_facts_total", fate="rejected") == 0
    return records


async def test_the_database_is_locked_for_half_a_minute_and_the_service_starts_meanwhile(
    tmp_path: Path,
) -> None:
    """Not even tables are there yet. The service observes, keeps, and brings the tables up as soon as it may."""
    database = tmp_path / "data" / "threerings.db"
    database.parent.mkdir()
    with contextlib.ExitStack() as lock:
        lock.enter_context(locked(database))
        began = asyncio.get_running_loop().time()
        async with Pbx(sites=4) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
            made = await calls(lab, 4)
            await until_waiting(service, 4)
            await service.kill()  # what waits outlives that
            await service.start()
            await service.until_observing()
            made |= await calls(lab, 4)
            await until_waiting(service, 8)
            await asyncio.sleep(30 - (asyncio.get_running_loop().time() - began))
            lock.close()
            records = await until_stored(service, 8)
            await _until_spool_is_empty(service)
            said = [line["event"] for line in service.said("database is")]

    assert callers(records) == sorted(made)
    assert said == [
        "database is away, calls are kept in the spool until it is back",
        "database is back, the spool is being written",
    ]


async def _until_spool_is_empty(service: ServiceProcess) -> None:
    async with asyncio.timeout(5):
        while (await service.metrics()).value("threerings_spool_facts"):
            await asyncio.sleep(0.05)


async def test_postgresql_is_stopped_and_started(tmp_path: Path) -> None:
    server = await asyncio.to_thread(Postgres)
    try:
        await asyncio.to_thread(server.sql, "CREATE DATABASE calls")
        async with (
            Pbx(sites=3) as pbx,
            Lab(pbx) as lab,
            service_beside(pbx, tmp_path, storage={"url": server.url("calls")}) as service,
        ):
            made = await calls(lab, 2)
            await service.until_calls(2)
            await asyncio.to_thread(server.stop)
            made |= await calls(lab, 3)
            await until_waiting(service, 3)
            # a stop while the database is away neither hangs nor loses anything
            assert await service.stop() == 0
            assert service.said("stopped")[0]["facts_in_spool"] >= 3
            await service.start()
            await service.until_observing()
            made |= await calls(lab, 1)
            await asyncio.to_thread(server.start)
            records = await until_stored(service, 6)
    finally:
        await asyncio.to_thread(server.remove)

    assert callers(records) == sorted(made)


async def test_the_disk_is_full(tmp_path: Path) -> None:
    """No file grows any more: database, spool, calls under way, the log. Facts wait in memory until there is space."""
    async with Pbx(sites=3) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        made = await calls(lab, 1)
        await service.until_calls(1)
        before = resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (100, resource.RLIM_INFINITY))
        made |= await calls(lab, 3)
        await until_waiting(service, 3)
        metrics = await service.metrics()
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, before)
        made |= await calls(lab, 1)
        records = await until_stored(service, 5)
        again = await service.metrics()
        while not (await service.metrics()).value(AVAILABLE, part="open_calls"):
            await calls(lab, 3)  # it is tried again with every hundredth entry
        status = await service.stop()

    assert [metrics.value(AVAILABLE, part=part) for part in ("database", "spool", "open_calls")] == [0, 0, 0]
    assert [again.value(AVAILABLE, part=part) for part in ("database", "spool")] == [1, 1]
    assert callers(records) == sorted(made)
    assert status == 0
