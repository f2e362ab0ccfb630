"""Contract 1, rules 5 to 11, as far as they are decided by the tracker: one test and more for each, the rule in its name."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from hotline import signals as s
from hotline.directory import Directory, Line, PhoneEntry
from hotline.records import (
    AttemptResult,
    CallRecord,
    Direction,
    FailoverReason,
    Measurement,
    Outcome,
    Side,
    TransferKind,
)
from hotline.rings import RingRule
from tests.hotline.told import CALL, CALLER, DESK, MOBILE, Told, at, records

R = AttemptResult
OTHER = "SIP/deskb-4"


def seconds(value: float) -> timedelta:
    return timedelta(seconds=value)


def answered(after: float = 3.0) -> Told:
    return Told().arrived().dialled(0.1).rang(0.5).picked_up(0.5 + after).talk(0.5 + after)


def unanswered(*results: AttemptResult, rings: bool = True) -> CallRecord:
    """One phone after the other, each with its result; the PBX ends the call."""
    told = Told().arrived()
    for turn, result in enumerate(results):
        channel = f"SIP/desk{turn}-{turn}"
        told.dialled(turn + 0.1, channel, turn=turn)
        if rings:
            told.rang(turn + 0.2, channel)
        if result is R.NOT_ACCEPTED:
            told.picked_up(turn + 0.5, channel)
        told.stopped(turn + 0.9, result, channel)
    return told.ended(len(results) + 1.0)


# -- rules 5 and 6: calls the PBX places --------------------------------------------------------------------------------


def spot_check() -> Told:
    told = Told("spot-1").arrived(channel=MOBILE, dialled=None, from_outside=True).placed()
    return told.dialled(0.1, MOBILE, "13800000000").rang(0.5, MOBILE)


def test_rule_5_a_spot_check_is_answered_when_the_phone_is_up_and_its_hanging_up_is_no_giving_up() -> None:
    told = spot_check().picked_up(2.5, MOBILE).talk(2.5, MOBILE).hung_up(4.0, Side.CALLER)
    record = told.ended(4.1)
    assert (record.outcome, record.hung_up_by) == (Outcome.ANSWERED, None)
    assert record.caller.channel == MOBILE == record.attempts[0].channel
    assert [a.result for a in record.attempts] == [R.ANSWERED]
    assert (record.ring_time, record.rings, record.line) == (seconds(2), 1, "13800000000")


@pytest.mark.parametrize(
    ("result", "outcome"),
    [(R.BUSY, Outcome.BUSY), (R.NO_ANSWER, Outcome.NO_ANSWER), (R.DECLINED, Outcome.DECLINED)],
)
def test_rule_5_a_spot_check_nobody_answers(result: AttemptResult, outcome: Outcome) -> None:
    told = spot_check().hung_up(5.0, Side.CALLER).stopped(5.0, result, MOBILE)
    record = told.ended(5.1, gave_up=True)
    assert (record.outcome, record.hung_up_by, record.talk_time) == (outcome, None, None)
    assert record.attempts[0].result is result


def click_to_dial() -> Told:
    told = Told("ctd-1").arrived(channel=None, dialled=None, from_outside=False).placed()
    told.dialled(0.1, DESK).rang(0.2).dialled(0.1, OTHER).rang(0.3, OTHER)
    told.stopped(2.0, R.CANCELLED, OTHER).picked_up(2.0)
    return told.identified(2.0, DESK).talk(2.0)


def test_rule_6_click_to_dial_the_users_leg_is_no_attempt_and_its_picking_up_no_answer() -> None:
    told = click_to_dial().dialled(2.5, MOBILE, "13800000000").rang(3.0, MOBILE).picked_up(7.0, MOBILE)
    record = told.talk(7.0, MOBILE).hung_up(9.0, Side.CALLER, talking=True).ended(9.1)
    assert (record.call_id, record.caller.channel, record.caller.number) == ("ctd-1", DESK, "501")
    assert record.answered_by is not None
    assert record.answered_by.channel == MOBILE
    assert [(a.channel, a.result) for a in record.attempts] == [
        (OTHER, R.ANSWERED_ELSEWHERE),
        (MOBILE, R.ANSWERED),
    ]
    assert (record.ring_time, record.talk_time) == (seconds(4), seconds(2.1))
    assert (record.direction, record.line) == (Direction.OUTBOUND, "13800000000")
    assert not record.failover.happened


def test_rule_6_what_became_of_the_users_other_phones_is_not_what_became_of_the_call() -> None:
    told = click_to_dial().dialled(2.5, MOBILE).stopped(3.0, R.BUSY, MOBILE)
    assert told.ended(3.1).outcome is Outcome.BUSY


def test_rule_6_the_user_leaves_before_anybody_answers() -> None:
    told = click_to_dial().dialled(2.5, MOBILE).rang(3.0, MOBILE).hung_up(4.0, Side.CALLER)
    record = told.ended(4.1)
    assert (record.outcome, record.hung_up_by, record.attempts[-1].result) == (
        Outcome.ABANDONED, Side.CALLER, R.CANCELLED,
    )  # fmt: skip


def test_rule_6_nobody_of_several_users_phones_is_picked_up_so_the_caller_is_unknown() -> None:
    told = Told("ctd-1").arrived(channel=None, dialled=None, from_outside=False).placed()
    told.dialled(0.1, DESK).dialled(0.1, OTHER).stopped(5, R.NO_ANSWER, DESK).stopped(5, R.BUSY, OTHER)
    record = told.feed(s.CallerIdentified("ctd-1", None, None, None, None)).ended(5.1)
    assert (record.caller.channel, record.outcome) == (None, Outcome.NO_ANSWER)


# -- rule 7: given up ---------------------------------------------------------------------------------------------------


def test_rule_7_the_call_and_every_ring_end_when_the_caller_gives_up() -> None:
    told = Told().arrived().dialled(0.1).rang(1.0).dialled(0.1, OTHER).rang(2.0, OTHER)
    told.hung_up(4.0, Side.CALLER).stopped(8.0, R.CANCELLED).stopped(8.0, R.CANCELLED, OTHER)
    record = told.ended(8.5)
    assert (record.outcome, record.ended_at, record.hung_up_by) == (Outcome.ABANDONED, at(4.0), Side.CALLER)
    assert [(a.ended_at, a.ring_time, a.result) for a in record.attempts] == [
        (at(4.0), seconds(3), R.CANCELLED), (at(4.0), seconds(2), R.CANCELLED),
    ]  # fmt: skip
    assert record.ring_time == seconds(3)


def test_rule_7_the_first_hang_up_is_the_time() -> None:
    told = Told().arrived().dialled(0.1).rang(1.0).hung_up(4.0, Side.CALLER).hung_up(4.5, Side.CALLER)
    assert told.ended(5).ended_at == at(4.0)


def test_rule_7_a_caller_who_leaves_while_somebody_is_asked_for_a_key() -> None:
    told = Told().arrived().dialled(0.1).rang(0.5).picked_up(2.0).hung_up(3.0, Side.CALLER)
    record = told.stopped(7.0, R.NOT_ACCEPTED).ended(7.1)
    assert (record.outcome, record.ended_at) == (Outcome.ABANDONED, at(3.0))
    assert (record.attempts[0].result, record.attempts[0].ring_time) == (R.NOT_ACCEPTED, seconds(1.5))


def test_rule_7_without_hang_ups_in_the_stream_it_is_concluded() -> None:
    told = Told().arrived().dialled(0.1).rang(0.5).stopped(4.0, R.CANCELLED)
    record = told.ended(4.1, gave_up=True, told=False)
    assert (record.outcome, record.hung_up_by) == (Outcome.ABANDONED, None)
    assert record.attempts[0].result is R.CANCELLED


def test_rule_7_who_talked_or_left_a_message_did_not_give_up() -> None:
    assert answered().ended(9.0, gave_up=True, told=False).outcome is Outcome.ANSWERED
    told = Told().arrived().dialled(0.1).stopped(3.0, R.NO_ANSWER).voicemail(3.5).hung_up(6, Side.CALLER)
    record = told.ended(6.1, gave_up=True)
    assert (record.outcome, record.hung_up_by) == (Outcome.VOICEMAIL, Side.CALLER)


def test_rule_7_connected_after_giving_up_is_an_anomaly_and_no_answer() -> None:
    told = Told().arrived().dialled(0.1).rang(0.5).hung_up(4.0, Side.CALLER).talk(4.001)
    assert told.ended(4.1).outcome is Outcome.ABANDONED
    assert [anomaly.kind for anomaly in told.anomalies] == ["talk_after_giving_up"]


# -- rule 8: who hung up ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("side", [Side.CALLER, Side.CALLEE])
def test_rule_8_the_first_who_hangs_up_while_talking(side: Side) -> None:
    other = Side.CALLEE if side is Side.CALLER else Side.CALLER
    record = answered().hung_up(9.0, side, talking=True).hung_up(9.01, other, talking=True).ended(9.1)
    assert record.hung_up_by is side


def test_rule_8_nobody_hung_up_so_the_pbx_did() -> None:
    assert answered().ended(9.0).hung_up_by is Side.PBX


def test_rule_8_in_a_stream_that_never_tells_it_nobody_knows() -> None:
    assert answered().ended(9.0, told=False).hung_up_by is None


def test_rule_8_of_an_unanswered_call_that_the_dialplan_ended_nobody() -> None:
    assert unanswered(R.NO_ANSWER).hung_up_by is None


def test_rule_8_a_callee_who_refuses_has_not_hung_up_the_call() -> None:
    told = Told().arrived().dialled(0.1).hung_up(1.0, Side.CALLEE).stopped(1.0, R.BUSY)
    assert told.ended(1.1).hung_up_by is None


def test_rule_8_who_leaves_by_a_transfer_has_not_ended_the_call() -> None:
    told = answered().hung_up(5, Side.CALLEE, talking=True).transferred(5.01, TransferKind.ATTENDED, to=OTHER)
    assert told.hung_up(9, Side.CALLER, talking=True).ended(9.1).hung_up_by is Side.CALLER


def test_rule_8_a_callee_who_leaves_and_another_who_is_put_through() -> None:
    told = answered().hung_up(5, Side.CALLEE, talking=True).dialled(5.1, OTHER).talk(7.0, OTHER)
    assert told.ended(9.0).hung_up_by is Side.PBX


# -- rule 9: what an unanswered call came to ----------------------------------------------------------------------------

OF_ONE = {
    R.NO_ANSWER: Outcome.NO_ANSWER,
    R.BUSY: Outcome.BUSY,
    R.DECLINED: Outcome.DECLINED,
    R.UNREACHABLE: Outcome.UNREACHABLE,
    R.NOT_ACCEPTED: Outcome.NO_ANSWER,
    R.FAILED: Outcome.FAILED,
    R.FORWARDED: Outcome.FAILED,
}
IN_VAIN = {R.NO_ANSWER, R.DECLINED, R.NOT_ACCEPTED}


@pytest.mark.parametrize("result", OF_ONE, ids=str)
@pytest.mark.parametrize("phones", [1, 3])
def test_rule_9_all_alike_then_that_one(result: AttemptResult, phones: int) -> None:
    record = unanswered(*[result] * phones)
    assert record.outcome is OF_ONE[result]
    assert [a.result for a in record.attempts] == [result] * phones


@pytest.mark.parametrize(
    ("one", "other"),
    [pair for pair in product(OF_ONE, repeat=2) if pair[0] is not pair[1] and R.FORWARDED not in pair],
    ids=lambda result: result.value,
)
def test_rule_9_different_ends(one: AttemptResult, other: AttemptResult) -> None:
    """No answer if any phone rang out, was declined or not accepted; else what the last one said."""
    expected = Outcome.NO_ANSWER if IN_VAIN & {one, other} else OF_ONE[other]
    assert unanswered(one, other).outcome is expected


def test_rule_9_who_forwarded_says_nothing_of_the_call() -> None:
    assert unanswered(R.FORWARDED, R.BUSY).outcome is Outcome.BUSY


def test_rule_9_nobody_was_tried() -> None:
    assert Told().arrived().ended(3.0).outcome is Outcome.FAILED


# -- rule 10: counts ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rang_for", "rings", "within"), [(14.9, 3, True), (14.999999, 3, True), (15.0, 4, False), (15.1, 4, False)]
)  # fmt: skip
def test_rule_10_three_rings_in_four_rings_out(rang_for: float, rings: int, within: bool) -> None:
    record = answered(after=rang_for).ended(30.0)
    assert (record.ring_time, record.rings, record.within_target) == (seconds(rang_for), rings, within)
    assert (record.attempts[0].ring_time, record.attempts[0].rings) == (seconds(rang_for), rings)


def test_rule_10_where_nothing_rang() -> None:
    record = unanswered(R.UNREACHABLE, rings=False)
    assert (record.ring_time, record.rings, record.within_target) == (None, 0, None)
    assert (record.attempts[0].ring_time, record.attempts[0].rings) == (None, 0)


def test_rule_10_answered_without_ringing() -> None:
    told = Told().arrived().dialled(0.1).picked_up(0.6).talk(0.6)
    record = told.ended(3.0)
    assert (record.ring_time, record.rings, record.within_target) == (None, 0, True)
    late = Told().arrived().dialled(0.1).picked_up(20).talk(20).ended(30)
    assert (late.rings, late.within_target) == (0, None)


@pytest.mark.parametrize(
    ("gave_up_after", "within"), [(3.0, None), (14.9, None), (15.0, False), (40.0, False)]
)
def test_rule_10_within_target_of_an_unanswered_call(gave_up_after: float, within: bool | None) -> None:
    told = Told().arrived().dialled(0.1).rang(0.5).hung_up(0.5 + gave_up_after, Side.CALLER)
    assert told.ended(60.0).within_target is within


def test_rule_10_one_continuous_ring_across_all_phones() -> None:
    told = Told().arrived().dialled(0.1).rang(1.0).stopped(5.0, R.NO_ANSWER)
    told.dialled(5.5, MOBILE, turn=1).rang(7.0, MOBILE).picked_up(9.0, MOBILE).talk(9.0, MOBILE)
    record = told.ended(12.0)
    assert (record.ring_time, record.rings) == (seconds(8), 2)
    assert [a.ring_time for a in record.attempts] == [seconds(4), seconds(2)]


def test_rule_10_a_forwarded_phone_stops_ringing_when_it_forwards() -> None:
    told = Told().arrived().dialled(0.1).rang(0.2).stopped(2.2, R.FORWARDED).dialled(2.3, MOBILE)
    record = told.talk(5.0, MOBILE).ended(6.0)
    assert [(a.result, a.ring_time) for a in record.attempts] == [
        (R.FORWARDED, seconds(2)),
        (R.ANSWERED, None),
    ]
    assert not record.failover.happened


def test_rule_10_talk_runs_from_the_first_answer_to_the_end_transfers_included() -> None:
    told = answered(after=1.5).transferred(5.0, TransferKind.BLIND).dialled(5.1, OTHER).rang(5.2, OTHER)
    record = told.talk(9.0, OTHER).hung_up(12, Side.CALLER, talking=True).ended(12)
    assert (record.answered_at, record.talk_time) == (at(2.0), seconds(10))
    assert record.ring_time == seconds(1.5)
    assert record.attempts[1].ring_time == seconds(3.8)


def test_rule_10_in_a_stream_without_times_nothing_is_counted() -> None:
    told = Told()
    for signal in (
        s.CallArrived(CALL, None, CALLER, None, None, "101", None, from_outside=False),
        s.PhoneDialled(CALL, None, s.Phone(DESK, "deska")),
        s.PhoneRang(CALL, None, DESK),
        s.TalkBegan(CALL, None, s.Phone(DESK, "deska")),
        s.CallEnded(CALL, None),
    ):
        told.feed(signal)
    record = told.record
    assert (record.outcome, record.rings, record.ring_time, record.within_target) == (
        Outcome.ANSWERED, None, None, None,
    )  # fmt: skip
    assert (record.attempts[0].rings, record.talk_time, record.failover.happened) == (None, None, False)


# -- rule 11: direction and measurement ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("from_outside", "first", "direction"),
    [
        (True, DESK, Direction.INBOUND),
        (True, MOBILE, Direction.INBOUND),
        (False, MOBILE, Direction.OUTBOUND),
        (False, DESK, Direction.INTERNAL),
    ],
)
def test_rule_11_direction(from_outside: bool, first: str, direction: Direction) -> None:
    told = Told().arrived(from_outside=from_outside).dialled(0.1, first).dialled(0.2, "SIP/trunkinfo-9")
    assert told.ended(3.0).direction is direction


def test_rule_11_the_beginning_or_the_end_is_not_in_the_stream() -> None:
    assert answered().ended(9.0).measurement is Measurement.LIVE
    told = Told().feed(s.CallArrived(CALL, at(0), None, None, None, None, None, False, seen_from_start=False))
    assert told.ended(3.0).measurement is Measurement.PARTIAL
    open_at_the_end = answered()
    (record,) = records(open_at_the_end.tracker.flush())
    assert (record.measurement, record.ended_at, record.talk_time) == (Measurement.PARTIAL, None, None)


# -- lines, phones, failover --------------------------------------------------------------------------------------------

DIRECTORY = Directory(
    lines=(Line("hotline", dids=("101",), rule=RingRule(target_rings=2)),),
    phones=(PhoneEntry(endpoint="deska", role="office"), PhoneEntry(number="13800000000", role="duty", person="Zhang")),
)  # fmt: skip


def test_a_configured_line_has_its_own_target_and_its_phones_their_people() -> None:
    told = Told(directory=DIRECTORY).arrived().dialled(0.1).rang(0.5).stopped(4.5, R.NO_ANSWER)
    told.dialled(5, MOBILE, "13800000000", turn=1).rang(6, MOBILE).picked_up(12, MOBILE)
    record = told.feed(s.TalkBegan(CALL, at(12), s.Phone(MOBILE, "trunk", "13800000000"))).ended(20)
    assert (record.line, record.target_rings, record.rings, record.within_target) == ("hotline", 2, 3, False)
    assert record.answered_by is not None
    assert (record.answered_by.role, record.answered_by.person) == ("duty", "Zhang")
    assert [a.role for a in record.attempts] == ["office", "duty"]
    assert (record.failover.happened, record.failover.reason, record.failover.to_role) == (
        True, FailoverReason.NO_ANSWER, "duty",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        ((R.BUSY,), FailoverReason.BUSY),
        ((R.UNREACHABLE,), FailoverReason.UNREACHABLE),
        ((R.FAILED, R.UNREACHABLE), FailoverReason.UNREACHABLE),
        ((R.DECLINED,), FailoverReason.NO_ANSWER),
        ((R.BUSY, R.NO_ANSWER), FailoverReason.NO_ANSWER),
    ],
    ids=str,
)
def test_the_reason_of_a_failover(first: tuple[AttemptResult, ...], reason: FailoverReason) -> None:
    told = Told().arrived()
    for index, result in enumerate(first):
        told.dialled(0.1, f"SIP/desk{index}-{index}").stopped(1.0, result, f"SIP/desk{index}-{index}")
    record = told.dialled(2.0, MOBILE, turn=1).talk(4.0, MOBILE).ended(5.0)
    assert (record.failover.happened, record.failover.reason) == (True, reason)


def test_the_same_phone_once_more_is_no_failover() -> None:
    told = Told().arrived().dialled(0.1).stopped(3, R.NO_ANSWER).dialled(4, "SIP/deska-9", turn=1)
    assert not told.ended(9.0).failover.happened


def test_phones_tried_after_the_answer_are_no_failover() -> None:
    told = answered().transferred(5, TransferKind.BLIND).dialled(5.1, MOBILE, turn=1).talk(7, MOBILE)
    assert not told.ended(9.0).failover.happened
