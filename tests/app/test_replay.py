"""Replay: the bytes of a stream, in pieces of any size, give the calls that were in it."""

from __future__ import annotations

from io import BytesIO

from app.replay import replay
from hotline.records import CallRecord, Measurement, Outcome

BANNER = b"Asterisk Call Manager/11.0.0\r\n"


def event(name: str, at: float, **headers: str) -> bytes:
    lines = [f"Event: {name}", f"Timestamp: {1_795_000_000 + at:.6f}"]
    lines += [f"{key}: {value}" for key, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n"


def channel(name: str, uniqueid: str, linkedid: str, state: str, **headers: str) -> dict[str, str]:
    return {"Channel": name, "Uniqueid": uniqueid, "Linkedid": linkedid, "ChannelState": state} | headers


CALLER = channel(
    "PJSIP/trunk-1", "1.1", "1.1", "4", CallerIDNum="13712345678", Context="from-trunk", Exten="101"
)
DESK = channel("PJSIP/deska-2", "1.2", "1.1", "0")
DIAL = {key: value for key, value in CALLER.items() if key != "Exten"} | {
    "Dest" + key: value for key, value in DESK.items()
}
BRIDGE = {"BridgeUniqueid": "b", "BridgeNumChannels": "2"}

ANSWERED = (
    event("Newchannel", 0.0, **CALLER)
    + event("Newchannel", 0.1, **DESK)
    + event("DialBegin", 0.1, **DIAL, DialString="deska")
    + event("DialState", 0.2, **DIAL, DialStatus="RINGING")
    + event("Newstate", 6.2, **DESK | {"ChannelState": "6"})
    + event("DialEnd", 6.2, **DIAL, DialStatus="ANSWER")
    + event("BridgeEnter", 6.3, **DESK | {"ChannelState": "6"}, **BRIDGE)
    + event("BridgeEnter", 6.3, **CALLER | {"ChannelState": "6"}, **BRIDGE)
)
ENDED = (
    event("HangupRequest", 9.3, **CALLER)
    + event("Hangup", 9.3, **DESK, Cause="16")
    + event("Hangup", 9.4, **CALLER, Cause="16")
)
# What `threerings doctor` makes happen on a PBX, and no phone ever comes of it.
LOCAL_PAIR = (
    event("Newchannel", 1.0, **channel("Local/x@nowhere-1;1", "2.1", "2.1", "0"))
    + event("Newchannel", 1.0, **channel("Local/x@nowhere-1;2", "2.2", "2.1", "4"))
    + event("Hangup", 1.1, **channel("Local/x@nowhere-1;2", "2.2", "2.1", "4"), Cause="0")
    + event("Hangup", 1.1, **channel("Local/x@nowhere-1;1", "2.1", "2.1", "0"), Cause="0")
)


def calls_in(*files: bytes) -> list[CallRecord]:
    facts = list(replay(BytesIO(file) for file in files))
    assert all(isinstance(fact, CallRecord) for fact in facts), facts
    return [fact for fact in facts if isinstance(fact, CallRecord)]


def test_a_call_that_was_answered_in_the_second_ring() -> None:
    (call,) = calls_in(BANNER + ANSWERED + ENDED)

    assert (call.call_id, call.line, call.caller.number) == ("1.1", "101", "13712345678")
    assert (call.outcome, call.rings, call.within_target) == (Outcome.ANSWERED, 2, True)
    assert call.measurement is Measurement.LIVE


def test_a_stream_may_be_cut_into_files_anywhere() -> None:
    stream = BANNER + ANSWERED + ENDED

    for cut in range(0, len(stream), 97):
        assert calls_in(stream[:cut], stream[cut:]) == calls_in(stream)


def test_a_call_still_open_at_the_end_is_partial() -> None:
    (call,) = calls_in(BANNER + ANSWERED)

    assert (call.outcome, call.measurement, call.ended_at) == (Outcome.ANSWERED, Measurement.PARTIAL, None)


def test_a_local_pair_that_reaches_no_phone_is_no_call() -> None:
    assert [call.call_id for call in calls_in(BANNER + ANSWERED + LOCAL_PAIR + ENDED)] == ["1.1"]
    assert calls_in(BANNER + LOCAL_PAIR) == []
