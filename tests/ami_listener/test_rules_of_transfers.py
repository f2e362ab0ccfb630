"""Contract 1, rules 2 and 3: who is transferred by whom, and whose record says so. On streams written for it."""

from __future__ import annotations

import pytest

from tests.ami_listener.written import Chan, Pbx, moves, results

# -- rules 2 and 3: transfers -----------------------------------------------------------------------------------------


def test_rule_2_a_callee_transferred_onward_stays_in_the_record() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    pbx.blind(desk, caller, "502")
    pbx.leave("b1", desk, caller)
    pbx.hangup(desk)
    other = pbx.rung(caller, "SIP/deskb-3", "deskb")
    pbx.talks(caller, other, "b2")
    pbx.over(other, caller, by=other)
    record = pbx.record
    assert (record["answered_by"]["endpoint"], record["hung_up_by"]) == ("deska", "callee")
    assert moves(record) == [("blind", "SIP/deska-2", "SIP/deskb-3")]
    assert results(record) == [("deska", "answered"), ("deskb", "answered")]


def test_rule_2_when_the_caller_transfers_the_call_ends_with_the_other_original_party() -> None:
    pbx = Pbx()
    caller = pbx.new("SIP/deskd-1", number="504", context="from-internal", exten="501", state="Ring")
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    pbx.blind(caller, desk, "502")
    pbx.leave("b1", caller, desk)
    pbx.hangup(caller)
    other = pbx.rung(desk, "SIP/deskb-3", "deskb")
    pbx.talks(desk, other, "b2")
    pbx.wait(5)
    pbx.over(other, desk, by=desk)
    record = pbx.record
    assert (record["answered_by"]["endpoint"], record["hung_up_by"]) == ("deska", "callee")
    assert record["caller"]["channel"] == "SIP/deskd-1"
    assert record["talk_seconds"] > 5


def test_rule_2_a_blind_transfer_whose_ringing_precedes_its_dial() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    pbx.blind(desk, caller, "502")
    pbx.hangup(desk)
    other = pbx.new("SIP/deskb-3", caller)
    pbx.rings(other)
    pbx.dial(caller, other, "deskb")
    pbx.wait(1)
    pbx.talks(caller, other, "b2")
    pbx.over(other, caller)
    attempt = pbx.record["attempts"][1]
    assert attempt["ringing_at"] == attempt["dialled_at"]
    assert (attempt["rings"], attempt["ring_seconds"]) == (1, pytest.approx(1.2))


def test_rule_2_a_transfer_by_keys_that_were_heard_behind_a_local() -> None:
    pbx = Pbx()
    caller = pbx.new("SIP/deskd-1", number="504", exten="501", state="Ring")
    one, two = pbx.local("501@targets", caller)
    pbx.dial(caller, one, "501@targets/n")
    desk = pbx.new("SIP/deska-4", caller)
    pbx.dial(two, desk, "deska")
    pbx.answers(two, desk)
    pbx.answers(caller, one)
    pbx.enter("far", desk, two)
    pbx.enter("near", one, caller)
    pbx.blind(two, desk, "502")
    pbx.leave("far", two, desk)
    pbx.over(two, one, caller)
    other = pbx.rung(desk, "SIP/deskb-5", "deskb")
    pbx.talks(desk, other, "b2")
    pbx.over(other, desk, by=desk)
    record = pbx.record
    assert moves(record) == [("blind", "SIP/deskd-1", "SIP/deskb-5")]
    assert (record["answered_by"]["channel"], record["hung_up_by"]) == ("SIP/deska-4", "callee")


def consultation(pbx: Pbx) -> tuple[Chan, Chan, Chan, Chan, Chan]:
    """The desk has the caller and asks another desk on its second channel."""
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    second = pbx.new("SIP/deska-3", number="501", context="from-internal", exten="502", state="Ring")
    other = pbx.rung(second, "SIP/deskb-4", "deskb")
    return caller, desk, second, other, caller


def test_rule_3_a_consultation_is_a_call_and_shows_in_the_transferred_one() -> None:
    pbx = Pbx()
    caller, desk, second, other, _ = consultation(pbx)
    pbx.talks(second, other, "b2")
    pbx.enter("b2", caller, swap=second)
    pbx.attended(desk, second, caller, other)
    pbx.hangup(second, desk)
    pbx.over(other, caller, by=caller)
    asked, call = pbx.records
    assert (asked["caller"]["channel"], asked["direction"]) == ("SIP/deska-3", "internal")
    assert results(asked) == [("deskb", "answered")]
    assert moves(call) == [("attended", "SIP/deska-2", "SIP/deskb-4")]
    assert (results(call), call["hung_up_by"]) == ([("deska", "answered")], "caller")


@pytest.mark.parametrize("old", [False, True], ids=["new dial not told", "as Asterisk 13 tells it"])
def test_rule_3_the_phones_of_a_blonde_transfer_are_the_consultations(old: bool) -> None:
    pbx = Pbx()
    caller, desk, second, other, _ = consultation(pbx)
    pbx.attended(desk, second, caller, None, DestType="App", DestApp="Dial")
    if old:
        pbx.dial_end(second, other, "NOANSWER")
        pbx.dial(caller, other, "deskb")
    pbx.hangup(desk, second)
    pbx.wait(3)
    pbx.talks(caller, other, "b2")
    pbx.over(other, caller, by=caller)
    call, asked = sorted(pbx.records, key=lambda record: record["arrived_at"])
    assert moves(call) == [("blonde", "SIP/deska-2", "SIP/deskb-4")]
    assert results(call) == [("deska", "answered")]
    assert results(asked) == [("deskb", "answered")]
    assert asked["attempts"][0]["ring_seconds"] == pytest.approx(3.4 + 0.2 * old)
    assert (call["hung_up_by"], asked["hung_up_by"]) == ("caller", "caller")


def test_rule_3_the_caller_leaves_while_the_phones_of_a_blonde_transfer_ring() -> None:
    pbx = Pbx()
    caller, desk, second, other, _ = consultation(pbx)
    pbx.attended(desk, second, caller, None, DestType="App", DestApp="Dial")
    pbx.hangup(desk, second)
    pbx.request(caller)
    pbx.dial_end(caller, other, "CANCEL")
    pbx.hangup(other, caller)
    asked, call = pbx.records
    assert (asked["outcome"], results(asked)) == ("abandoned", [("deskb", "cancelled")])
    assert (call["outcome"], call["hung_up_by"], moves(call)[0][2]) == ("answered", "caller", None)


def test_rule_3_a_target_that_is_the_caller_of_the_other_call() -> None:
    """A calls B, C calls B, B connects the two: B is called in both."""
    pbx = Pbx()
    a = pbx.arrives()
    first = pbx.rung(a, "SIP/deskb-2", "deskb")
    pbx.talks(a, first)
    c = pbx.arrives("SIP/trunk-3", number="13700000003")
    second = pbx.rung(c, "SIP/deskb-4", "deskb")
    pbx.talks(c, second, "b2")
    pbx.leave("b2", second)
    pbx.enter("b1", c, swap=first)
    pbx.attended(first, second, a, c)
    pbx.hangup(second, first)
    pbx.over(c, a, by=a)
    other, call = pbx.records
    assert moves(call) == [("attended", "SIP/deskb-2", "SIP/trunk-3")]
    assert (call["hung_up_by"], other["hung_up_by"]) == ("caller", "callee")
    assert [r["answered_by"]["endpoint"] for r in (call, other)] == ["deskb", "deskb"]
