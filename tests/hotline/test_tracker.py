"""The tracker's life: many calls at once, deadlines, taking stock after a gap, and what does not fit."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hotline import signals as s
from hotline.calls import MAX_CALL_AGE, CallTracker
from hotline.records import (
    Anomaly,
    AnomalyKind,
    AttemptResult,
    CallRecord,
    Measurement,
    Outcome,
    Side,
    TransferKind,
)
from tests.hotline.told import BEGAN, CALL, CALLER, DESK, MOBILE, Told, at, phone, records

R = AttemptResult


def arrival(call_id: str, when: float) -> s.CallArrived:
    return s.CallArrived(
        call_id, at(when), f"SIP/trunk-{call_id}", None, None, "101", None, from_outside=True
    )


# -- deadlines --------------------------------------------------------------------------------------------------------


def test_a_call_whose_end_was_lost_is_closed_after_a_day_and_told() -> None:
    tracker = CallTracker()
    assert tracker.next_deadline() is None
    tracker.feed_all([arrival("old", 0), arrival("young", 60)])
    assert tracker.next_deadline() == BEGAN + MAX_CALL_AGE
    assert tracker.tick(BEGAN + MAX_CALL_AGE - timedelta(microseconds=1)) == []
    anomaly, record = tracker.tick(BEGAN + MAX_CALL_AGE)
    assert isinstance(anomaly, Anomaly)
    assert (anomaly.kind, anomaly.call_id) == (AnomalyKind.CALL_NEVER_ENDED, "old")
    assert isinstance(record, CallRecord)
    assert (record.call_id, record.measurement, record.ended_at) == ("old", Measurement.PARTIAL, None)
    assert tracker.next_deadline() == at(60) + MAX_CALL_AGE
    assert list(tracker.open_calls) == ["young"]


def test_calls_without_times_have_no_deadline() -> None:
    tracker = CallTracker()
    tracker.feed(s.CallArrived("1", None, None, None, None, None, None, from_outside=False))
    assert tracker.next_deadline() is None
    assert tracker.tick(BEGAN) == []
    tracker.feed(arrival("2", 5))
    assert tracker.next_deadline() == at(5) + MAX_CALL_AGE


# -- after a time of not observing ------------------------------------------------------------------------------------


def test_calls_the_pbx_still_has_are_resumed_and_the_others_ended_unobserved() -> None:
    tracker = CallTracker()
    tracker.feed_all([arrival("goes on", 0), arrival("gone", 1)])
    (gone,) = records(tracker.resync({"goes on", "never heard of"}))
    assert (gone.call_id, gone.measurement, gone.outcome) == ("gone", Measurement.PARTIAL, Outcome.FAILED)
    (record,) = records(tracker.feed(s.CallEnded("goes on", at(9))))
    assert record.measurement is Measurement.RESUMED


def test_a_partial_call_stays_partial_over_a_gap() -> None:
    tracker = CallTracker()
    tracker.feed(s.CallArrived("1", at(0), None, None, None, None, None, False, seen_from_start=False))
    tracker.resync({"1"})
    (record,) = records(tracker.feed(s.CallEnded("1", at(9))))
    assert record.measurement is Measurement.PARTIAL


def test_flush_closes_everything_once() -> None:
    tracker = CallTracker()
    tracker.feed_all(arrival(str(number), number) for number in range(5))
    assert [record.call_id for record in records(tracker.flush())] == ["0", "1", "2", "3", "4"]
    assert tracker.flush() == []


# -- attempts ---------------------------------------------------------------------------------------------------------


def test_who_lost_the_race_is_told_to_stop_before_or_after_the_answer() -> None:
    third = "SIP/deskc-5"
    told = Told().arrived().dialled(0.1).dialled(0.1, MOBILE).dialled(0.1, third)
    told.rang(0.2).rang(0.2, MOBILE).rang(0.2, third).stopped(2.0, R.CANCELLED)
    told.talk(2.0, MOBILE).stopped(2.1, R.CANCELLED, third).hung_up(5.0, Side.CALLER, talking=True)
    record = told.ended(5.0)
    assert [a.result for a in record.attempts] == [R.ANSWERED_ELSEWHERE, R.ANSWERED, R.ANSWERED_ELSEWHERE]


def test_who_declined_before_another_answered_has_declined() -> None:
    told = Told().arrived().dialled(0.1).dialled(0.1, MOBILE).rang(0.2).stopped(1.0, R.DECLINED)
    record = told.talk(2.0, MOBILE).ended(5.0)
    assert [a.result for a in record.attempts] == [R.DECLINED, R.ANSWERED]


def test_who_picked_up_and_was_never_put_through_has_not_accepted() -> None:
    told = Told().arrived().dialled(0.1).rang(0.2).picked_up(1.2).dialled(0.1, MOBILE).talk(3.0, MOBILE)
    record = told.stopped(3.0, R.CANCELLED).ended(5.0)
    assert (record.attempts[0].result, record.attempts[0].ring_time) == (R.NOT_ACCEPTED, timedelta(seconds=1))


def test_who_is_asked_in_a_consultation_has_answered() -> None:
    told = Told().arrived().dialled(0.1).talk(1.0).dialled(2.0, MOBILE).rang(2.1, MOBILE)
    record = told.picked_up(3.1, MOBILE).stopped(3.2, R.ANSWERED, MOBILE).ended(9.0)
    assert (record.attempts[1].result, record.attempts[1].ring_time) == (R.ANSWERED, timedelta(seconds=1))
    assert record.answered_by is not None
    assert record.answered_by.channel == DESK


def test_a_phone_that_goes_on_ringing_for_another_caller() -> None:
    """Asterisk 13 ends a dial and begins it anew when a blonde transfer hands the ringing phone over."""
    told = Told().arrived().dialled(0.1).rang(0.5).stopped(2.0, R.NO_ANSWER).dialled(2.0)
    record = told.picked_up(4.5).talk(4.5).ended(6.0)
    assert not told.anomalies
    assert [(a.result, a.ring_time) for a in record.attempts] == [(R.ANSWERED, timedelta(seconds=4))]


def test_ringing_told_before_the_dial_is_no_contradiction() -> None:
    told = Told().arrived().dialled(0.5).feed(s.PhoneRang(CALL, at(0.4), DESK)).talk(1.0)
    attempt = told.ended(2.0).attempts[0]
    assert (attempt.dialled_at, attempt.ringing_at) == (at(0.4), at(0.4))


def test_a_phone_whose_end_was_not_told() -> None:
    told = Told().arrived().dialled(0.1).rang(0.5)
    assert told.ended(3.0).attempts[0].result is R.FAILED
    left = Told().arrived().dialled(0.1).rang(0.5).hung_up(2.0, Side.CALLER)
    assert left.ended(3.0).attempts[0].result is R.CANCELLED


@pytest.mark.parametrize(("rings", "result"), [(True, R.NO_ANSWER), (False, R.UNREACHABLE)])
def test_a_phone_the_pbx_stopped_though_the_caller_stayed(rings: bool, result: AttemptResult) -> None:
    told = Told().arrived().dialled(0.1)
    if rings:
        told.rang(0.5)
    assert told.stopped(2.0, R.CANCELLED).ended(3.0).attempts[0].result is result


# -- transfers --------------------------------------------------------------------------------------------------------


def test_the_target_of_a_transfer_is_who_talked_at_last() -> None:
    told = Told().arrived().dialled(0.1).talk(1.0).transferred(2.0, TransferKind.BLIND)
    told.dialled(2.1, "SIP/deskb-8").stopped(4.0, R.NO_ANSWER, "SIP/deskb-8").dialled(4.1, MOBILE).talk(
        5.0, MOBILE
    )
    told.transferred(6.0, TransferKind.ATTENDED, MOBILE, "SIP/deskc-9").transferred(
        7.0, TransferKind.BLONDE, "SIP/deskc-9"
    )
    record = told.ended(9.0)
    assert [(t.kind, t.by_channel, t.to_channel) for t in record.transfers] == [
        (TransferKind.BLIND, DESK, MOBILE),
        (TransferKind.ATTENDED, MOBILE, "SIP/deskc-9"),
        (TransferKind.BLONDE, "SIP/deskc-9", None),
    ]
    assert record.answered_by is not None
    assert record.answered_by.channel == DESK


def test_a_caller_who_leaves_during_a_transfer_cancels_what_rings() -> None:
    told = Told().arrived().dialled(0.1).talk(1.0).transferred(2.0, TransferKind.BLIND).dialled(2.1, MOBILE)
    told.rang(2.2, MOBILE).hung_up(4.0, Side.CALLER).stopped(4.0, R.CANCELLED, MOBILE)
    record = told.ended(4.1)
    assert (record.outcome, record.hung_up_by) == (Outcome.ANSWERED, Side.CALLER)
    assert record.attempts[1].result is R.CANCELLED


# -- what does not fit ------------------------------------------------------------------------------------------------


def test_what_does_not_fit_is_counted_and_changes_nothing() -> None:
    told = (
        Told()
        .arrived()
        .arrived()
        .dialled(0.1)
        .dialled(0.2)
        .rang(0.3, "SIP/nobody-7")
        .stopped(0.4, R.BUSY, "SIP/nobody-7")
    )
    told.feed(s.Oddity(at(0.5), AnomalyKind.BAD_TIMESTAMP, "a word"))
    assert [anomaly.kind for anomaly in told.anomalies] == [
        "duplicate_call", "duplicate_dial", "unknown_phone", "unknown_phone", "bad_timestamp",
    ]  # fmt: skip
    record = told.ended(1.0)
    assert [a.channel for a in record.attempts] == [DESK]


def test_signals_of_a_call_nobody_announced() -> None:
    told = Told()
    told.placed().identified(0, CALLER).dialled(0).rang(0).picked_up(0).stopped(0, R.BUSY).talk(0)
    told.transferred(0, TransferKind.BLIND).hung_up(0, Side.CALLER).voicemail(0)
    told.feed(s.CallEnded(CALL, at(0))).feed(s.CallDissolved(CALL))
    assert {anomaly.kind for anomaly in told.anomalies} == {"unknown_call"}
    assert len(told.anomalies) == 11
    assert all("1370" not in anomaly.detail for anomaly in told.anomalies)


def test_the_callers_own_ringing_is_none_of_a_phone() -> None:
    assert not Told().arrived().rang(0.1, CALLER).anomalies


def test_repeated_signals_of_one_phone_count_once() -> None:
    told = (
        Told()
        .arrived()
        .dialled(0.1)
        .rang(0.5)
        .rang(0.9)
        .picked_up(2.5)
        .picked_up(2.9)
        .talk(2.5)
        .stopped(3, R.BUSY)
    )
    attempt = told.ended(4.0).attempts[0]
    assert (attempt.ringing_at, attempt.ended_at, attempt.result) == (at(0.5), at(2.5), R.ANSWERED)


def test_a_dissolved_call_leaves_no_record() -> None:
    told = Told().arrived().feed(s.CallDissolved(CALL))
    assert not told.facts
    assert not told.tracker.open_calls


def test_talk_that_is_only_found_out_in_a_call_met_under_way() -> None:
    """Who hung up first is told before the bridge that tells that they talked."""
    told = Told().feed(
        s.CallArrived(CALL, at(0), CALLER, None, None, None, None, True, seen_from_start=False)
    )
    told.hung_up(1.0, Side.CALLER).feed(s.TalkBegan(CALL, None, phone(DESK)))
    record = told.ended(1.1)
    assert (record.outcome, record.hung_up_by, record.answered_at) == (Outcome.ANSWERED, Side.CALLER, None)


def test_the_caller_turns_out_to_come_from_outside() -> None:
    told = Told().arrived(channel=None, from_outside=False)
    told.feed(s.CallerIdentified(CALL, at(0.1), CALLER, "137", "x", from_outside=True))
    record = told.ended(1.0)
    assert (record.caller.channel, record.direction.value) == (CALLER, "inbound")


def test_a_clock_set_back_makes_no_time_of_less_than_nothing() -> None:
    told = Told().arrived(10.0).dialled(10.1).rang(11.0).picked_up(3.0).talk(3.0)
    record = told.ended(2.0)
    assert (record.ring_time, record.talk_time) == (timedelta(0), timedelta(0))
    assert (record.rings, record.attempts[0].rings, record.attempts[0].ring_time) == (1, 1, timedelta(0))
