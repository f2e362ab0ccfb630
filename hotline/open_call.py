"""A call while it lasts: what has been heard of it so far. Mutable, and only `calls.py` writes to it.

`closing.py` makes the record of it when it ends; a wallboard may read it meanwhile. Times are the PBX's, aware UTC
or None.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from hotline.directory import Line
from hotline.records import AttemptResult, Caller, Measurement, Person, Side, TransferKind
from hotline.rings import RingRule


class Phase(StrEnum):
    """Where a call is. The transitions between these are the table in `calls.py`."""

    WAITING = "waiting"
    RINGING = "ringing"
    MESSAGE = "message"
    GIVEN_UP = "given_up"
    TALKING = "talking"
    TRANSFERRED = "transferred"


class OpenAttempt:
    """One phone that is being tried."""

    __slots__ = (
        "channel",
        "dialled_at",
        "endpoint",
        "for_caller",
        "number",
        "outside",
        "person",
        "picked_up",
        "rang",
        "result",
        "ringing_at",
        "role",
        "round",
        "stopped_at",
        "talked",
        "towards_answer",
    )

    def __init__(
        self, channel: str, endpoint: str, number: str | None, *, outside: bool = False, round_: int = 0
    ) -> None:
        self.channel = channel
        self.endpoint = endpoint
        self.number = number
        self.outside = outside
        # Phones that were tried together share a round.
        self.round = round_
        self.role: str | None = None
        self.person: str | None = None
        # Click-to-dial: rung on the caller's side, to find somebody who calls.
        self.for_caller = False
        # Dialled before anybody talked: what comes later is no failover.
        self.towards_answer = True
        self.dialled_at: datetime | None = None
        self.ringing_at: datetime | None = None
        self.stopped_at: datetime | None = None
        self.rang = False
        self.picked_up = False
        self.talked = False
        self.result: AttemptResult | None = None

    def goes_on(self) -> bool:
        """It was said to have stopped and is dialled anew on the same channel: it never stopped, for another caller."""
        if self.result is None or self.picked_up:
            return False
        self.result = self.stopped_at = None
        return True


class OpenTransfer:
    __slots__ = ("at", "by_channel", "kind", "to_channel")

    def __init__(
        self, kind: TransferKind, by_channel: str, to_channel: str | None, at: datetime | None
    ) -> None:
        self.kind = kind
        self.by_channel = by_channel
        self.to_channel = to_channel
        self.at = at


class OpenCall:
    """One call under way."""

    __slots__ = (
        "answered_at",
        "answered_by",
        "arrived_at",
        "attempts",
        "by_caller_only",
        "call_id",
        "caller",
        "dialled",
        "from_outside",
        "from_pbx",
        "gave_up_at",
        "hung_up_by",
        "last_at",
        "line",
        "measurement",
        "phase",
        "picked_up",
        "ringing_at",
        "rule",
        "target_passed",
        "timed",
        "transfers",
    )

    def __init__(self, call_id: str, rule: RingRule) -> None:
        self.call_id = call_id
        self.rule = rule
        self.phase = Phase.WAITING
        self.measurement = Measurement.LIVE
        self.caller = Caller()
        self.line: Line | None = None
        self.dialled: str | None = None
        self.from_outside = False
        self.from_pbx = False
        # An Originate of which only the called phone itself is known yet: that phone is caller and only attempt.
        self.by_caller_only = False
        self.arrived_at: datetime | None = None
        self.ringing_at: datetime | None = None
        self.answered_at: datetime | None = None
        self.answered_by: Person | None = None
        self.gave_up_at: datetime | None = None
        self.last_at: datetime | None = None
        self.hung_up_by: Side | None = None
        self.picked_up = False
        self.target_passed = False
        # Whether the stream has times at all: without them nothing may be counted.
        self.timed = False
        self.attempts: list[OpenAttempt] = []
        self.transfers: list[OpenTransfer] = []

    def attempt(self, channel: str) -> OpenAttempt | None:
        """The attempt at this phone; a channel is dialled once in its life."""
        for attempt in self.attempts:
            if attempt.channel == channel:
                return attempt
        return None

    @property
    def sought(self) -> list[OpenAttempt]:
        """The phones of those who were called; in click-to-dial those of the caller's side are left out."""
        return [attempt for attempt in self.attempts if not attempt.for_caller]

    @property
    def is_answered(self) -> bool:
        return self.answered_by is not None
