"""What the tests of the metrics share: a clock that moves when told to, a call, and the names of types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hotline.records import (
    Caller,
    CallRecord,
    Direction,
    Outcome,
    Side,
)

START = datetime(2024, 3, 1, 8, 0, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = START

    def __call__(self) -> datetime:
        return self.now

    def forward(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


ANSWERED_CALL = CallRecord(
    call_id="1709280000.1",
    pbx="campus",
    direction=Direction.INBOUND,
    line="repairs",
    caller=Caller(channel="PJSIP/trunk-00000001", number="13800000000", name="Wang"),
    arrived_at=START,
    ringing_at=START,
    answered_at=START + timedelta(seconds=7),
    ended_at=START + timedelta(seconds=67),
    outcome=Outcome.ANSWERED,
    ring_time=timedelta(seconds=7),
    rings=2,
    target_rings=3,
    within_target=True,
    answered_by=None,
    hung_up_by=Side.CALLER,
    talk_time=timedelta(seconds=60),
)

MakeCall = Callable[..., CallRecord]
Value = Callable[..., float | None]
