"""Taking stock: what a Status answer says of calls, to a scene that knows them, knows some, or knows none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ami_listener.message import Message
from ami_listener.snapshot import KnownCall, channel_states, resume
from ami_listener.translate import Translator
from hotline.calls import CallTracker
from hotline.records import AttemptResult, CallRecord, Fact, Measurement, Outcome
from hotline.signals import CallEnded
from tests.ami_listener.written import BEGAN, Chan, Pbx

Row = dict[str, Any]
CALL = "1795280000.1"


def row(name: str, uniqueid: str, state: str = "6", **more: Any) -> Row:
    """A row as the connection hands it over: lower-case names, variables as a list."""
    variables = {
        "RINGTIME_MS": more.pop("ring", "(null)"),
        "CDR(start,u)": f"{more.pop('start', BEGAN):.6f}",
        "CDR(answer,u)": f"{more.pop('answer', 0.0):.6f}",
        "DIALEDPEERNUMBER": more.pop("dialled", ""),
    }
    return {
        "event": "Status",
        "channel": name,
        "channelstate": state,
        "calleridnum": "<unknown>",
        "calleridname": "<unknown>",
        "context": "from-trunk",
        "exten": "101",
        "uniqueid": uniqueid,
        "linkedid": CALL,
        "bridgeid": "",
        "application": "",
        "data": "",
        "variable": [f"{name}={value}" for name, value in variables.items()],
        **more,
    }


def caller(state: str = "4", data: str = "PJSIP/deska,20", ring: str = "1200", **more: Any) -> Row:
    return row(
        "PJSIP/trunk-1", CALL, state, application="Dial", data=data, ring=ring, calleridnum="137", **more
    )


def phone(state: str = "5", name: str = "PJSIP/deska-2", uniqueid: str = "1795280000.2", **more: Any) -> Row:
    more = {"dialled": "deska", "start": BEGAN + 1, **more}
    return row(name, uniqueid, state, application="AppDial", **more)


class Observed:
    """A translator and a tracker, as the service has them; `gap` takes stock as the listener does."""

    def __init__(self) -> None:
        self.translator = Translator()
        self.tracker = CallTracker()
        self.facts: list[Fact] = []

    def hear(self, raw: bytes) -> None:
        from app.replay import Replay

        for message in Replay().reader.feed(raw):
            self.facts += self.tracker.feed_all(self.translator.feed(message))

    def gap(self, *rows: Row) -> frozenset[str]:
        scene = self.translator.scene
        known = [
            KnownCall(call.call_id, frozenset(a.channel for a in call.attempts), call.from_pbx)
            for call in self.tracker.open_calls.values()
        ]
        alive = resume(scene, channel_states(rows), known)
        signals, scene.signals = scene.signals, []
        self.facts += self.tracker.feed_all(signals) + self.tracker.resync(alive)
        return alive

    def end(self, at: float = BEGAN + 60) -> CallRecord:
        self.facts += self.tracker.feed(CallEnded(CALL, when(at), hang_ups_are_told=True))
        return self.record

    @property
    def record(self) -> CallRecord:
        (record,) = [fact for fact in self.facts if isinstance(fact, CallRecord)]
        return record


def when(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def rang_from(record: CallRecord, seconds: float) -> bool:
    return record.ringing_at is not None and abs(record.ringing_at - when(seconds)) < timedelta(
        milliseconds=1
    )


# -- rows -------------------------------------------------------------------------------------------------------------


def test_rows_in_any_spelling_and_what_is_no_channel() -> None:
    written = {"Channel": "SIP/a-1", "Uniqueid": "1.1", "Variable": "RINGTIME_MS=5", "Linkedid": ""}
    lower, other = channel_states([row("SIP/b-2", "1.2"), written, {"uniqueid": "1.3"}, {"channel": "x"}, {}])
    assert (lower.uniqueid, lower.linkedid, lower.ring_delay, lower.answered_at) == ("1.2", CALL, None, None)
    assert (other.uniqueid, other.linkedid, other.ring_delay) == ("1.1", "1.1", timedelta(milliseconds=5))
    assert (other.started_at, other.dial_string, other.bridge, other.dials) == (None, None, None, ())


@pytest.mark.parametrize("delay", ["", "(null)", "-5", "x", "1e3", "123456789012"])
def test_a_delay_that_is_none(delay: str) -> None:
    (state,) = channel_states([row("SIP/a-1", "1.1", ring=delay)])
    assert state.ring_delay is None


# -- a process that knows nothing -------------------------------------------------------------------------------------


def test_a_phone_rings_since_its_start_and_the_callers_delay() -> None:
    observed = Observed()
    assert observed.gap(caller(), phone()) == {CALL}
    record = observed.end()
    assert rang_from(record, BEGAN + 2.2)
    assert (record.arrived_at, record.caller.number) == (when(BEGAN), "137")
    assert (record.measurement, record.direction.value, record.line) == (
        Measurement.RESUMED,
        "inbound",
        "101",
    )
    assert [(a.channel, a.number) for a in record.attempts] == [("PJSIP/deska-2", "deska")]


def test_a_phone_that_does_not_ring_yet() -> None:
    observed = Observed()
    observed.gap(caller(ring="(null)"), phone("0"))
    record = observed.end()
    assert (record.ringing_at, record.rings, record.attempts[0].rings) == (None, 0, 0)


def test_two_people_talk_since_the_later_of_their_answers() -> None:
    observed = Observed()
    observed.gap(caller("6", bridgeid="b1", answer=BEGAN + 7), phone("6", bridgeid="b1", answer=BEGAN + 5))
    record = observed.end()
    assert (record.outcome, record.answered_at) == (Outcome.ANSWERED, when(BEGAN + 7))
    assert rang_from(record, BEGAN + 2.2)
    assert record.attempts[0].ring_time == timedelta(seconds=2.8)
    assert record.ring_time == timedelta(seconds=4.8)


def test_somebody_who_is_asked_for_a_key_does_not_talk() -> None:
    observed = Observed()
    observed.gap(caller(), phone("6", answer=BEGAN + 5))
    record = observed.end()
    assert record.outcome is Outcome.NO_ANSWER
    assert record.attempts[0].result is AttemptResult.NOT_ACCEPTED


def test_behind_a_local_the_delay_is_that_of_the_half_in_front() -> None:
    """The Local's dialplan played something for three seconds before it dialled."""
    rows = (
        caller(data="Local/501@targets/n,20", ring="4000"),
        row("Local/501@targets-7;1", "1795280000.3", "5", application="AppDial", dialled="501@targets/n"),
        row(
            "Local/501@targets-7;2",
            "1795280000.4",
            "4",
            application="Dial",
            data="PJSIP/deska,20",
            ring="500",
        ),
        phone(start=BEGAN + 3),
    )
    observed = Observed()
    observed.gap(*rows)
    assert rang_from(observed.end(), BEGAN + 3.5)


def test_talk_behind_a_local_that_stays() -> None:
    rows = (
        caller("6", data="Local/501@targets/n,20", bridgeid="b1", answer=BEGAN + 5),
        row(
            "Local/501@targets-7;1",
            "1795280000.3",
            application="AppDial",
            bridgeid="b1",
            dialled="501@targets/n",
        ),
        row(
            "Local/501@targets-7;2", "1795280000.4", application="Dial", data="PJSIP/deska,20", bridgeid="b2"
        ),
        phone("6", bridgeid="b2", answer=BEGAN + 4.9),
    )
    observed = Observed()
    observed.gap(*rows)
    record = observed.end()
    assert record.answered_by is not None
    assert (record.answered_by.channel, record.answered_at) == ("PJSIP/deska-2", when(BEGAN + 5))


def test_a_group_rings_and_who_is_called_like_another_is_not_mistaken() -> None:
    rows = (
        caller(data="PJSIP/deska2&PJSIP/deska,20,tT", ring="700"),
        phone(),
        phone(name="PJSIP/deska2-3", uniqueid="1795280000.3", dialled="deska2", start=BEGAN + 0.5),
        phone(name="PJSIP/other-4", uniqueid="1795280000.4", dialled="desk"),
    )
    observed = Observed()
    observed.gap(*rows)
    rang = {a.endpoint: a.ringing_at for a in observed.end().attempts}
    assert (rang["deska"], rang["deska2"], rang["other"]) == (when(BEGAN + 1.7), when(BEGAN + 1.2), None)


def test_those_who_wait_in_one_bridge_do_not_talk() -> None:
    second = row("PJSIP/trunk-9", "1795280000.9", application="Park", bridgeid="lot")
    observed = Observed()
    observed.gap(
        row("PJSIP/trunk-1", CALL, application="Park", bridgeid="lot"), {**second, "linkedid": "1795280000.9"}
    )
    assert observed.end().outcome is Outcome.FAILED


def test_a_call_the_pbx_placed() -> None:
    observed = Observed()
    observed.gap(row("PJSIP/trunk-1", CALL, "5", application="AppDial2", dialled="13800000000@trunk"))
    open_call = observed.tracker.open_calls[CALL]
    assert (open_call.from_pbx, [a.number for a in open_call.attempts]) == (True, ["13800000000"])


def test_a_call_the_pbx_placed_that_was_picked_up() -> None:
    observed = Observed()
    observed.gap(
        row("PJSIP/trunk-1", CALL, application="AppDial2", dialled="13800000000@trunk", answer=BEGAN + 4)
    )
    record = observed.end()
    assert (record.outcome, record.hung_up_by, record.answered_at) == (
        Outcome.ANSWERED,
        None,
        when(BEGAN + 4),
    )


def test_channels_that_are_nobody() -> None:
    observed = Observed()
    assert observed.gap({**row("CBRec/77-1;1", "7.1"), "linkedid": "7.1"}) == frozenset()


# -- a connection that was lost ---------------------------------------------------------------------------------------


def ringing() -> tuple[Observed, Chan, Chan]:
    observed, pbx = Observed(), Pbx()
    chan = pbx.arrives("PJSIP/trunk-1")
    leg = pbx.rung(chan, "PJSIP/deska-2")
    observed.hear(pbx.raw)
    return observed, chan, leg


def test_what_was_seen_before_the_gap_is_kept() -> None:
    observed, _, _ = ringing()
    observed.gap(caller("6", bridgeid="b1", answer=BEGAN + 9), phone("6", bridgeid="b1", answer=BEGAN + 9))
    record = observed.end()
    assert (record.measurement, record.outcome, record.hung_up_by) == (
        Measurement.RESUMED,
        Outcome.ANSWERED,
        "pbx",
    )
    assert rang_from(record, BEGAN + 0.3)
    assert record.answered_at == when(BEGAN + 9)


def test_a_call_that_ended_meanwhile_is_partial() -> None:
    observed, _, _ = ringing()
    assert observed.gap() == frozenset()
    assert (observed.record.measurement, observed.record.ended_at) == (Measurement.PARTIAL, None)
    assert not observed.translator.scene.calls


def test_a_phone_that_stopped_and_another_that_rings_now() -> None:
    observed, _, _ = ringing()
    observed.gap(
        caller(data="PJSIP/deskb,20", ring="100"),
        phone(name="PJSIP/deskb-3", uniqueid="1795280000.3", dialled="deskb", start=BEGAN + 8),
    )
    record = observed.end()
    assert [a.endpoint for a in record.attempts] == ["deska", "deskb"]
    assert record.attempts[1].ringing_at == when(BEGAN + 8.1)
    assert record.attempts[0].result is not AttemptResult.ANSWERED


def test_they_talk_no_longer() -> None:
    observed, chan, leg = ringing()
    pbx = Pbx()
    pbx.talks(chan, leg)
    observed.hear(pbx.raw)
    observed.gap(row("PJSIP/trunk-1", CALL, application="Playback"))
    scene = observed.translator.scene
    assert scene.topology.channels[CALL].bridge is None
    assert observed.end().outcome is Outcome.ANSWERED


def test_the_same_answer_twice_changes_nothing() -> None:
    observed, _, _ = ringing()
    rows = (caller("6", bridgeid="b1", answer=BEGAN + 9), phone("6", bridgeid="b1", answer=BEGAN + 9))
    observed.gap(*rows)
    before = len(observed.facts)
    observed.gap(*rows)
    assert len(observed.facts) == before
    assert observed.end().answered_at == when(BEGAN + 9)


# -- a process that was killed: the tracker knows, the scene does not -------------------------------------------------


def test_calls_of_an_earlier_process_go_on() -> None:
    observed, _, _ = ringing()
    observed.translator = Translator()
    observed.gap(
        caller(),
        phone("6", bridgeid="b1", answer=BEGAN + 5),
    )
    observed.translator.feed(Message("Hangup", {"Uniqueid": "unknown", "Channel": "", "Linkedid": ""}))
    record = observed.end()
    assert (record.measurement, len(record.attempts)) == (Measurement.RESUMED, 1)
    assert rang_from(record, BEGAN + 0.3)
    assert record.caller.number == "13700000001"


def test_the_next_phone_after_a_kill_is_a_failover() -> None:
    observed, chan, _ = ringing()
    observed.translator = Translator()
    scene = observed.translator.scene
    resume(
        scene,
        channel_states([caller(data="", ring="(null)")]),
        [KnownCall(CALL, frozenset({"PJSIP/deska-2"}), round=1)],
    )
    signals, scene.signals = scene.signals, []
    observed.tracker.feed_all(signals)
    pbx = Pbx()
    pbx.wait(20)
    pbx.rung(chan, "PJSIP/deskb-3", "deskb")
    observed.hear(pbx.raw.replace(b"1795280000.1\r\nDestLinkedid", b"1795280000.77\r\nDestLinkedid"))
    assert observed.end().failover.happened
