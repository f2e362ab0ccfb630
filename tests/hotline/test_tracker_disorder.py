"""Any signals in any order: nothing raises, every call ends once, no record contradicts itself."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hotline.calls import CallTracker
from hotline.records import CallRecord
from hotline.signals import CallArrived, Signal
from tests.hotline.facts_drawn import signals_of
from tests.hotline.invariants import broken
from tests.hotline.told import at

some_calls = st.sampled_from(["call-1", "call-2"])
some_channels = st.sampled_from(["SIP/a-1", "SIP/b-2", "SIP/c-3", "SIP/d-4"])
ARRIVALS = [
    CallArrived(call_id, at(0), "SIP/a-1", None, None, "101", "from-trunk", from_outside=True)
    for call_id in ("call-1", "call-2")
]


@settings(max_examples=500, deadline=None)
@given(st.lists(signals_of(some_calls, some_channels), max_size=40), st.booleans())
def test_signals_in_any_order(signals: list[Signal], announced: bool) -> None:
    tracker = CallTracker()
    facts = tracker.feed_all([*(ARRIVALS if announced else []), *signals])
    facts += tracker.flush()
    assert not tracker.open_calls
    # A call that is announced again after its end is another call of the same name.
    ends: dict[str, list[CallRecord]] = {}
    for fact in facts:
        if isinstance(fact, CallRecord):
            ends.setdefault(fact.call_id, []).append(fact)
    for records in ends.values():
        for record in records:
            assert broken([record]) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(signals_of(some_calls, some_channels), max_size=30), st.sets(some_calls), st.integers(0, 30))
def test_taking_stock_at_any_moment(signals: list[Signal], alive: set[str], when: int) -> None:
    tracker = CallTracker()
    facts = tracker.feed_all([*ARRIVALS, *signals[:when]])
    facts += tracker.resync(alive)
    assert tracker.open_calls.keys() <= alive
    facts += tracker.feed_all(signals[when:]) + tracker.flush()
    assert [text for fact in facts if isinstance(fact, CallRecord) for text in broken([fact])] == []


@given(st.lists(signals_of(some_calls, some_channels), max_size=30))
def test_one_by_one_or_all_at_once(signals: list[Signal]) -> None:
    one, all_at_once = CallTracker(), CallTracker()
    facts = [fact for signal in [*ARRIVALS, *signals] for fact in one.feed(signal)]
    assert facts == all_at_once.feed_all([*ARRIVALS, *signals])
    assert one.flush() == all_at_once.flush()
