"""The facts that are kept: what a call was, whom it reached, how long it rang.

Frozen values without behaviour. `calls.py` makes them from signals, `record_json.py` gives them the form of the
public contract, `storage` keeps them, `metrics` counts them. All times are aware UTC; None means "not known".
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum


class Direction(StrEnum):
    INBOUND = "inbound"
    OUTBOUND = "outbound"
    INTERNAL = "internal"


class Outcome(StrEnum):
    """What became of a call. Only `ANSWERED` means that a person talked with the caller."""

    ANSWERED = "answered"
    ABANDONED = "abandoned"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    VOICEMAIL = "voicemail"
    FAILED = "failed"


class AttemptResult(StrEnum):
    """What became of one phone that was tried (R-LINE-4: rang out, declined and unreachable are kept apart)."""

    ANSWERED = "answered"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    UNREACHABLE = "unreachable"
    CANCELLED = "cancelled"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    NOT_ACCEPTED = "not_accepted"
    FORWARDED = "forwarded"
    FAILED = "failed"


class Side(StrEnum):
    """Who ended a call (R-RING-4)."""

    CALLER = "caller"
    CALLEE = "callee"
    PBX = "pbx"


class TransferKind(StrEnum):
    BLIND = "blind"
    ATTENDED = "attended"
    BLONDE = "blonde"


class FailoverReason(StrEnum):
    AFTER_HOURS = "after_hours"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    UNREACHABLE = "unreachable"
    FORCED = "forced"


class Measurement(StrEnum):
    """How complete the observation of a call was (R-REPORT-3)."""

    LIVE = "live"
    RESUMED = "resumed"
    BACKFILLED = "backfilled"
    PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Caller:
    channel: str | None = None
    number: str | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """A phone and, where the configuration knows it, who sits behind it."""

    channel: str
    endpoint: str
    number: str | None = None
    role: str | None = None
    person: str | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One phone that was tried. Its ringing ends when it is picked up, accepted or not, or when it stops.

    `rings` is 0 for a phone that never rang and None where the stream has no times.
    """

    channel: str
    endpoint: str
    number: str | None
    role: str | None
    person: str | None
    dialled_at: datetime | None
    ringing_at: datetime | None
    ended_at: datetime | None
    ring_time: timedelta | None
    rings: int | None
    result: AttemptResult


@dataclass(frozen=True, slots=True)
class Transfer:
    kind: TransferKind
    by_channel: str
    to_channel: str | None
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Failover:
    happened: bool = False
    reason: FailoverReason | None = None
    to_role: str | None = None


@dataclass(frozen=True, slots=True)
class CallRecord:
    """One call from its first channel to its end; the meaning of every field is Contract 1 in docs/contracts.md.

    `ring_time` is what the caller heard: from the first phone that rings until a person talks or the call ends.
    `within_target` is None while an unanswered call rang for less than the target, or where it was not measured.
    """

    call_id: str
    pbx: str
    direction: Direction
    line: str | None
    caller: Caller
    arrived_at: datetime | None
    ringing_at: datetime | None
    answered_at: datetime | None
    ended_at: datetime | None
    outcome: Outcome
    ring_time: timedelta | None
    rings: int | None
    target_rings: int
    within_target: bool | None
    answered_by: Person | None
    hung_up_by: Side | None
    talk_time: timedelta | None
    attempts: tuple[Attempt, ...] = ()
    transfers: tuple[Transfer, ...] = ()
    picked_up: bool = False
    failover: Failover = field(default_factory=Failover)
    tickets: tuple[str, ...] = ()
    measurement: Measurement = Measurement.LIVE


class AnomalyKind(StrEnum):
    """What can be odd about what a PBX says: a small closed set, because it is a metric label."""

    BAD_TIMESTAMP = "bad_timestamp"  # an event's time is no time
    CALL_NEVER_ENDED = "call_never_ended"  # no end was told for a day
    DUPLICATE_CALL = "duplicate_call"  # a call arrived twice
    DUPLICATE_DIAL = "duplicate_dial"  # a phone was dialled twice
    DUPLICATE_EVENT = "duplicate_event"  # a channel was announced twice
    LATE_EVENT = "late_event"  # an event of a channel that is gone
    MALFORMED_EVENT = "malformed_event"  # an event lacks what it must have
    MALFORMED_MESSAGE = "malformed_message"  # bytes that are no message
    OVERSIZED_MESSAGE = "oversized_message"  # a message or line over the limit
    TALK_AFTER_GIVING_UP = "talk_after_giving_up"  # connected after the caller hung up
    UNEXPECTED_STEP = "unexpected_step"  # a step that the transition table does not know
    UNEXPECTED_TRANSFER = "unexpected_transfer"  # a transfer outside a known call
    UNKNOWN_CALL = "unknown_call"  # a signal of no open call
    UNKNOWN_PHONE = "unknown_phone"  # a signal of a phone that was not dialled


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something the PBX said that does not fit; counted by `kind`, never raised.

    `kind` is an `AnomalyKind`, or a word that a later version of this program stored; `detail` is for a person and
    holds no caller number.
    """

    kind: str
    at: datetime | None
    detail: str
    call_id: str | None = None


@dataclass(frozen=True, slots=True)
class BlindInterval:
    """A time in which the PBX was not observed (R-REPORT-3); `until` is None while it lasts."""

    pbx: str
    since: datetime
    until: datetime | None
    reason: str


Fact = CallRecord | Anomaly | BlindInterval
