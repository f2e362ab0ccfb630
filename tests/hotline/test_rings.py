"""The ring count: floor(t / cycle) + 1, half-open, for every cadence there is (R-RING-1)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hotline.rings import COUNTRY_CADENCES_MS, Cadence, RingRule, cadence_of

CN = RingRule()


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


@pytest.mark.parametrize(
    ("after", "rings", "within"),
    [
        (0.0, 1, True),
        (4.999999, 1, True),
        (5.0, 2, True),
        (9.999999, 2, True),
        (10.0, 3, True),
        (14.9, 3, True),
        (14.999999, 3, True),
        (15.0, 4, False),
        (15.000001, 4, False),
        (15.1, 4, False),
        (3600.0, 721, False),
    ],
)
def test_three_rings_in_china_end_at_fifteen_seconds(after: float, rings: int, within: bool) -> None:
    assert CN.rings(seconds(after)) == rings
    assert CN.is_within(seconds(after)) is within


@pytest.mark.parametrize("country", sorted(COUNTRY_CADENCES_MS))
def test_every_cadence_at_the_edge_of_every_ring(country: str) -> None:
    rule = RingRule(cadence_of(country))
    cycle = rule.cadence.cycle
    for ring in range(1, 6):
        start = cycle * (ring - 1)
        assert rule.rings(start) == ring
        assert rule.rings(start + cycle - timedelta(microseconds=1)) == ring
    assert rule.limit == cycle * 3
    assert rule.is_within(rule.limit - timedelta(microseconds=1))
    assert not rule.is_within(rule.limit)


@pytest.mark.parametrize(
    ("country", "cycle"), [("cn", 5), ("us", 6), ("uk", 3), ("de", 5), ("fr", 5), ("jp", 3), ("at", 6), ("es", 4.5)]
)  # fmt: skip
def test_cycles_people_know(country: str, cycle: float) -> None:
    assert cadence_of(country).cycle == seconds(cycle)
    assert cadence_of(country.upper()).cycle == seconds(cycle)


def test_a_cadence_of_ones_own() -> None:
    rule = RingRule(cadence_of([400, 200, 400, 2000]), target_rings=2)
    assert rule.cadence == Cadence((400, 200, 400, 2000))
    assert (rule.rings(seconds(2.9)), rule.rings(seconds(3.0)), rule.limit) == (1, 2, seconds(6))


def test_a_clock_that_was_set_back_counts_as_the_first_ring() -> None:
    assert CN.rings(seconds(-1)) == 1
    assert CN.rings(seconds(-3600)) == 1


@pytest.mark.parametrize("pattern", [[], [0], [0, 0], [1000, -1], [-1000, 4000]])
def test_what_is_no_cadence(pattern: list[int]) -> None:
    with pytest.raises(ValueError, match="on and off times"):
        cadence_of(pattern)


def test_a_country_nobody_knows() -> None:
    with pytest.raises(ValueError, match="known are at, au"):
        cadence_of("atlantis")


@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(hours=10)), st.integers(1, 20))
def test_within_the_target_means_not_one_ring_more(ring_time: timedelta, target: int) -> None:
    rule = RingRule(target_rings=target)
    assert rule.is_within(ring_time) == (rule.rings(ring_time) <= target)
