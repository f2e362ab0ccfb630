"""A signal's way: on disk before anybody acts on it, its record kept before the call is forgotten."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from structlog.testing import capture_logs

from app.pipeline import Observed, Pipeline
from hotline.calls import MAX_CALL_AGE, CallTracker
from hotline.directory import Directory, Line
from hotline.records import Anomaly, CallRecord, Fact, Measurement
from hotline.signals import CallArrived, CallDissolved, CallEnded, Phone, PhoneDialled, Signal

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


class Diary:
    """The log of open calls and a sink in one: writes down what happens in which order."""

    def __init__(self) -> None:
        self.entries: list[tuple[str, dict[str, Any]]] = []
        self.told: list[str] = []
        self.facts: list[Fact] = []

    def record(self, call_id: str, entry: dict[str, Any]) -> None:
        self.entries.append((call_id, entry))
        self.told.append(f"record {call_id}")

    def forget(self, call_id: str) -> None:
        self.entries = [entry for entry in self.entries if entry[0] != call_id]
        self.told.append(f"forget {call_id}")

    def take(self, fact: Fact) -> None:
        self.facts.append(fact)
        self.told.append(f"take {type(fact).__name__}")


def started(diary: Diary) -> Pipeline:
    tracker = CallTracker("pbx", Directory((Line("service", ("101",)),)))
    return Pipeline(tracker, diary, [diary])


def arrived(call_id: str, at: datetime = NOW, dialled: str = "101") -> Signal:
    return CallArrived(
        call_id, at, "PJSIP/trunk-1", "13712345678", None, dialled, "from-trunk", from_outside=True
    )


def test_a_call_is_on_disk_until_its_record_is_kept() -> None:
    diary = Diary()
    pipeline = started(diary)

    pipeline.heard([arrived("1"), PhoneDialled("1", NOW, Phone("PJSIP/deska-2", "deska"))])
    pipeline.heard([CallEnded("1", NOW)])

    assert diary.told == ["record 1", "record 1", "record 1", "take CallRecord", "forget 1"]
    assert diary.entries == []


def test_what_was_no_call_is_forgotten_without_a_record() -> None:
    diary = Diary()

    started(diary).heard([arrived("1"), CallDissolved("1")])

    assert diary.told == ["record 1", "record 1", "forget 1"]


def test_a_signal_of_no_open_call_leaves_nothing_behind() -> None:
    diary = Diary()

    started(diary).heard([CallEnded("gone", NOW)])

    assert [type(fact) for fact in diary.facts] == [Anomaly]
    assert diary.entries == []


def test_a_new_process_goes_on_with_the_open_calls() -> None:
    diary = Diary()
    started(diary).heard([arrived("1"), arrived("2"), CallEnded("2", NOW)])

    pipeline = started(diary)
    pipeline.restore(diary.entries)
    (known,) = pipeline.known_calls()
    pipeline.resync(frozenset({"1"}))
    pipeline.heard([CallEnded("1", NOW)])

    assert known.call_id == "1"
    measured = [(fact.call_id, fact.measurement) for fact in diary.facts if isinstance(fact, CallRecord)]
    assert measured == [("2", Measurement.LIVE), ("1", Measurement.RESUMED)]
    assert diary.entries == []


def test_killed_between_record_and_forgetting_the_record_is_the_same_again() -> None:
    diary = Diary()
    first = started(diary)
    first.heard([arrived("1")])
    entries = [*diary.entries]
    first.heard([CallEnded("1", NOW)])
    entries += [("1", {"signal": "CallEnded", "call_id": "1", "at": "2026-11-21T08:00:00.000000Z", "observed": True,
                       "gave_up": False, "hang_ups_are_told": False})]  # fmt: skip

    again = Diary()
    started(again).restore(entries)

    assert again.facts == diary.facts
    assert again.told == ["take CallRecord", "forget 1"]


def test_calls_that_ended_unseen_are_closed_and_forgotten() -> None:
    diary = Diary()
    pipeline = started(diary)
    pipeline.heard([arrived("1"), arrived("2")])

    pipeline.resync(frozenset({"2"}))

    assert diary.told[-2:] == ["take CallRecord", "forget 1"]
    assert [call_id for call_id, _ in diary.entries] == ["2"]


def test_calls_that_never_end_are_closed_and_forgotten() -> None:
    diary = Diary()
    pipeline = started(diary)
    pipeline.heard([arrived("1"), arrived("2", NOW + timedelta(hours=1))])

    pipeline.tick(NOW + MAX_CALL_AGE - timedelta(seconds=1))
    before = list(diary.facts)
    pipeline.tick(NOW + MAX_CALL_AGE)

    assert before == []
    assert {type(fact) for fact in diary.facts} == {Anomaly, CallRecord}
    assert [call_id for call_id, _ in diary.entries] == ["2"]


def test_until_when_was_observed_survives_a_kill_at_any_moment() -> None:
    diary = Diary()
    pipeline = started(diary)
    seen: list[list[tuple[str, dict[str, Any]]]] = []
    record, forget = diary.record, diary.forget

    def noting_record(call_id: str, entry: dict[str, Any]) -> None:
        record(call_id, entry)
        seen.append(list(diary.entries))

    def noting_forget(call_id: str) -> None:
        forget(call_id)
        seen.append(list(diary.entries))

    diary.record, diary.forget = noting_record, noting_forget  # type: ignore[method-assign]
    for second in range(5):
        pipeline.mark_observed(Observed(NOW + timedelta(seconds=second), "because"))

    found = [started(Diary()).restore(entries) for entries in seen]
    assert found == [
        Observed(NOW + timedelta(seconds=second), "because") for second in range(5) for _ in range(2)
    ]
    assert len(diary.entries) == 1


def test_a_mark_that_cannot_be_read_is_no_mark() -> None:
    entries: list[tuple[str, dict[str, Any]]] = [
        ("observed", {}), ("observed", {"until": "yesterday", "reason": "x"}), ("observed", {"until": None, "reason": "x"}),
        ("1", {"signal": "Unheard"}),
    ]  # fmt: skip

    assert started(Diary()).restore(entries) is None
    assert started(Diary()).restore([]) is None


class Broken:
    """A sink with a defect that one call brings to light."""

    def take(self, fact: Fact) -> None:
        if isinstance(fact, CallRecord) and fact.call_id == "1":
            raise RuntimeError("a defect in our own program")


def test_a_call_that_broke_a_process_does_not_break_every_later_one() -> None:
    diary = Diary()
    started(diary).heard([arrived("1"), arrived("2")])
    end = {"signal": "CallEnded", "call_id": "1", "at": None, "observed": True, "gave_up": False}
    diary.entries += [("1", end), ("1", end)]
    pipeline = Pipeline(CallTracker(), diary, [Broken()])

    with capture_logs() as lines:
        pipeline.restore(list(diary.entries))

    assert [call.call_id for call in pipeline.known_calls()] == ["2"]
    assert {call_id for call_id, _ in diary.entries} == {"2"}
    assert [(line["log_level"], line["call_id"]) for line in lines] == [("critical", "1")]


def test_open_calls_are_counted_by_line() -> None:
    pipeline = started(Diary())
    pipeline.heard([arrived("1"), arrived("2"), arrived("3", dialled="999")])

    assert pipeline.open_calls_by_line() == {"service": 2, None: 1}
