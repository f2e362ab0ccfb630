"""What every store of facts does, whatever it is made of: SQLite, PostgreSQL, or the fake that other tests use."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from hotline.records import Anomaly, BlindInterval, Caller, CallRecord, Fact, Measurement
from storage.errors import FactRejected
from storage.pages import CallPage, Counts
from storage.store import SqlStore
from tests.fakes.records import InMemoryStore
from tests.storage.facts import MORNING, UNSTORABLE, anomaly, apart, blind_interval, facts, missed_call

Store = SqlStore | InMemoryStore

_some_examples = examples(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def _alone(many: list[Fact]) -> list[Fact]:
    """One fact per key: what several facts about one thing come to is another test's question."""
    return list({_key(fact): fact for fact in many}.values())


def _key(fact: Fact) -> object:
    match fact:
        case CallRecord():
            return fact.pbx, fact.call_id
        case BlindInterval():
            return fact.pbx, fact.since
        case Anomaly():
            return fact


async def _all_calls(store: Store, **question: Any) -> list[str]:
    """The ids on all pages together."""
    page = await store.calls(**question)
    found = [call.call_id for call in page.calls]
    while page.next is not None:
        page = await store.calls(**question, cursor=page.next)
        found += [call.call_id for call in page.calls]
    return found


@_some_examples
@given(many=st.lists(facts, max_size=8))
async def test_what_is_saved_comes_back_as_it_was(store: Store, many: list[Fact]) -> None:
    saved = _alone(apart(many))
    await store.save(saved)
    for fact in saved:
        match fact:
            case CallRecord():
                assert await store.call(fact.pbx, fact.call_id) == fact
            case BlindInterval():
                assert fact in await store.blind_intervals()
            case Anomaly() if fact.at is not None:
                at = fact.at
                assert fact in await store.anomalies(since=at, until=at + timedelta(microseconds=1))


@_some_examples
@given(many=st.lists(facts, max_size=8))
async def test_the_same_facts_saved_again_change_nothing(store: Store, many: list[Fact]) -> None:
    saved = apart(many)
    await store.save(saved)
    once = await _state(store, saved)
    await store.save(saved)
    for fact in saved:
        await store.save([fact])
    assert await _state(store, saved) == once


async def _state(store: Store, saved: list[Fact]) -> tuple[object, ...]:
    calls = [await store.call(fact.pbx, fact.call_id) for fact in saved if isinstance(fact, CallRecord)]
    return calls, await store.blind_intervals(), await store.anomalies(limit=1000), await store.counts()


async def test_a_call_nobody_saved_is_none(store: Store) -> None:
    await store.save([missed_call()])
    assert await store.call("main", "another") is None
    assert await store.call("another", missed_call().call_id) is None


async def test_nothing_to_save_is_nothing_saved(store: Store) -> None:
    await store.save([])
    assert await store.counts() == Counts(0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("together", [True, False], ids=["in one batch", "one after the other"])
async def test_a_record_replaces_only_what_is_no_more_complete(store: Store, together: bool) -> None:
    """R-REPORT-3: what was seen whole is never replaced by what was seen in part."""
    rank = [Measurement.PARTIAL, Measurement.RESUMED, Measurement.BACKFILLED, Measurement.LIVE].index
    for number, (first, later) in enumerate(product(Measurement, repeat=2)):
        old = missed_call(number, tried=3, measurement=first)
        new = missed_call(number, tried=2, measurement=later, line="another")
        for batch in [[old, new]] if together else [[old], [new]]:
            await store.save(batch)
        assert await store.call("main", old.call_id) == (new if rank(later) >= rank(first) else old)


async def test_the_same_call_id_on_two_pbxes_is_two_calls(store: Store) -> None:
    north, south = missed_call(pbx="north"), missed_call(pbx="south", line="other", tried=2)
    await store.save([north, south])
    assert await store.call("north", north.call_id) == north
    assert await store.call("south", south.call_id) == south
    assert (await store.calls()).calls == (north, south)


async def test_a_blind_interval_is_closed_later_and_never_opened_again(store: Store) -> None:
    await store.save([blind_interval(0, None)])
    assert await store.blind_intervals() == [blind_interval(0, None)]
    await store.save([blind_interval(0, 5)])
    await store.save([blind_interval(0, None)])
    assert await store.blind_intervals() == [blind_interval(0, 5)]
    await store.save([blind_interval(7, None), blind_interval(7, 9), blind_interval(7, None)])
    assert await store.blind_intervals() == [blind_interval(0, 5), blind_interval(7, 9)]


async def test_blind_intervals_are_found_by_any_time_they_share(store: Store) -> None:
    before, across, open_end = blind_interval(0, 10), blind_interval(5, 20), blind_interval(30, None, "other")
    await store.save([open_end, before, across])

    async def found(since: int | None, until: int | None) -> list[BlindInterval]:
        bounds = [
            None if minute is None else MORNING + timedelta(minutes=minute) for minute in (since, until)
        ]
        return await store.blind_intervals(since=bounds[0], until=bounds[1])

    assert await found(None, None) == [before, across, open_end]
    assert await found(10, 30) == [across]
    assert await found(9, 31) == [before, across, open_end]
    assert await found(20, 30) == []
    assert await found(100, None) == [open_end]


async def test_a_fact_that_can_never_be_kept_is_refused_with_its_whole_batch(store: Store) -> None:
    with pytest.raises(FactRejected) as refusal:
        await store.save([missed_call(1), anomaly(), UNSTORABLE, missed_call(2)])
    assert "\n" not in str(refusal.value)
    assert await store.counts() == Counts(0, 0, 0, 0, 0, 0)
    await store.save([missed_call(1), missed_call(2)])
    assert (await store.counts()).calls == 2


async def test_calls_come_in_the_order_of_their_arrival_page_by_page(store: Store) -> None:
    many = [missed_call(number, tried=number % 3) for number in range(25)]
    await store.save(many[::-1])
    assert (await store.calls(limit=25)) == CallPage(tuple(many), None)
    first = await store.calls(limit=10)
    assert first.calls == tuple(many[:10])
    second = await store.calls(limit=10, cursor=first.next)
    assert second.calls == tuple(many[10:20])
    ids = [call.call_id for call in many]
    for size in (1, 7, 24, 25, 26):
        assert await _all_calls(store, limit=size) == ids
        assert await _all_calls(store, limit=size, newest_first=True) == ids[::-1]


async def test_calls_of_one_instant_are_neither_lost_nor_doubled_between_pages(store: Store) -> None:
    # By code point and not as some language sorts: "B" < "a" < "é" < "王", the same in every database.
    ids = ["1.10", "1.9", "B", "a", "b", "é", "王"]
    many = [missed_call(call_id=call_id, pbx=pbx) for call_id in ids for pbx in ("north", "south")]
    await store.save(many)
    twice = [call_id for call_id in ids for _ in range(2)]
    assert await _all_calls(store, limit=3) == twice
    assert await _all_calls(store, limit=3, newest_first=True) == twice[::-1]


async def test_calls_are_chosen_by_period_line_and_caller(store: Store) -> None:
    other = Caller("PJSIP/trunk-2", "13911110000", None)
    many = [
        missed_call(
            n, line="hotline" if n % 2 else "complaints", caller=other if n == 3 else missed_call().caller
        )
        for n in range(6)
    ]
    await store.save([*many, missed_call(9, arrived_at=None)])
    ids = [call.call_id for call in many]

    def minute(number: int) -> Any:
        return MORNING + timedelta(minutes=number)

    assert await _all_calls(store) == ids
    assert await _all_calls(store, since=minute(2), until=minute(4)) == ids[2:4]
    assert await _all_calls(store, line="hotline", limit=2) == [ids[1], ids[3], ids[5]]
    assert await _all_calls(store, line="nobody") == []
    assert await _all_calls(store, caller_number="13911110000", since=minute(0)) == [ids[3]]


@pytest.mark.parametrize("cursor", ["", "nonsense", "W10=", "WzEsMiwzXQ==", "é", "bnVsbA=="])
async def test_a_cursor_that_is_none_is_told(store: Store, cursor: str) -> None:
    with pytest.raises(ValueError, match="not a cursor"):
        await store.calls(cursor=cursor)


@pytest.mark.parametrize("limit", [0, -1, 1001])
async def test_a_page_has_a_bound(store: Store, limit: int) -> None:
    with pytest.raises(ValueError, match="limit must be 1 to 1000"):
        await store.calls(limit=limit)


async def test_anomalies_of_a_period_come_newest_first(store: Store) -> None:
    await store.save([anomaly(1), anomaly(3), anomaly(2), anomaly(3), replace(anomaly(4), at=None)])
    assert await store.anomalies() == [anomaly(3), anomaly(2), anomaly(1)]
    assert await store.anomalies(limit=2) == [anomaly(3), anomaly(2)]
    second = timedelta(seconds=1)
    assert await store.anomalies(since=MORNING + second, until=MORNING + 3 * second) == [
        anomaly(2),
        anomaly(1),
    ]


async def test_everything_is_counted(store: Store) -> None:
    await store.save([missed_call(1, tried=2), missed_call(2, tried=0, arrived_at=None), missed_call(3)])
    await store.save([anomaly(1), anomaly(2), blind_interval(1, 2), missed_call(1, tried=1)])
    assert await store.counts() == Counts(
        calls=3, calls_without_arrival=1, attempts=2, transfers=0, blind_intervals=1, anomalies=2
    )
