"""The rooms together: from the PBX's words to the database, over stops, restarts, outages and failures."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from prometheus_client import generate_latest

from app.failures import OF_THE_SERVICE, reason_for_a_person
from app.replay import replay
from app.wiring import DataDirectoryError, Service, prepare_database, utc_now
from hotline.records import CallRecord, Fact, Measurement, Outcome
from storage.errors import BadDatabaseUrl, SchemaMismatch
from storage.migration import upgrade
from storage.settings import StorageSettings
from tests.ami_listener.written import Chan, Pbx
from tests.app.running import Facts, running, settings_for, until
from tests.fakes.ami_peer import AmiPeer, listing
from tests.storage.places import Diary


def answered_call(pbx: Pbx) -> None:
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    pbx.over(desk, caller, by=caller)


async def test_a_call_goes_from_the_pbx_into_the_database_and_the_metrics(tmp_path: Path) -> None:
    pbx, facts = Pbx(), Facts()
    answered_call(pbx)

    async with AmiPeer() as peer, running(peer, tmp_path, facts) as service:
        peer.say(pbx.raw)
        await until(lambda: service.writer.stored > 0 and not service.writer.depth)
        page = await service.store.calls()
        text = generate_latest(service.registry).decode()

    (record,) = page.calls
    assert record in facts.calls
    assert (record.outcome, record.line, record.measurement) == (
        Outcome.ANSWERED,
        "service",
        Measurement.LIVE,
    )
    assert 'threerings_calls_total{direction="inbound",line="service",outcome="answered"} 1.0' in text
    assert 'threerings_ami_connected{pbx="pbx"} 1.0' in text


async def test_a_stop_stores_what_waits_and_says_from_when_nobody_looked(tmp_path: Path) -> None:
    pbx, facts = Pbx(), Facts()
    answered_call(pbx)

    async with AmiPeer() as peer:
        async with running(peer, tmp_path, facts, batch_delay_seconds=60) as service:
            peer.say(pbx.raw)
            await until(lambda: len(facts.calls) == 1)
            stopped = datetime.now(UTC)
        assert service.writer.depth == 0
        (open_interval,) = facts.blind
        async with running(peer, tmp_path, facts) as service:
            await until(lambda: len(facts.blind) == 3)

    assert open_interval.reason == "service was stopped"
    assert abs((open_interval.since - stopped).total_seconds()) < 0.5
    stopped_once = facts.blind[:3]
    assert [interval.since for interval in stopped_once] == [open_interval.since] * 3
    assert {interval.reason for interval in stopped_once} == {"service was stopped"}
    assert [interval.until is None for interval in stopped_once] == [True, True, False]


async def test_a_restart_goes_on_with_an_open_call(tmp_path: Path) -> None:
    pbx, facts = Pbx(), Facts()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    before = pbx.raw
    pbx.over(desk, caller, by=caller)
    after = pbx.raw.removeprefix(before)

    async with AmiPeer() as peer:
        async with running(peer, tmp_path, facts) as service:
            peer.say(before)
            await until(lambda: len(service.tracker.open_calls) == 1)
        peer.answers["Status"] = listing(
            "Status", _row(caller, "b1"), _row(desk, "b1", Application="AppDial")
        )
        async with running(peer, tmp_path, facts) as service:
            assert len(service.tracker.open_calls) == 1
            peer.say(after)
            await until(lambda: len(facts.calls) == 1)

    (record,) = facts.calls
    assert (record.outcome, record.measurement) == (Outcome.ANSWERED, Measurement.RESUMED)


def _row(channel: Chan, bridge: str, **more: str) -> dict[str, str]:
    return channel.headers() | {"ChannelState": "6", "BridgeID": bridge} | more


async def test_every_connection_is_a_file_of_the_journal(tmp_path: Path) -> None:
    pbx, facts = Pbx(), Facts()
    answered_call(pbx)

    async with AmiPeer() as peer, running(peer, tmp_path, facts) as service:
        peer.say(pbx.raw)
        await until(lambda: len(facts.calls) == 1)
        service.observing.clear()
        peer.hang_up()
        await asyncio.wait_for(service.observing.wait(), 5)
    files = sorted((tmp_path / "journal").glob("pbx-*.ami"))

    assert len(files) == 2
    for file in files:
        assert file.read_bytes().startswith(b"Asterisk Call Manager/11.0.0\r\n")
    with files[0].open("rb") as stream:
        again = [
            fact
            for fact in replay([stream], "pbx", service.settings.directory)
            if isinstance(fact, CallRecord)
        ]
    assert again == facts.calls


class Broken:
    """A sink with a defect."""

    def take(self, fact: Fact) -> None:
        raise RuntimeError(f"a defect in our own program, for {type(fact).__name__}")


async def test_a_defect_ends_the_service_and_loses_nothing(tmp_path: Path) -> None:
    pbx = Pbx()
    answered_call(pbx)

    async with AmiPeer() as peer:
        with pytest.raises(ExceptionGroup) as raised:
            async with Service(settings_for(peer.port, tmp_path), extra_sinks=(Broken(),)) as service:
                asyncio.get_running_loop().call_later(0.3, peer.say, pbx.raw)
                await asyncio.wait_for(service.run(), 10)
        facts = Facts()
        async with running(peer, tmp_path, facts) as service:
            await until(lambda: service.writer.stored > 0 and not service.writer.depth)
            page = await service.store.calls()

    assert reason_for_a_person(raised.value, OF_THE_SERVICE) is None
    assert [record.outcome for record in page.calls] == [Outcome.ANSWERED]


async def test_where_it_may_not_write_it_says_so(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(DataDirectoryError, match=f"storage.data_dir: {file}: File exists; create it"):
        async with Service(settings_for(1, file)):
            pass


async def test_a_bad_url_is_told_before_anything_begins(tmp_path: Path) -> None:
    with pytest.raises(BadDatabaseUrl):
        async with Service(settings_for(1, tmp_path, url="mysql://db/calls")):
            pass


async def test_tables_are_made_as_soon_as_the_database_lets_us(tmp_path: Path) -> None:
    settings = StorageSettings(
        data_dir=tmp_path, busy_timeout_seconds=0.05, retry_seconds=0.01, retry_max_seconds=0.05
    )
    diary, lock = Diary(), sqlite3.connect(tmp_path / "threerings.db", isolation_level=None)
    lock.execute("BEGIN EXCLUSIVE")

    preparing = asyncio.create_task(prepare_database(settings, diary))
    await until(lambda: diary.told == ["store lost"])
    await asyncio.sleep(0.2)
    lock.close()
    await asyncio.wait_for(preparing, 5)

    assert diary.told == ["store lost", "store back"]
    assert "locked" in diary.reasons[0]


async def test_a_newer_database_is_not_waited_for(tmp_path: Path) -> None:
    settings = StorageSettings(data_dir=tmp_path)
    await upgrade(settings)
    database = sqlite3.connect(tmp_path / "threerings.db", isolation_level=None)
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()

    with pytest.raises(SchemaMismatch):
        await prepare_database(settings, Diary())


def test_the_first_of_several_failures_is_told() -> None:
    known, unknown = BadDatabaseUrl("mend it"), RuntimeError("a defect")

    assert reason_for_a_person(known, OF_THE_SERVICE) == "mend it"
    assert reason_for_a_person(ExceptionGroup("", [ExceptionGroup("", [known])]), OF_THE_SERVICE) == "mend it"
    assert reason_for_a_person(ExceptionGroup("", [unknown, known]), OF_THE_SERVICE) is None


def test_time_is_utc() -> None:
    assert utc_now().tzinfo is UTC
