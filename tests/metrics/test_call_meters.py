"""What calls leave behind in the figures."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline.records import (
    Attempt,
    AttemptResult,
    Direction,
    Failover,
    FailoverReason,
    Measurement,
    Outcome,
    Side,
)
from metrics.meters import Meters
from tests.metrics.small_hotline import MakeCall, Value


def attempt(role: str | None, result: AttemptResult) -> Attempt:
    return Attempt("PJSIP/x-1", "x", "501", role, None, None, None, None, None, None, result)


def test_an_answered_call_is_counted_by_line_direction_and_outcome(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(make_call())
    meters.call_ended(make_call(outcome=Outcome.ABANDONED))
    assert value("calls_total", line="repairs", direction="inbound", outcome="answered") == 1
    assert value("calls_total", line="repairs", direction="inbound", outcome="abandoned") == 1
    assert value("calls_total", line="complaints", direction="inbound", outcome="answered") == 0


@pytest.mark.parametrize("line", [None, "13800000000", "", "REPAIRS"])
def test_what_is_no_configured_line_counts_as_other(
    line: str | None, meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(make_call(line=line))
    assert value("calls_total", line="other", direction="inbound", outcome="answered") == 1
    assert value("answer_rings_count", line="other") == 1


@pytest.mark.parametrize("rings", range(1, 13))
def test_there_is_one_bucket_per_ring(rings: int, meters: Meters, value: Value, make_call: MakeCall) -> None:
    meters.call_ended(make_call(rings=rings))
    below = value("answer_rings_bucket", line="repairs", le=f"{rings - 1}.0")
    assert below == (None if rings == 1 else 0)
    assert value("answer_rings_bucket", line="repairs", le=f"{rings}.0") == 1


def test_a_call_that_rang_for_ages_is_beyond_the_last_bucket(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(make_call(rings=40, ring_time=timedelta(seconds=199)))
    assert value("answer_rings_bucket", line="repairs", le="12.0") == 0
    assert value("answer_rings_bucket", line="repairs", le="+Inf") == 1
    assert value("answer_seconds_bucket", line="repairs", le="+Inf") == 1


def test_exactly_fifteen_seconds_is_late_although_the_bucket_includes_it(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    """R-RING-1 is half-open; a bucket of Prometheus is not. docs/metrics.md explains it."""
    meters.call_ended(make_call(ring_time=timedelta(seconds=15), rings=4, within_target=False))
    assert value("answer_seconds_bucket", line="repairs", le="15.0") == 1
    assert value("answer_rings_bucket", line="repairs", le="3.0") == 0
    assert value("calls_within_target_total", line="repairs") == 0
    assert value("calls_beyond_target_total", line="repairs") == 1


def test_a_call_that_was_not_measured_is_neither_within_nor_beyond_the_target(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(
        make_call(within_target=None, rings=None, ring_time=None, measurement=Measurement.PARTIAL)
    )
    assert value("calls_within_target_total", line="repairs") == 0
    assert value("calls_beyond_target_total", line="repairs") == 0
    assert value("answer_rings_count", line="repairs") == 0
    assert value("answer_seconds_count", line="repairs") == 0
    assert value("call_measurements_total", measurement="partial") == 1


def test_an_unanswered_call_says_nothing_about_how_fast_we_answer(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(make_call(outcome=Outcome.NO_ANSWER, within_target=False, rings=9))
    assert value("answer_rings_count", line="repairs") == 0
    assert value("calls_beyond_target_total", line="repairs") == 0
    assert value("calls_hung_up_total", line="repairs", side="caller") == 0


def test_extensions_that_call_the_hotline_are_callers_but_our_own_calls_are_not(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(make_call(direction=Direction.INTERNAL))
    meters.call_ended(make_call(direction=Direction.OUTBOUND))
    assert value("calls_within_target_total", line="repairs") == 1
    assert value("calls_total", line="repairs", direction="outbound", outcome="answered") == 1


def test_talk_and_who_hung_up(meters: Meters, value: Value, make_call: MakeCall) -> None:
    meters.call_ended(make_call(talk_time=timedelta(seconds=180), hung_up_by=Side.CALLEE))
    meters.call_ended(make_call(talk_time=timedelta(seconds=181), hung_up_by=None))
    assert value("talk_seconds_bucket", line="repairs", le="180.0") == 1
    assert value("talk_seconds_sum", line="repairs") == 361
    assert value("calls_hung_up_total", line="repairs", side="callee") == 1
    assert value("calls_hung_up_total", line="repairs", side="unknown") == 1


def test_a_clock_that_was_set_back_does_not_make_a_sum_fall(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    meters.call_ended(make_call(ring_time=timedelta(seconds=-5), talk_time=timedelta(seconds=-1)))
    assert value("answer_seconds_sum", line="repairs") == 0
    assert value("talk_seconds_sum", line="repairs") == 0
    assert value("talk_seconds_count", line="repairs") == 1


def test_the_duty_mobile_that_is_switched_off_shows(
    meters: Meters, value: Value, make_call: MakeCall
) -> None:
    """R-LINE-4."""
    attempts = (
        attempt("desk", AttemptResult.NO_ANSWER),
        attempt("duty", AttemptResult.UNREACHABLE),
        attempt("janitor", AttemptResult.ANSWERED),
        attempt(None, AttemptResult.ANSWERED_ELSEWHERE),
    )
    meters.call_ended(make_call(attempts=attempts, outcome=Outcome.NO_ANSWER))
    assert value("attempts_total", line="repairs", role="desk", result="no_answer") == 1
    assert value("attempts_total", line="repairs", role="duty", result="unreachable") == 1
    assert value("attempts_total", line="repairs", role="other", result="answered") == 1
    assert value("attempts_total", line="repairs", role="other", result="answered_elsewhere") == 1


def test_a_failover_is_counted_by_its_reason(meters: Meters, value: Value, make_call: MakeCall) -> None:
    meters.call_ended(make_call(failover=Failover(True, FailoverReason.AFTER_HOURS, "duty")))
    meters.call_ended(make_call(failover=Failover(True, None, None)))
    meters.call_ended(make_call(failover=Failover()))
    assert value("failovers_total", line="repairs", reason="after_hours") == 1
    assert value("failovers_total", line="repairs", reason="other") == 1


def test_open_calls_are_the_whole_present_state_of_one_pbx(meters: Meters, value: Value) -> None:
    meters.open_calls("campus", {"repairs": 2, "13800000000": 1, None: 3})
    meters.open_calls("branch", {"complaints": 5})
    assert value("open_calls", pbx="campus", line="repairs") == 2
    assert value("open_calls", pbx="campus", line="other") == 4
    assert value("open_calls", pbx="campus", line="complaints") == 0
    meters.open_calls("campus", {})
    assert value("open_calls", pbx="campus", line="repairs") == 0
    assert value("open_calls", pbx="branch", line="complaints") == 5
