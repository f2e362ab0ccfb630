"""The way of a fact from `take` to the store, with a store that can be told to be away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hotline.records import Fact
from storage.errors import SpoolInUse
from storage.settings import StorageSettings
from storage.writer import FactWriter
from tests.fakes.records import InMemoryStore
from tests.storage.facts import MORNING, UNSTORABLE, anomaly, blind_interval, missed_call
from tests.storage.places import Diary, files_end_at, quick, until


class Service:
    """One life of the service: a writer at work, its store, and what was told."""

    def __init__(self, settings: StorageSettings, store: InMemoryStore) -> None:
        self.store = store
        self.diary = Diary()
        self.now = MORNING
        self.writer = FactWriter(store, settings, observer=self.diary, clock=lambda: self.now)

    def take(self, *facts: Fact) -> None:
        for fact in facts:
            self.writer.take(fact)

    async def is_empty(self) -> None:
        await until(lambda: self.writer.depth == 0)

    def saved(self) -> list[Fact]:
        return [fact for batch in self.store.batches for fact in batch]


@pytest.fixture
def settings(tmp_path: Path) -> StorageSettings:
    return quick(tmp_path)


@asynccontextmanager
async def life(
    settings: StorageSettings, store: InMemoryStore | None = None, *, running: bool = True
) -> AsyncIterator[Service]:
    """From start to sudden end: nothing is drained."""
    service = Service(settings, store or InMemoryStore())
    running_writer = asyncio.create_task(service.writer.run()) if running else None
    try:
        yield service
    finally:
        if running_writer is not None:
            running_writer.cancel()
            await asyncio.wait([running_writer])
        service.writer.close()


CALLS = [missed_call(number) for number in range(30)]


async def test_facts_of_every_kind_reach_the_store_in_order(settings: StorageSettings) -> None:
    facts: list[Fact] = [
        missed_call(1),
        anomaly(1),
        blind_interval(0, None),
        missed_call(2),
        blind_interval(0, 3),
    ]
    async with life(settings) as service:
        service.take(*facts)
        await service.is_empty()
        assert service.saved() == facts
        assert service.writer.stored == service.diary.stored == 5
        assert service.diary.told == []


async def test_many_facts_share_few_transactions(settings: StorageSettings) -> None:
    async with life(replace(settings, batch_facts=10)) as service:
        service.take(*CALLS)
        await service.is_empty()
        assert [len(batch) for batch in service.store.batches] == [10, 10, 10]


async def test_a_fact_is_on_disk_before_take_returns(settings: StorageSettings) -> None:
    async with life(settings, running=False) as service:
        service.take(*CALLS)
        assert service.writer.depth == 30
    async with life(settings) as next_life:
        assert next_life.writer.depth == 30
        await next_life.is_empty()
        assert next_life.saved() == CALLS


async def test_while_the_store_is_away_facts_wait_and_it_is_told_once(settings: StorageSettings) -> None:
    async with life(settings) as service:
        service.store.away = "locked"
        service.take(*CALLS[:20])
        await until(lambda: not service.writer.available)
        service.take(*CALLS[20:])
        assert service.writer.depth == service.diary.waiting[0] == 30
        assert service.saved() == []
        service.store.away = None
        await service.is_empty()
        assert service.writer.available
        assert service.saved() == CALLS
        assert service.diary.told == ["store lost", "store back"]
        assert service.diary.reasons == ["locked"]


async def test_the_age_of_the_oldest_fact_is_known_across_a_restart(settings: StorageSettings) -> None:
    async with life(settings, running=False) as service:
        assert service.writer.oldest_waiting is None
        service.take(CALLS[0])
        assert service.writer.oldest_waiting == MORNING
    store = InMemoryStore()
    store.away = "gone"
    async with life(settings, store) as next_life:
        await until(lambda: not next_life.writer.available)
        next_life.now += timedelta(hours=1)
        next_life.take(CALLS[1])
        assert next_life.writer.oldest_waiting == MORNING
        assert next_life.diary.waiting == (2, MORNING)
        store.away = None
        await next_life.is_empty()
        assert next_life.writer.oldest_waiting is None
        assert next_life.diary.waiting == (0, None)


async def test_a_fact_the_store_never_takes_is_set_aside_and_the_others_go_on(
    settings: StorageSettings, tmp_path: Path
) -> None:
    async with life(settings) as service:
        service.take(*CALLS[:7], UNSTORABLE, *CALLS[7:], UNSTORABLE)
        await service.is_empty()
        assert service.saved() == CALLS
        assert (service.writer.stored, service.writer.rejected) == (30, 2)
        assert service.diary.told == ["rejected", "rejected"]
    aside = [json.loads(line) for line in (tmp_path / "spool" / "rejected.jsonl").read_text().splitlines()]
    assert len(aside) == 2
    assert "64 bits" in aside[0]["reason"]
    assert json.loads(aside[0]["line"])["fact"]["call_id"] == UNSTORABLE.call_id


async def test_a_line_that_is_no_fact_is_set_aside(settings: StorageSettings, tmp_path: Path) -> None:
    async with life(settings, running=False) as service:
        service.take(*CALLS[:2])
    [segment] = (tmp_path / "spool").glob("facts-*")
    segment.write_bytes(segment.read_bytes().replace(b'"kind":"call"', b'"kind":"cola"', 1))
    async with life(settings) as next_life:
        await next_life.is_empty()
        assert next_life.saved() == [CALLS[1]]
        assert next_life.writer.rejected == 1


async def test_a_fact_that_cannot_even_be_set_aside_waits(settings: StorageSettings, tmp_path: Path) -> None:
    (tmp_path / "spool" / "rejected.jsonl").mkdir(parents=True)
    async with life(settings) as service:
        service.take(UNSTORABLE, CALLS[0])
        await until(lambda: not service.writer.available)
        assert service.writer.depth == 2
        (tmp_path / "spool" / "rejected.jsonl").rmdir()
        await service.is_empty()
        assert service.writer.rejected == 1


async def test_when_the_disk_is_full_facts_wait_in_memory_and_it_is_told(settings: StorageSettings) -> None:
    async with life(settings) as service:
        service.store.away = "no space left"
        with files_end_at(3000):
            service.take(*CALLS)
            assert service.writer.depth == 30
            assert not service.writer.on_disk
        assert service.diary.told == ["spool lost"]
        service.store.away = None
        await service.is_empty()
        assert service.saved() == CALLS
        service.take(anomaly())
        assert service.writer.on_disk
        assert [told for told in service.diary.told if "spool" in told] == ["spool lost", "spool back"]


@pytest.mark.parametrize("occasion", ["the next call", "the next try to reach the store"])
async def test_what_waited_in_memory_goes_to_the_disk_as_soon_as_it_can(
    settings: StorageSettings, occasion: str
) -> None:
    store = InMemoryStore()
    store.away = "gone"
    async with life(settings, store, running=occasion != "the next call") as service:
        with files_end_at(3000):
            service.take(*CALLS[:-1])
            assert not service.writer.on_disk
        if occasion == "the next call":
            service.take(CALLS[-1])
        await until(lambda: service.writer.on_disk)
        if occasion != "the next call":
            service.take(CALLS[-1])
    async with life(settings) as next_life:
        await next_life.is_empty()
        assert next_life.saved() == CALLS


async def test_when_spool_and_memory_are_full_new_facts_are_refused_loudly(settings: StorageSettings) -> None:
    tight = replace(settings, spool_mb=0.01, memory_facts=5)
    async with life(tight, running=False) as service:
        service.take(*CALLS)
        lost = service.writer.refused
        assert 0 < lost < 25
        assert service.writer.depth == 30 - lost
        assert service.diary.told == ["spool lost", *(f"refused {number}" for number in range(1, lost + 1))]
        await service.writer.drain(timedelta(seconds=10))
        assert service.saved() == CALLS[: 30 - lost]


async def test_a_spool_that_cannot_be_made_does_not_stop_the_service(
    settings: StorageSettings, tmp_path: Path
) -> None:
    (tmp_path / "spool").write_text("in the way")
    async with life(settings) as service:
        assert service.diary.told == ["spool lost"]
        service.take(*CALLS[:3])
        await service.is_empty()
        assert service.saved() == CALLS[:3]
        (tmp_path / "spool").unlink()
        service.take(CALLS[3])
        await service.is_empty()
        assert service.diary.told == ["spool lost", "spool back"]


async def test_a_second_service_on_the_same_spool_does_not_start(settings: StorageSettings) -> None:
    async with life(settings):
        with pytest.raises(SpoolInUse, match="stop it or set another spool_dir"):
            FactWriter(InMemoryStore(), settings)


@pytest.mark.parametrize("running", [True, False])
async def test_a_graceful_stop_stores_what_waits(settings: StorageSettings, running: bool) -> None:
    async with life(settings, running=running) as service:
        service.take(*CALLS)
        assert await service.writer.drain(timedelta(seconds=10)) == 0
        assert service.saved() == CALLS


async def test_a_graceful_stop_does_not_wait_for_ever(settings: StorageSettings) -> None:
    async with life(settings) as service:
        service.store.away = "gone"
        service.take(*CALLS)
        assert await service.writer.drain(timedelta(seconds=0.1)) == 30
    async with life(settings) as next_life:
        await next_life.is_empty()
        assert next_life.saved() == CALLS
