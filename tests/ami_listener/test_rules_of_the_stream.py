"""Contract 1, rules 1, 4, 7, 8, 11 and 12, as far as a stream decides them: each on a stream written for it.

Transfers, rules 2 and 3, are next door; the rules of the tracker are in `tests/hotline`.
"""

from __future__ import annotations

import pytest

from app.replay import Replay
from hotline.directory import Directory
from hotline.record_json import call_to_json
from hotline.records import CallRecord
from tests.ami_listener.written import BEGAN, Pbx, results

# -- rule 1: who calls ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("correction", ["Newchannel", "NewCallerid", "Newstate", "DialBegin"])
def test_rule_1_the_caller_id_as_last_set_before_the_first_phone_is_dialled(correction: str) -> None:
    pbx = Pbx()
    caller = pbx.arrives(number="0137", who="Wire")
    if correction != "Newchannel":
        caller.number, caller.who = "137", "Corrected"
    if correction == "NewCallerid":
        pbx.caller_id(caller, "137", "Corrected")
    elif correction == "Newstate":
        pbx.state(caller, "Ring")
    leg = pbx.rung(caller)
    pbx.caller_id(caller, "999", "Dialplan's own business")
    pbx.talks(caller, leg)
    pbx.over(leg, caller)
    expected = ("0137", "Wire") if correction == "Newchannel" else ("137", "Corrected")
    assert (pbx.record["caller"]["number"], pbx.record["caller"]["name"]) == expected


def test_rule_1_behind_a_local_the_outer_dial_corrects_though_the_inner_one_is_told_first() -> None:
    pbx = Pbx()
    caller = pbx.arrives(number="0137")
    one, two = pbx.local("501@targets", caller)
    leg = pbx.new("SIP/deska-2", caller)
    caller.number = "137"
    pbx.dial(two, leg, "deska")
    pbx.dial(caller, one, "501@targets/n")
    pbx.over(caller, by=caller)
    assert pbx.record["caller"]["number"] == "137"


def test_rule_1_a_failed_local_before_the_first_phone_does_not_freeze_the_caller_id() -> None:
    pbx = Pbx()
    caller = pbx.arrives(number="0137")
    one, two = pbx.local("nobody@targets", caller)
    pbx.dial(caller, one, "nobody@targets")
    pbx.dial_end(caller, one, "CHANUNAVAIL")
    pbx.hangup(two, one)
    pbx.caller_id(caller, "137")
    pbx.rung(caller)
    pbx.over(caller, by=caller)
    assert pbx.record["caller"]["number"] == "137"


@pytest.mark.parametrize("nobody", ["", "<unknown>"])
def test_rule_1_caller_is_an_object_even_where_nobody_is_known(nobody: str) -> None:
    pbx = Pbx()
    caller = pbx.arrives(number=nobody, who=nobody)
    pbx.over(caller, by=caller)
    assert pbx.record["caller"] == {"channel": "SIP/trunk-1", "number": None, "name": None}


# -- rule 4: call pickup ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("told", ["Pickup", "DialBegin", "DialEnd", "bridge only"])
def test_rule_4_who_picks_up_anothers_call_makes_no_record_and_no_attempt(told: str) -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    picker = pbx.new("SIP/deskc-3", number="503", context="from-internal", exten="*8", state="Ring")
    pbx.state(picker, "Up")
    if told == "Pickup":
        pbx.event("Pickup", **picker.headers(), **desk.headers("Target"))
    if told == "DialBegin":
        pbx.dial_end(caller, desk, "CANCEL")
        pbx.dial(caller, picker, "deska")
    if told != "bridge only":
        pbx.dial_end(caller, picker, "ANSWER")
    pbx.enter("b1", picker, caller)
    pbx.hangup(desk, cause=26)
    pbx.over(picker, caller, by=caller)
    record = pbx.record
    assert (record["outcome"], record["picked_up"]) == ("answered", True)
    assert record["answered_by"]["channel"] == "SIP/deskc-3"
    assert results(record) == [("deska", "answered_elsewhere")]


def test_rule_4_a_pickup_that_fails_is_a_call_that_failed() -> None:
    pbx = Pbx()
    picker = pbx.new("SIP/deskc-3", number="503", context="from-internal", exten="*8", state="Ring")
    pbx.over(picker)
    assert (pbx.record["outcome"], pbx.record["picked_up"]) == ("failed", False)


# -- rule 7: given up, where nobody says so ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "sign", ["QueueCallerAbandon", "CANCEL", "CANCEL after the caller is gone", "no DialEnd"]
)
def test_rule_7_without_hang_up_requests(sign: str) -> None:
    pbx = Pbx(timed=False)
    caller = pbx.arrives()
    one, two = pbx.local("501@targets", caller)
    pbx.dial(caller, one, "501@targets/n")
    desk = pbx.new("SIP/deska-2", caller)
    pbx.dial(two, desk, "deska")
    pbx.rings(desk)
    if sign == "QueueCallerAbandon":
        pbx.dial_end(two, desk, "NOANSWER")
        pbx.event("QueueCallerAbandon", **caller.headers(), Queue="q")
    if sign == "CANCEL":
        pbx.dial_end(two, desk, "CANCEL")
    pbx.hangup(caller, one)
    if sign == "CANCEL after the caller is gone":
        pbx.dial_end(two, desk, "CANCEL")
    pbx.hangup(desk, two)
    record = pbx.record
    assert (record["outcome"], record["hung_up_by"]) == ("abandoned", None)


@pytest.mark.parametrize("when", ["before", "after"])
def test_rule_7_who_rang_out_behind_a_local_was_not_given_up(when: str) -> None:
    """The inner dial always ends in CANCEL; the outer one tells why."""
    pbx = Pbx(timed=False)
    caller = pbx.arrives()
    one, two = pbx.local("501@targets", caller)
    pbx.dial(caller, one, "501@targets/n")
    desk = pbx.new("SIP/deska-2", caller)
    pbx.dial(two, desk, "deska")
    pbx.rings(desk)
    pbx.dial_end(caller, one, "NOANSWER")
    if when == "before":
        pbx.dial_end(two, desk, "CANCEL")
    pbx.hangup(one, caller)
    if when == "after":
        pbx.dial_end(two, desk, "CANCEL")
    pbx.hangup(desk, two)
    assert (pbx.record["outcome"], results(pbx.record)) == ("no_answer", [("deska", "no_answer")])


def test_rule_7_a_caller_who_is_told_busy_has_not_given_up() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.dial_end(caller, desk, "NOANSWER")
    pbx.state(caller, "Busy")
    pbx.over(desk, caller, by=caller)
    assert pbx.record["outcome"] == "no_answer"


# -- rule 8: Locals hang up a lot -------------------------------------------------------------------------------------


def test_rule_8_hang_ups_of_local_halves_are_nobodys() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    one, two = pbx.local("501@targets", caller)
    pbx.dial(caller, one, "501@targets")
    desk = pbx.new("SIP/deska-2", caller)
    pbx.dial(two, desk, "deska")
    pbx.answers(two, desk)
    pbx.answers(caller, one)
    pbx.enter("b1", desk, two)
    pbx.enter("b2", one, caller)
    pbx.request(one)
    pbx.enter("b1", caller, swap=two)
    pbx.hangup(one, two)
    pbx.over(desk, caller, by=desk)
    record = pbx.record
    assert (record["hung_up_by"], record["answered_by"]["channel"]) == ("callee", "SIP/deska-2")


# -- rule 11: direction -----------------------------------------------------------------------------------------------

DIRECTIONS = [
    ("SIP/trunk-1", "default", "SIP/deska-2", "deska", "inbound"),
    ("SIP/501-1", "from-trunk", "SIP/deska-2", "deska", "inbound"),
    ("SIP/192.0.2.7-1", "from-pstn", "SIP/deska-2", "deska", "inbound"),
    ("DAHDI/i1/13700000001-1", "from-external", "SIP/deska-2", "deska", "inbound"),
    ("SIP/501-1", "from-internal", "SIP/gw1-2", "gw1/13800000000", "outbound"),
    ("SIP/501-1", "from-internal", "SIP/upstairs-2", "13800000000@upstairs", "outbound"),
    ("SIP/501-1", "from-internal", "DAHDI/i1/13800000000-2", "i1/13800000000", "outbound"),
    ("SIP/501-1", "from-internal", "SIP/502-2", "502", "internal"),
    ("IAX2/office-1", "from-internal", "IAX2/branch-2", "branch/502", "internal"),
]


@pytest.mark.parametrize(("caller", "context", "leg", "string", "direction"), DIRECTIONS)
def test_rule_11_direction_without_configuration(
    caller: str, context: str, leg: str, string: str, direction: str
) -> None:
    pbx = Pbx()
    channel = pbx.arrives(caller, context=context)
    pbx.rung(channel, leg, string)
    pbx.over(channel, by=channel)
    assert pbx.record["direction"] == direction


@pytest.mark.parametrize(
    ("caller", "leg", "direction"),
    [("SIP/501-1", "SIP/502-2", "internal"), ("SIP/501-1", "SIP/carrier-2", "outbound"),
     ("SIP/carrier-1", "SIP/502-2", "inbound"), ("SIP/trunk-1", "SIP/502-2", "internal")],
)  # fmt: skip
def test_rule_11_configured_trunks_overrule_names(caller: str, leg: str, direction: str) -> None:
    pbx = Pbx()
    channel = pbx.arrives(caller, context="from-trunk")
    pbx.rung(channel, leg, "13800000000@x")
    pbx.over(channel, by=channel)
    stream = Replay(directory=Directory(trunks=("carrier*",)))
    (record,) = [fact for fact in stream.feed(pbx.raw) if isinstance(fact, CallRecord)]
    assert call_to_json(record)["direction"] == direction


# -- rule 12: streams start anywhere ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "before",
    [
        b"",
        b"Asterisk Call Manager/5.0.2\r\n",
        b"Asterisk Call Manager/5.0.2\r\n\r\n",
        b"\r\n\r\n",
        b"7\r\n\r\n",
    ],
)
def test_rule_12_with_the_banner_glued_apart_or_without(before: bytes) -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.talks(caller, leg)
    pbx.over(leg, caller, by=leg)
    stream = Replay()
    (record,) = [fact for fact in stream.feed(before + pbx.raw) if isinstance(fact, CallRecord)]
    assert (record.outcome.value, record.measurement.value) == ("answered", "live")


def test_rule_12_a_call_met_under_way_is_partial_and_knows_its_caller() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.talks(caller, leg)
    pbx.over(leg, caller, by=leg)
    messages = pbx.raw.split(b"\r\n\r\n")
    stream = Replay()
    (record,) = [fact for fact in stream.feed(b"\r\n\r\n".join(messages[2:])) if isinstance(fact, CallRecord)]
    assert (record.measurement.value, record.direction.value) == ("partial", "inbound")
    assert (record.caller.channel, record.caller.number) == ("SIP/trunk-1", "13700000001")
    assert record.arrived_at is not None
    assert record.arrived_at.timestamp() > BEGAN
