"""What became of a phone, from the status of its dial, the cause of its hang-up, and whether it rang (R-LINE-4)."""

from __future__ import annotations

import pytest

from tests.ami_listener.written import Pbx, results

RANG, SILENT = True, False


def result_of(status: str, cause: int, rang: bool, *, timed: bool = True, request_first: bool = False) -> str:
    """Of a phone that stopped although the caller stayed."""
    pbx = Pbx(timed=timed)
    caller = pbx.arrives()
    leg = pbx.new("SIP/deska-2", caller)
    pbx.dial(caller, leg, "deska")
    if rang:
        pbx.rings(leg)
    else:
        pbx.state(caller, "Ring")  # the stream tells of states, this phone just never rang
    if request_first:
        pbx.request(leg, cause)
    if status:
        pbx.dial_end(caller, leg, status)
    pbx.hangup(leg, cause=cause)
    pbx.hangup(caller)
    ((_, result),) = results(pbx.record)
    return result


STATUSES = [
    ("BUSY", 17, RANG, "busy"),
    ("BUSY", 17, SILENT, "busy"),
    ("NOANSWER", 17, SILENT, "busy"),
    ("BUSY", 21, RANG, "declined"),
    ("NOANSWER", 21, RANG, "declined"),  # 603 through PJSIP
    ("NOANSWER", 19, RANG, "no_answer"),
    ("NOANSWER", 0, RANG, "no_answer"),  # rang out: the PBX gave up
    ("NOANSWER", 19, SILENT, "unreachable"),  # 480: switched off
    ("NOANSWER", 0, SILENT, "unreachable"),
    ("BUSY", 19, SILENT, "unreachable"),  # chan_sip tells 480 as BUSY
    ("BUSY", 19, RANG, "no_answer"),
    ("CHANUNAVAIL", 20, SILENT, "unreachable"),
    ("CHANUNAVAIL", 0, SILENT, "unreachable"),
    ("CONGESTION", 1, SILENT, "unreachable"),  # no such number
    ("CONGESTION", 38, SILENT, "unreachable"),
    ("CONGESTION", 34, SILENT, "failed"),
    ("CONGESTION", 23, SILENT, "forwarded"),  # 302 to a number nobody has
    ("TIMEOUT", 0, RANG, "no_answer"),
    ("TORTURE", 0, RANG, "failed"),
    ("", 17, SILENT, "busy"),  # no DialEnd at all
    ("", 21, RANG, "declined"),
    ("", 19, RANG, "no_answer"),
    ("", 16, SILENT, "unreachable"),
]


@pytest.mark.parametrize(("status", "cause", "rang", "result"), STATUSES)
def test_what_became_of_a_phone(status: str, cause: int, rang: bool, result: str) -> None:
    assert result_of(status, cause, rang) == result


@pytest.mark.parametrize(("status", "cause", "rang", "result"), [row for row in STATUSES if row[0]])
def test_the_cause_may_come_before_the_status(status: str, cause: int, rang: bool, result: str) -> None:
    assert result_of(status, cause, rang, request_first=True) == result


@pytest.mark.parametrize("status", ["CONTINUE", "ABORT", "GOTO:x", "NOANSWER"])
def test_who_picked_up_and_did_not_accept(status: str) -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.state(leg, "Up")
    pbx.wait(3)
    pbx.dial_end(caller, leg, status)
    pbx.hangup(leg, caller)
    record = pbx.record
    assert (results(record), record["outcome"]) == ([("deska", "not_accepted")], "no_answer")
    assert record["attempts"][0]["ring_seconds"] == pytest.approx(0.1)


def test_a_phone_that_was_cancelled_was_left_or_stopped_by_the_pbx() -> None:
    """Where hang-ups are told, nobody left; where they are not, CANCEL is all there is to tell it (rule 7)."""
    assert result_of("CANCEL", 0, RANG, request_first=True) == "no_answer"
    assert result_of("CANCEL", 0, RANG) == "cancelled"


def test_a_stream_that_tells_no_ringing_leaves_open_who_was_switched_off() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.new("SIP/deska-2", caller)
    pbx.dial(caller, leg, "deska")
    pbx.dial_end(caller, leg, "NOANSWER")
    pbx.hangup(leg, cause=0)
    pbx.hangup(caller)
    assert results(pbx.record) == [("deska", "no_answer")]


def test_the_first_end_of_a_dial_counts_and_the_queues_word_before_it() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.event("AgentRingNoAnswer", **caller.headers(), **leg.headers("Dest"), RingTime="3000")
    pbx.dial_end(caller, leg, "CANCEL")
    pbx.dial_end(caller, leg, "BUSY")
    pbx.request(caller)
    pbx.hangup(leg, caller)
    assert results(pbx.record) == [("deska", "no_answer")]


def test_an_announcement_is_no_ringing() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.new("SIP/trunk-2", caller)
    pbx.dial(caller, leg, "13800000000@trunk")
    for status in ("PROGRESS", "PROCEEDING", "RINGING", "RINGING"):
        pbx.wait(1)
        pbx.event("DialState", **caller.headers(), **leg.headers("Dest"), DialStatus=status)
    pbx.answers(caller, leg)
    pbx.enter("b1", leg, caller)
    pbx.hangup(leg, caller)
    record = pbx.record
    assert record["ring_seconds"] == pytest.approx(1.6)


def test_behind_a_local_the_dial_in_front_tells_why() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    one, two = pbx.local("501@targets", caller)
    leg = pbx.new("SIP/deska-2", caller)
    pbx.dial(two, leg, "deska")  # the inner dial may be told first
    pbx.dial(caller, one, "501@targets/n")
    pbx.rings(leg)
    pbx.dial_end(caller, one, "NOANSWER")
    pbx.dial_end(two, leg, "CANCEL")
    pbx.hangup(leg, two, one)
    second = pbx.rung(caller, "SIP/deskb-5", "deskb")
    pbx.talks(caller, second)
    pbx.over(second, caller, by=caller)
    record = pbx.record
    assert results(record) == [("deska", "no_answer"), ("deskb", "answered")]
    assert (record["failover"]["happened"], record["failover"]["reason"]) == (True, "no_answer")


def test_a_phone_that_forwards_is_replaced_and_no_failover() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    first = pbx.new("SIP/deska-2", caller)
    pbx.dial(caller, first, "deska")
    pbx.dial_end(caller, first, "CANCEL", Forward="13811110000")
    one, two = pbx.local("13811110000@from-internal", caller)
    pbx.dial(caller, one, "13811110000@from-internal")
    pbx.hangup(first, cause=23)
    mobile = pbx.new("SIP/trunk-6", caller)
    pbx.dial(two, mobile, "13811110000@trunk")
    pbx.rings(mobile)
    pbx.answers(two, mobile)
    pbx.answers(caller, one)
    pbx.enter("b2", mobile, two)
    pbx.enter("b1", one, caller)
    pbx.over(mobile, two, one, caller, by=caller)
    record = pbx.record
    assert results(record) == [("deska", "forwarded"), ("trunk", "answered")]
    assert record["answered_by"]["number"] == "13811110000"
    assert not record["failover"]["happened"]


def test_a_dial_that_was_only_seen_to_end() -> None:
    """The stream lost its beginning: the phone was tried all the same."""
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.new("SIP/deska-2", caller)
    pbx.rings(leg)
    pbx.dial_end(caller, leg, "BUSY")
    pbx.hangup(leg, cause=17)
    pbx.hangup(caller)
    assert results(pbx.record) == [("deska", "busy")]


def test_local_channels_of_an_ended_consultation_work_for_the_transferred_call() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    second = pbx.new("SIP/deska-3", number="501", exten="502", state="Ring")
    one, two = pbx.local("502@targets", second)
    pbx.dial(second, one, "502@targets/n")
    other = pbx.new("SIP/deskb-6", second)
    pbx.dial(two, other, "deskb")
    pbx.answers(two, other)
    pbx.answers(second, one)
    pbx.enter("far", other, two)
    pbx.enter("near", one, second)
    pbx.enter("near", caller, swap=second)
    pbx.attended(desk, second, caller, one)
    pbx.hangup(second, desk)
    pbx.blind(other, two, "503")
    pbx.hangup(other)
    third_one, third_two = pbx.local("503@targets", second)
    last = pbx.new("SIP/deskc-9", second)
    pbx.dial(third_two, last, "deskc")  # told before the dial in front of it
    pbx.dial(two, third_one, "503@targets/n")
    pbx.rings(last)
    pbx.dial_end(third_two, last, "BUSY")
    pbx.hangup(last, third_two, third_one, cause=17)
    pbx.over(two, one, caller, by=caller)
    asked, call = pbx.records
    assert results(asked) == [("deskb", "answered")]
    assert results(call) == [("deska", "answered"), ("deskc", "busy")]
    assert [kind["kind"] for kind in call["transfers"]] == ["attended", "blind"]
