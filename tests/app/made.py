"""Records and open calls for tables: a call in one line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hotline.calls import CallTracker
from hotline.directory import Directory, Line, PhoneEntry
from hotline.records import Caller, CallRecord, Direction, Outcome, Person
from hotline.signals import Signal

NOW = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)
DESK = Person("PJSIP/deska-2", "deska", "deska", "office", "Li Na")
DIRECTORY = Directory(
    (Line("Night duty", ("101",)),),
    (PhoneEntry(endpoint="deska", person="Li Na"), PhoneEntry(number="13800000000", person="Tang (duty)")),
)


def record(outcome: Outcome = Outcome.ANSWERED, **facts: Any) -> CallRecord:
    """A call that was answered in the second ring, but for `facts`."""
    answered = outcome is Outcome.ANSWERED
    values: dict[str, Any] = {
        "call_id": "1.1",
        "pbx": "pbx",
        "direction": Direction.INBOUND,
        "line": "Night duty",
        "caller": Caller("PJSIP/trunk-1", "13712345678", None),
        "arrived_at": NOW,
        "ringing_at": NOW,
        "answered_at": NOW + timedelta(seconds=6.5) if answered else None,
        "ended_at": NOW + timedelta(seconds=20),
        "outcome": outcome,
        "ring_time": timedelta(seconds=6.5),
        "rings": 2,
        "target_rings": 3,
        "within_target": True if answered else None,
        "answered_by": DESK if answered else None,
        "hung_up_by": None,
        "talk_time": timedelta(seconds=13.5) if answered else None,
    }
    return CallRecord(**(values | facts))


def tracker_after(*signals: Signal) -> CallTracker:
    tracker = CallTracker("pbx", DIRECTORY)
    tracker.feed_all(signals)
    return tracker
