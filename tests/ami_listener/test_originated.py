"""Calls the PBX places, as far as no lab of ours records them: Asterisks that tell less, users with several phones."""

from __future__ import annotations

import pytest

from tests.ami_listener.written import Chan, Pbx, results


def originate(pbx: Pbx, *, dial_told: bool) -> tuple[Chan, Chan]:
    """A Local towards the user's phones: half ;1 runs the dialplan of what comes next."""
    one, two = pbx.local("501@users")
    if dial_told:
        pbx.dial(None, one, "501@users/n")
    return one, two


def connect(pbx: Pbx, dialler: Chan, user: Chan) -> Chan:
    """The mobile is dialled, answers, and the user hangs up."""
    mobile = pbx.new("SIP/trunk-9", dialler)
    pbx.dial(dialler, mobile, "13800000000@trunk")
    pbx.rings(mobile)
    pbx.answers(dialler, mobile)
    pbx.enter("far", mobile, dialler)
    pbx.request(user)
    pbx.hangup(user, mobile)
    return mobile


@pytest.mark.parametrize("dial_told", [True, False])
@pytest.mark.parametrize("rings", [True, False])
@pytest.mark.parametrize("timed", [True, False])
def test_click_to_dial_whatever_the_pbx_tells_of_it(dial_told: bool, rings: bool, timed: bool) -> None:
    pbx = Pbx(timed=timed)
    one, two = originate(pbx, dial_told=dial_told)
    user = pbx.new("SIP/501-1", two, number="501", who="Zhang")
    pbx.dial(two, user, "501")
    if rings:
        pbx.rings(user)
    pbx.answers(two, user)
    pbx.enter("near", user, two)
    pbx.state(one, "Up")
    connect(pbx, one, user)
    pbx.hangup(two, one)
    record = pbx.record
    assert (record["call_id"], record["outcome"], record["direction"]) == (
        one.uniqueid,
        "answered",
        "outbound",
    )
    assert record["caller"] == {"channel": "SIP/501-1", "number": "501", "name": "Zhang"}
    assert (record["answered_by"]["number"], record["line"]) == ("13800000000", "13800000000")
    assert results(record) == [("trunk", "answered")]


@pytest.mark.parametrize("sign", ["DialBegin", "Ringing", "Up out of the blue"])
def test_click_to_dial_to_the_phone_itself(sign: str) -> None:
    pbx = Pbx()
    user = pbx.new("SIP/501-1", number="501", context="from-internal")
    if sign == "DialBegin":
        pbx.dial(None, user, "501")
    if sign == "Ringing":
        pbx.rings(user)
    pbx.state(user, "Up")
    mobile = pbx.new("SIP/trunk-9", user)
    pbx.dial(user, mobile, "13800000000@trunk")
    pbx.rings(mobile)
    pbx.dial_end(user, mobile, "BUSY")
    pbx.hangup(mobile, user)
    record = pbx.record
    assert (record["caller"]["channel"], record["outcome"], record["line"]) == (
        "SIP/501-1",
        "busy",
        "13800000000",
    )
    assert results(record) == [("trunk", "busy")]


def test_a_caller_whose_channel_starts_down_has_called_us() -> None:
    """chan_sip: Newchannel is Down, Ring follows; nobody is dialled, the PBX answers."""
    pbx = Pbx()
    caller = pbx.new("SIP/trunk-1", number="137", context="from-trunk", exten="101")
    pbx.state(caller, "Ring")
    pbx.state(caller, "Up")
    pbx.request(caller)
    pbx.hangup(caller)
    record = pbx.record
    assert (record["outcome"], record["answered_by"], record["line"]) == ("abandoned", None, "101")


@pytest.mark.parametrize(
    ("status", "outcome"), [("BUSY", "busy"), ("NOANSWER", "no_answer"), ("CHANUNAVAIL", "unreachable")]
)
def test_the_user_does_not_come(status: str, outcome: str) -> None:
    pbx = Pbx(timed=False)
    one, two = originate(pbx, dial_told=True)
    pbx.caller_id(one, "501", "Click")
    user = pbx.new("SIP/501-1", two, number="501", who="Zhang")
    pbx.dial(two, user, "501")
    if status == "NOANSWER":
        pbx.rings(user)
    pbx.dial_end(two, user, status)
    pbx.dial_end(None, one, status)
    pbx.hangup(user, one, two)
    record = pbx.record
    assert (record["outcome"], record["hung_up_by"]) == (outcome, None)
    assert record["caller"] == {"channel": "SIP/501-1", "number": "501", "name": "Zhang"}
    assert results(record) == [("501", outcome)]


def two_phones(pbx: Pbx) -> tuple[Chan, Chan, Chan, Chan]:
    one, two = originate(pbx, dial_told=True)
    legs = []
    for name in ("SIP/501-1", "SIP/502-2"):
        leg = pbx.new(name, two, number=name[4:7])
        pbx.dial(two, leg, name[4:7])
        pbx.rings(leg)
        legs.append(leg)
    return one, two, legs[0], legs[1]


def test_nobody_of_two_phones_comes_so_nobody_is_known_as_caller() -> None:
    pbx = Pbx()
    one, two, first, second = two_phones(pbx)
    pbx.dial_end(two, first, "NOANSWER")
    pbx.dial_end(two, second, "NOANSWER")
    pbx.hangup(first, second, one, two)
    record = pbx.record
    assert record["caller"] == {"channel": None, "number": None, "name": None}
    assert (record["outcome"], results(record)) == ("no_answer", [("501", "no_answer"), ("502", "no_answer")])


def test_one_of_two_phones_was_picked_up_and_refused_so_it_is_the_caller() -> None:
    pbx = Pbx()
    one, two, first, second = two_phones(pbx)
    pbx.dial_end(two, first, "CANCEL")
    pbx.state(second, "Up")
    pbx.dial_end(two, second, "CONTINUE")
    pbx.hangup(first, second, one, two)
    record = pbx.record
    assert (record["caller"]["channel"], record["outcome"]) == ("SIP/502-2", "no_answer")


def test_both_phones_are_up_and_the_one_that_was_let_go_is_not_the_caller() -> None:
    pbx = Pbx()
    one, two, first, second = two_phones(pbx)
    pbx.state(first, "Up")
    pbx.state(second, "Up")
    pbx.dial_end(two, first, "CANCEL")
    pbx.dial_end(two, second, "ANSWER")
    pbx.state(one, "Up")
    pbx.enter("near", second, two)
    pbx.hangup(first)
    connect(pbx, one, second)
    pbx.hangup(two, one)
    record = pbx.record
    assert (record["caller"]["channel"], record["outcome"], record["hung_up_by"]) == (
        "SIP/502-2",
        "answered",
        "caller",
    )
    assert results(record) == [("501", "not_accepted"), ("trunk", "answered")]


def test_a_local_pair_that_no_phone_ever_joined_is_no_call() -> None:
    pbx = Pbx()
    one, two = originate(pbx, dial_told=True)
    pbx.hangup(two, one)
    assert pbx.records == []
