"""A call told signal by signal, in seconds since it began: short words for tests of the tracker."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hotline import signals as s
from hotline.calls import CallTracker
from hotline.directory import Directory
from hotline.records import Anomaly, AttemptResult, CallRecord, Fact, Side, TransferKind

BEGAN = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
CALL = "1795278834.1"
CALLER, DESK, MOBILE = "SIP/trunk-1", "SIP/deska-2", "SIP/trunk-3"


def at(seconds: float) -> datetime:
    return BEGAN + timedelta(seconds=seconds)


def phone(channel: str, number: str | None = None) -> s.Phone:
    """`SIP/trunk-3` is a phone of the endpoint `trunk`, which leads outside."""
    endpoint = channel.partition("/")[2].rpartition("-")[0]
    return s.Phone(channel, endpoint, number or endpoint, outside=endpoint.startswith("trunk"))


class Told:
    """Signals of one call, in the order told; `record` is what becomes of them."""

    def __init__(self, call_id: str = CALL, directory: Directory | None = None) -> None:
        self.tracker = CallTracker("pbx", directory)
        self.facts: list[Fact] = []
        self.call_id = call_id

    def feed(self, signal: s.Signal) -> Told:
        self.facts += self.tracker.feed(signal)
        return self

    def arrived(self, when: float = 0, channel: str | None = CALLER, *, dialled: str | None = "101",
                from_outside: bool = True, context: str | None = "from-trunk") -> Told:  # fmt: skip
        arrival = s.CallArrived(
            self.call_id, at(when), channel, "13700000001", None, dialled, context, from_outside
        )
        return self.feed(arrival)

    def placed(self, when: float = 0) -> Told:
        return self.feed(s.CallPlacedByPbx(self.call_id, at(when)))

    def identified(self, when: float, channel: str, number: str | None = "501") -> Told:
        return self.feed(s.CallerIdentified(self.call_id, at(when), channel, number, None))

    def dialled(self, when: float, channel: str = DESK, number: str | None = None, *, turn: int = 0) -> Told:
        return self.feed(s.PhoneDialled(self.call_id, at(when), phone(channel, number), turn))

    def rang(self, when: float, channel: str = DESK) -> Told:
        return self.feed(s.PhoneRang(self.call_id, at(when), channel))

    def picked_up(self, when: float, channel: str = DESK) -> Told:
        return self.feed(s.PhonePickedUp(self.call_id, at(when), channel))

    def stopped(self, when: float, result: AttemptResult, channel: str = DESK) -> Told:
        return self.feed(s.PhoneStopped(self.call_id, at(when), channel, result))

    def talk(self, when: float, channel: str = DESK, *, picked_up: bool = False) -> Told:
        return self.feed(s.TalkBegan(self.call_id, at(when), phone(channel), picked_up))

    def transferred(self, when: float, kind: TransferKind, by: str = DESK, to: str | None = None) -> Told:
        return self.feed(s.CallTransferred(self.call_id, at(when), kind, by, to))

    def hung_up(self, when: float, side: Side, *, talking: bool = False) -> Told:
        return self.feed(s.PartyHungUp(self.call_id, at(when), side, talking))

    def voicemail(self, when: float) -> Told:
        return self.feed(s.VoicemailBegan(self.call_id, at(when)))

    def ended(self, when: float, *, gave_up: bool = False, told: bool = True) -> CallRecord:
        self.feed(s.CallEnded(self.call_id, at(when), gave_up=gave_up, hang_ups_are_told=told))
        return self.record

    @property
    def record(self) -> CallRecord:
        (record,) = records(self.facts)
        return record

    @property
    def anomalies(self) -> list[Anomaly]:
        return [fact for fact in self.facts if isinstance(fact, Anomaly)]


def records(facts: Iterable[Fact]) -> list[CallRecord]:
    return [fact for fact in facts if isinstance(fact, CallRecord)]
