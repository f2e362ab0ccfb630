"""A stream as a whole: times told or not, restarts, many calls at once, what does not fit."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ami_listener.message import Message
from ami_listener.protocol import MALFORMED, OVERSIZED
from ami_listener.translate import Translator
from app.replay import Replay
from hotline.records import Anomaly, CallRecord
from hotline.signals import Oddity
from tests.ami_listener.written import BEGAN, Pbx, results
from tests.stories.book import Story, anomalies_in, facts_of, records_in, records_of, stories
from tests.stories.reductions import name_of, split

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


# -- time -------------------------------------------------------------------------------------------------------------


def test_this_machines_time_counts_only_while_the_pbx_tells_none() -> None:
    timeless, timed = Pbx(timed=False), Pbx()
    timeless.arrives()
    timed.arrives()
    translator = Translator()
    for raw, expected in ((timeless.raw, NOW), (timed.raw, datetime.fromtimestamp(BEGAN, UTC))):
        message = _messages(raw)[0]
        headers = {**message.headers, "Uniqueid": str(expected), "Linkedid": str(expected)}
        (arrived,) = translator.feed(Message(message.name, headers), NOW)
        assert not isinstance(arrived, Oddity)
        assert getattr(arrived, "at", None) == expected
    headers = {**_messages(timeless.raw)[0].headers, "Uniqueid": "9", "Linkedid": "9"}
    (arrived,) = translator.feed(Message("Newchannel", headers), NOW)
    assert getattr(arrived, "at", NOW) is None


def _messages(raw: bytes) -> list[Message]:
    return Replay().reader.feed(raw)


@pytest.mark.parametrize("nonsense", ["never", "nan", "-1", ""])
def test_a_time_that_is_none_is_counted_and_the_event_is_read(nonsense: str) -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    pbx.over(caller, by=caller)
    raw = re.sub(rb"Timestamp: [\d.]+", f"Timestamp: {nonsense}".encode(), pbx.raw)
    facts = facts_of(raw)
    assert {anomaly.kind for anomaly in anomalies_in(facts)} == {"bad_timestamp"}
    (record,) = records_in(facts)
    assert (record["outcome"], record["rings"]) == ("abandoned", None)


# -- restarts ---------------------------------------------------------------------------------------------------------


def boots(pbx: Pbx, uptime: str | None) -> None:
    """FullyBooted never has a time of its own."""
    more = {} if uptime is None else {"Uptime": uptime}
    pbx.untimed("FullyBooted", Status="Fully Booted", **more)


@pytest.mark.parametrize("timed", [True, False])
@pytest.mark.parametrize("uptimes", [("100", "5"), ("100000", "0")])
def test_a_restarted_pbx_has_forgotten_every_call(timed: bool, uptimes: tuple[str, str]) -> None:
    pbx = Pbx(timed=timed)
    boots(pbx, uptimes[0])
    caller = pbx.arrives()
    pbx.rung(caller)
    pbx.wait(20)
    boots(pbx, uptimes[1])
    again = pbx.arrives("SIP/trunk-7")
    pbx.over(again, by=again)
    dead, alive = pbx.records
    assert (dead["call_id"], dead["measurement"]) == (caller.uniqueid, "partial")
    assert (alive["call_id"], alive["measurement"]) == (again.uniqueid, "live")
    if timed:
        assert dead["ended_at"] < alive["arrived_at"]


@pytest.mark.parametrize("uptime", ["130", "99999999999999", "x", "²", "", None])
@pytest.mark.parametrize("timed", [True, False])
def test_a_listener_that_connected_again_finds_its_calls(timed: bool, uptime: str | None) -> None:
    pbx = Pbx(timed=timed)
    boots(pbx, "100")
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.wait(20)
    boots(pbx, uptime)
    pbx.talks(caller, leg)
    pbx.over(leg, caller, by=caller)
    assert (pbx.record["outcome"], pbx.record["measurement"]) == ("answered", "live")


# -- many calls at once -----------------------------------------------------------------------------------------------

SMALL = [story for story in stories() if len(story.raw) < 40_000 and story.truth is not None]


def distinct(raw: bytes, mark: int) -> list[bytes]:
    """The messages of a stream with ids and channel names of their own, its log-in left out."""
    raw = re.sub(rb"((?:Unique|Linked|unique)id: [^\r]+)", rb"\1-%d" % mark, raw)
    raw = re.sub(rb"([A-Z]\w+/[^\r]*-)([0-9a-f]{8})", rb"\g<1>%x\2" % mark, raw)
    return [m for m in split(raw) if name_of(m) not in ("", "FullyBooted")]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(SMALL), min_size=2, max_size=6), st.integers(0, 2**32).map(random.Random))
def test_calls_side_by_side_do_not_disturb_each_other(chosen: list[Story], chance: random.Random) -> None:
    streams = [distinct(story.raw, mark) for mark, story in enumerate(chosen, 10)]
    expected = [record for stream in streams for record in records_of(b"".join(stream))]
    mixed: list[bytes] = []
    waiting = [stream[::-1] for stream in streams]
    while waiting := [stream for stream in waiting if stream]:
        mixed.append(chance.choice(waiting).pop())
    found = records_of(b"".join(mixed))
    key = _by_id
    assert sorted(found, key=key) == sorted(expected, key=key)


def _by_id(record: dict[str, object]) -> str:
    return str(record["call_id"])


def test_two_passes_of_one_call_through_the_pbx_are_two_calls() -> None:
    """Out through a trunk and in again: each pass has a Linkedid of its own."""
    pbx = Pbx()
    caller = pbx.new("SIP/501-1", number="501", context="from-internal", exten="13800000000", state="Ring")
    out = pbx.rung(caller, "SIP/trunk-2", "13800000000@trunk")
    back = pbx.arrives("SIP/trunk-3", number="501", exten="13800000000")
    desk = pbx.rung(back, "SIP/502-4", "502")
    pbx.talks(back, desk, "b2")
    pbx.talks(caller, out, "b1")
    pbx.request(caller)
    pbx.hangup(out, caller)
    pbx.request(back)
    pbx.hangup(desk, back)
    first, second = pbx.records
    assert (first["direction"], first["answered_by"]["endpoint"]) == ("outbound", "trunk")
    assert (second["direction"], second["answered_by"]["endpoint"]) == ("inbound", "502")


DRIVERS: dict[str, Callable[[int], str]] = {
    "SIP": lambda n: f"SIP/phone{n}-0000000{n}",
    "PJSIP": lambda n: f"PJSIP/phone{n}-0000000{n}",
    "IAX2": lambda n: f"IAX2/phone{n}-{7040 + n}",
    "DAHDI span": lambda n: f"DAHDI/i{n}/1380000000{n}-{n}",
    "DAHDI line": lambda n: f"DAHDI/{n}-1",
    "SCCP": lambda n: f"SCCP/50{n}-0000000{n}",
    "dongle": lambda n: f"Dongle/dongle{n}-010000000{n}",
}


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_channel_driver(driver: str) -> None:
    name = DRIVERS[driver]
    pbx = Pbx()
    caller = pbx.new(name(1), number="137", context="from-trunk", exten="101", state="Ring")
    first = pbx.rung(caller, name(2), "x")
    pbx.wait(4)
    pbx.dial_end(caller, first, "NOANSWER")
    pbx.hangup(first)
    second = pbx.rung(caller, name(3), "y")
    pbx.talks(caller, second)
    pbx.over(second, caller, by=second)
    record = pbx.record
    assert [result for _, result in results(record)] == ["no_answer", "answered"]
    assert (record["answered_by"]["channel"], record["hung_up_by"]) == (name(3), "callee")
    assert record["failover"]["happened"]
    assert record["rings"] == 1


# -- what does not fit ------------------------------------------------------------------------------------------------


def kinds(pbx: Pbx) -> list[str]:
    return [anomaly.kind for anomaly in anomalies_in(facts_of(pbx.raw))]


def test_events_without_what_they_must_have_are_counted() -> None:
    pbx = Pbx()
    pbx.event("Newchannel", Channel="SIP/a-1")
    pbx.event("Newchannel", Uniqueid="1.1")
    pbx.event("DialBegin", Uniqueid="1.1", Channel="SIP/a-1")
    pbx.event("Pickup", Uniqueid="1.2")
    for name in ("Newstate", "NewCallerid", "DialState", "DialEnd", "Hangup", "HangupRequest", "BridgeEnter",
                 "BridgeLeave", "LocalBridge", "BlindTransfer", "AttendedTransfer", "QueueCallerAbandon",
                 "AgentRingNoAnswer"):  # fmt: skip
        pbx.event(name)
    assert kinds(pbx)[:4] == ["malformed_event", "malformed_event", "malformed_event", "malformed_event"]
    assert len(kinds(pbx)) == 4


def test_a_transfer_nobody_is_in() -> None:
    pbx = Pbx()
    ghost = pbx.new("Message/ast_msg_queue")
    pbx.blind(ghost, ghost, "502")
    pbx.attended(ghost, ghost, ghost, None)
    assert kinds(pbx) == ["unexpected_transfer", "unexpected_transfer"]


def test_a_transfer_that_failed_is_none() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.talks(caller, leg)
    pbx.event("BlindTransfer", Result="Fail", **leg.headers("Transferer"), **caller.headers("Transferee"))
    pbx.event(
        "AttendedTransfer", Result="Fail", **leg.headers("OrigTransferer"), **leg.headers("SecondTransferer")
    )
    pbx.over(leg, caller, by=caller)
    assert pbx.record["transfers"] == []


def test_events_of_a_channel_that_is_gone_do_not_bring_it_back() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.dial_end(caller, leg, "NOANSWER")
    pbx.over(leg, caller)
    pbx.dial_end(caller, leg, "CANCEL")
    pbx.caller_id(caller, "999")
    pbx.state(leg, "Ringing")
    pbx.event("Newchannel", **caller.headers())
    pbx.hangup(caller)
    assert len(pbx.records) == 1
    assert set(kinds(pbx)) == {"late_event", "duplicate_event"}


def test_the_pbxs_own_channels_are_nobody() -> None:
    pbx = Pbx()
    caller = pbx.arrives()
    pbx.enter("b1", caller)
    for name in (
        "CBAnn/77-00000001;2",
        "Snoop/1-00000001",
        "Recorder/ARI-00000001;2",
        "Message/ast_msg_queue",
    ):
        helper = pbx.new(name)
        pbx.enter("b1", helper)
    pbx.over(caller, by=caller)
    assert (pbx.record["outcome"], pbx.record["answered_by"]) == ("abandoned", None)


def test_what_the_reader_could_not_read_is_told() -> None:
    translator = Translator()
    signals = translator.feed(Message(OVERSIZED, {}), NOW) + translator.feed(Message(MALFORMED, {}), NOW)
    assert [(s.kind, s.at) for s in signals if isinstance(s, Oddity)] == [
        ("oversized_message", NOW), ("malformed_message", NOW),
    ]  # fmt: skip


def test_an_event_nobody_reads_is_nothing() -> None:
    assert Translator().feed_all([Message("VarSet", {"Variable": "x"})]) == []


def test_facts_come_as_they_become_known_not_at_the_end() -> None:
    story = next(story for story in stories() if story.name == "queue_second_22")
    stream = Replay()
    facts = stream.feed(story.raw)
    assert [fact.call_id for fact in facts if isinstance(fact, CallRecord)] == [story.expected[0]["call_id"]]
    assert not [fact for fact in facts if isinstance(fact, Anomaly)]
    assert stream.finish() == []
