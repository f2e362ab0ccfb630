"""The ports are fulfilled by whoever fits: here by the fakes, in `tests/storage` by the real ones."""

from __future__ import annotations

import pytest

from hotline.ports import FactSink, FactStore, StorageUnavailable
from hotline.records import Fact
from tests.fakes.records import InMemoryStore
from tests.hotline.told import Told


class Basket:
    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def take(self, fact: Fact) -> None:
        self.facts.append(fact)


async def test_facts_of_the_tracker_fit_a_sink_and_a_store() -> None:
    record = Told().arrived().dialled(0.1).talk(1.0).ended(2.0)
    basket = Basket()
    sink: FactSink = basket
    store: FactStore = InMemoryStore()
    sink.take(record)
    await store.save(basket.facts)
    await store.save(basket.facts)
    assert await store.call(record.pbx, record.call_id) == record


def test_a_store_that_is_away_says_so() -> None:
    with pytest.raises(StorageUnavailable, match="locked"):
        raise StorageUnavailable("the database is locked")
