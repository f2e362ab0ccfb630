"""The listener beside a PBX that refuses, stalls, lies or goes away: told in one line, tried again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ami_listener.listener import MAX_WAITING
from hotline.records import Measurement
from tests.ami_listener.listening import Ear, call, listening, one_line
from tests.ami_listener.written import Pbx
from tests.fakes.ami_peer import DENIED, AmiPeer, Fields, listing, refused, reply, silence

LONG_AGO = datetime(2026, 11, 21, 7, 0, tzinfo=UTC)


# -- as it should be --------------------------------------------------------------------------------------------------


async def test_logs_in_asks_for_what_it_reads_takes_stock_and_listens() -> None:
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            names = peer.names()
            assert names[:2] == ["Login", "CoreSettings"]
            assert (peer.actions[0]["Events"], peer.actions[0]["Username"]) == ("off", "tracker")
            assert names[2:-3] == ["Filter"] * (len(names) - 5)
            assert names[-3:] == ["Events", "Ping", "Status"]
            peer.say(call().raw)
            await ear.until(lambda: bool(ear.records))
    assert ear.records[0].measurement is Measurement.LIVE
    assert not ear.problems
    assert not ear.anomalies


async def test_an_old_asterisk_gets_one_filter() -> None:
    async with AmiPeer() as peer:
        peer.answers["CoreSettings"] = lambda fields: reply(fields, "AMIversion: 5.0.2")
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
        assert peer.names().count("Filter") == 1
        assert next(f for f in peer.actions if f["Action"] == "Filter")["Filter"].startswith("Event: (")


async def test_what_nobody_reads_is_dropped_and_counted() -> None:
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear, filter_at_pbx=False):
            await ear.until(lambda: ear.times_connected == 1)
            assert "Filter" not in peer.names()
            peer.say(b"Event: VarSet\r\nVariable: X\r\n\r\n" * 7 + call().raw)
            await ear.until(lambda: bool(ear.records))
    assert ear.dropped_events == 7


async def test_every_byte_is_handed_on_and_the_end_of_a_connection_too() -> None:
    kept: list[bytes] = []
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear, on_bytes=kept.append):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(call().raw)
            await ear.until(lambda: bool(ear.records))
    assert kept[-1] == b""
    assert b"".join(kept).startswith(b"Asterisk Call Manager/")
    assert call().raw in b"".join(kept)


# -- blind times ------------------------------------------------------------------------------------------------------


async def test_the_time_since_an_earlier_process_is_blind() -> None:
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear, observed_until=LONG_AGO):
            await ear.until(lambda: ear.times_connected == 1)
    (since, until, _), (same, ended, _) = ear.blind_times[:2]
    assert (since, until, same) == (LONG_AGO, None, LONG_AGO)
    assert ended is not None
    assert datetime.now(UTC) - ended < timedelta(seconds=30)


async def test_a_broken_connection_is_a_blind_time_and_made_again() -> None:
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            assert not ear.blind_times
            peer.hang_up()
            await ear.until(lambda: ear.times_connected == 2)
    (since, still, _), (same, until, _) = ear.blind_times[:2]
    assert (still, same) == (None, since)
    assert until is not None
    assert since < until < since + timedelta(seconds=3)
    assert one_line(ear.problems[0], "pbx", "connecting again")


async def test_a_connection_without_an_answer_to_a_ping_is_none() -> None:
    """Half open: the PBX's machine is gone, nobody says so."""
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear, heartbeat_seconds=0.1):
            await ear.until(lambda: ear.times_connected == 1)
            peer.answers["Ping"] = silence
            await ear.until(lambda: bool(ear.blind_times))
            del peer.answers["Ping"]
            peer.answers["Ping"] = lambda fields: reply(fields, "Ping: Pong")
            await ear.until(lambda: ear.times_connected == 2)
    assert one_line(ear.problems[0], "answer")


async def test_calls_that_ended_meanwhile_are_partial() -> None:
    pbx = Pbx()
    pbx.rung(pbx.arrives())
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(pbx.raw)
            await ear.until(lambda: bool(ear.tracker.open_calls))
            peer.hang_up()
            await ear.until(lambda: bool(ear.records))
    assert ear.records[0].measurement is Measurement.PARTIAL


# -- while stock is taken ---------------------------------------------------------------------------------------------


async def test_events_that_come_while_stock_is_taken_wait_and_old_ones_are_left_out() -> None:
    old, new = Pbx(), call()
    old.wait(-60)
    old.arrives("SIP/old-9")

    def slowly(fields: Fields) -> bytes:
        return old.raw.replace(b"1795280000.1", b"1795279000.9") + new.raw + listing("Status")(fields)

    async with AmiPeer() as peer:
        peer.answers["Status"] = slowly
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: bool(ear.records))
    assert [record.call_id for record in ear.records] == ["1795280000.1"]
    assert not ear.tracker.open_calls


async def test_calls_under_way_are_found() -> None:
    row = {
        "Channel": "SIP/trunk-1",
        "ChannelState": "4",
        "Uniqueid": "5.1",
        "Linkedid": "5.1",
        "Context": "from-trunk",
    }
    async with AmiPeer() as peer:
        peer.answers["Status"] = listing("Status", row)
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
    (open_call,) = ear.tracker.open_calls.values()
    assert (open_call.caller.channel, open_call.measurement) == ("SIP/trunk-1", Measurement.RESUMED)


async def test_too_much_traffic_while_stock_is_taken_begins_again() -> None:
    flood = b"Event: Hangup\r\nUniqueid: 1\r\n\r\n" * (MAX_WAITING * 2)
    answers = [flood, b""]
    async with AmiPeer() as peer:
        peer.answers["Status"] = lambda fields: answers.pop(0) + listing("Status")(fields)
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
    assert peer.connections == 2
    assert len(ear.problems) == 1


# -- refused and not permitted ----------------------------------------------------------------------------------------


async def test_a_refused_log_in_is_told_once_and_tried_again() -> None:
    async with AmiPeer() as peer:
        peer.answers["Login"] = refused("Authentication failed")
        ear = Ear()
        async with listening(peer.port, ear):
            await peer.until(lambda: peer.connections >= 3)
            del peer.answers["Login"]
            await ear.until(lambda: ear.times_connected == 1)
    assert len(ear.problems) == 1
    assert one_line(
        ear.problems[0], f"127.0.0.1:{peer.port}", "'tracker'", "manager.conf", "secret", "permit"
    )
    assert "'secret'" not in ear.problems[0]


async def test_without_the_right_to_filter_everything_comes_and_is_dropped_here() -> None:
    async with AmiPeer() as peer:
        peer.answers["CoreSettings"] = peer.answers["Filter"] = DENIED
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(call().raw)
            await ear.until(lambda: bool(ear.records))
    assert not ear.problems


async def test_without_the_right_to_see_the_state_it_listens_and_says_what_to_add() -> None:
    async with AmiPeer() as peer:
        peer.answers["Status"] = DENIED
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(call().raw)
            await ear.until(lambda: bool(ear.records))
    assert one_line(ear.problems[0], "write = call,system", "[tracker]", "manager reload")


async def test_events_without_a_time_are_told_once() -> None:
    timeless = Pbx(timed=False)
    caller = timeless.arrives()
    timeless.over(caller, by=caller)
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(timeless.raw)
            await ear.until(lambda: bool(ear.records))
    assert len(ear.problems) == 1
    assert one_line(ear.problems[0], "timestampevents = yes")
    assert ear.records[0].arrived_at is not None  # by this machine's clock


async def test_calls_that_are_never_told_are_noticed() -> None:
    """The manager user may not read events: the PBX is silent, but has channels."""
    async with AmiPeer() as peer:
        row = {"Channel": "SIP/trunk-1", "Uniqueid": "5.1"}
        peer.answers["CoreShowChannels"] = listing("CoreShowChannel", row)
        ear = Ear()
        async with listening(peer.port, ear, heartbeat_seconds=0.1):
            await ear.until(lambda: len(ear.problems) >= 2)
            del peer.answers["CoreShowChannels"]
    assert any(one_line(text, "read = call,agent,user,system,dialplan") for text in ear.problems)


async def test_a_pbx_that_may_not_be_asked_for_its_channels_is_not_asked_to_death() -> None:
    async with AmiPeer() as peer:
        peer.answers["CoreShowChannels"] = DENIED
        ear = Ear()
        async with listening(peer.port, ear, heartbeat_seconds=0.1):
            await peer.until(lambda: peer.names().count("CoreShowChannels") >= 3)
    assert (ear.times_connected, ear.problems) == (1, [])


# -- nobody there, nonsense, half an answer ---------------------------------------------------------------------------


async def test_nobody_listens_is_told_once_and_tried_until_somebody_does() -> None:
    async with AmiPeer() as peer:
        pass
    ear = Ear()
    async with listening(peer.port, ear):
        await ear.until(lambda: bool(ear.problems))
        async with peer:
            await ear.until(lambda: ear.times_connected == 1)
    assert len(ear.problems) <= 2
    assert one_line(ear.problems[0], "Asterisk running", "enabled = yes", f"port = {peer.port}")


async def test_something_that_is_no_manager_interface() -> None:
    async with AmiPeer(banner=b"SSH-2.0-OpenSSH_9.2\r\n") as peer:
        peer.answers["Login"] = lambda _fields: b"Protocol mismatch.\r\n"
        ear = Ear()
        async with listening(peer.port, ear, connect_seconds=0.2):
            await ear.until(lambda: bool(ear.problems))
    assert one_line(ear.problems[0], "did not answer", "log-in")


@pytest.mark.parametrize("action", ["Login", "CoreSettings", "Events", "Ping", "Status"])
async def test_the_connection_breaks_in_the_middle_of_an_action(action: str) -> None:
    async with AmiPeer() as peer:
        good = peer.answers.get(action, reply)

        def breaks(fields: Fields) -> bytes:
            peer.answers[action] = good
            peer.hang_up()
            return b""

        peer.answers[action] = breaks
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
    assert len(ear.problems) == 1
    assert one_line(ear.problems[0], "closed the connection") or "lost" in ear.problems[0]


async def test_nonsense_between_events_is_counted_and_the_events_are_read() -> None:
    async with AmiPeer() as peer:
        ear = Ear()
        async with listening(peer.port, ear):
            await ear.until(lambda: ear.times_connected == 1)
            peer.say(b"\x00\xff\xfe rubbish\r\n\r\n" + b"x" * 200_000 + b"\r\n\r\n" + call().raw)
            await ear.until(lambda: bool(ear.records))
    assert {"malformed_message", "oversized_message"} == set(ear.anomalies)
    assert ear.times_connected == 1
