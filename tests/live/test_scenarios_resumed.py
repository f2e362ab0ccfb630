"""A listener that is cut off in the middle of calls and connects again.

What still goes on is resumed with its true ring times, what ended meanwhile is partial, and the time in between is told as
not observed.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hotline.records import Attempt, CallRecord, Measurement, Outcome
from lab.behaviour import Answering, picks_up, rings
from lab.facts import Truth
from lab.pbx import Pbx
from lab.scenario import ABANDONED, ANSWERED, Scenario, call
from lab.scenarios import run
from lab.stage import Lab
from tests.ami_listener.listening import Ear, listening
from tests.live.wire import Wire

pytestmark = pytest.mark.live
MOBILE = "trunk:13800000000"
CUT_AT, MENDED_AT = 2.0, 4.0  # seconds after all calls began
NEAR = timedelta(milliseconds=50)


def _story(
    name: str, number: str, answers: dict[str, Answering], *, talks: float = 0, gives_up: float = 0
) -> Scenario:
    plan = call(number, hangs_up_after=talks or None, gives_up_after=gives_up or None)
    by = "trunk" if MOBILE in answers and answers[MOBILE].ends_after else "deska"
    return Scenario(
        name,
        f"{name}.",
        ABANDONED if gives_up else ANSWERED,
        None if gives_up else by,
        "caller",
        plan,
        answers=answers,
    )


# What each call does while nobody looks (from 2 s to 4 s after it began).
STORIES = {
    "rings before and after": _story("rings before and after", "101", {"deska": picks_up(5.5)}, talks=1.0),
    "begins to ring": _story("begins to ring", "101", {"deska": Answering(3.0, rings_after=2.5)}, talks=1.0),
    "is answered": _story("is answered", "101", {"deska": picks_up(3.0)}, talks=3.0),
    "talks all the time": _story("talks all the time", "101", {"deska": picks_up(1.0)}, talks=5.5),
    "fails over": _story("fails over", "103", {"deska": rings(), MOBILE: picks_up(2.0)}, talks=1.0),
    "rings behind a Local": _story("rings behind a Local", "142", {"deska": picks_up(5.0)}, talks=1.0),
    "accepts": _story("accepts", "151", {MOBILE: picks_up(2.5, keys="1")}, talks=3.0),
    "gives up later": _story("gives up later", "101", {"deska": rings()}, gives_up=6.0),
    "ends": _story("ends", "101", {"deska": picks_up(1.0)}, talks=2.0),
    "is given up": _story("is given up", "101", {"deska": rings()}, gives_up=3.0),
}
ENDED_MEANWHILE = ("ends", "is given up")


class Night:
    """What was played, and what was recorded of it."""

    def __init__(self) -> None:
        self.truths: dict[str, Truth] = {}
        self.ear = Ear()

    def record(self, name: str) -> CallRecord:
        call_id = self.truths[name].call_ids[0]
        (record,) = [record for record in self.ear.records if record.call_id == call_id]
        return record


@pytest.fixture(scope="module")
def night() -> Night:
    return asyncio.run(_cut_off_and_back())


async def _cut_off_and_back() -> Night:
    night = Night()
    ear = night.ear
    async with (
        Pbx(sites=len(STORIES)) as pbx,
        Lab(pbx) as lab,
        Wire(pbx.ami_port) as wire,
        listening(
            wire.port, ear, username="all", secret=pbx.secret, heartbeat_seconds=1.0, action_seconds=5.0
        ),
    ):
        await ear.until(lambda: ear.times_connected == 1)
        playing = asyncio.gather(*(run(lab, story) for story in STORIES.values()))
        await ear.until(lambda: len(ear.tracker.open_calls) == len(STORIES))
        await asyncio.sleep(CUT_AT)
        await wire.cut()
        await asyncio.sleep(MENDED_AT - CUT_AT)
        await wire.mend()
        await ear.until(lambda: ear.times_connected == 2)
        night.truths = dict(zip(STORIES, await playing, strict=True))
        await ear.until(lambda: not ear.tracker.open_calls)
    return night


def phone_of(truth: Truth, number: int) -> tuple[float, float]:
    """Since when and for how long a phone rang."""
    facts = truth.phones[number]
    ended = facts["picked_up_at"] or facts["ended_at"]
    return facts["ringing_at"], ended - facts["ringing_at"]


def rang_as_the_phone_says(attempt: Attempt, truth: Truth, number: int) -> None:
    since, seconds = phone_of(truth, number)
    assert attempt.ringing_at is not None
    assert attempt.ring_time is not None
    assert abs(attempt.ringing_at.timestamp() - since) < NEAR.total_seconds()
    assert abs(attempt.ring_time - timedelta(seconds=seconds)) < NEAR


@pytest.mark.parametrize("name", [name for name in STORIES if name not in ENDED_MEANWHILE])
def test_a_call_that_goes_on_is_resumed(night: Night, name: str) -> None:
    record, truth = night.record(name), night.truths[name]
    assert record.measurement is Measurement.RESUMED
    assert record.outcome == truth.outcome
    assert (
        record.answered_by.endpoint.rstrip("0123456789") if record.answered_by else None
    ) == truth.answered_by
    assert record.hung_up_by == "caller"
    assert record.caller.number == truth.caller["number"]
    assert len(record.attempts) == len(truth.phones)
    rang_as_the_phone_says(record.attempts[-1], truth, -1)
    if truth.answered_by:
        assert record.answered_at is not None
        assert abs(record.answered_at.timestamp() - truth.caller["connected_at"]) < NEAR.total_seconds()


@pytest.mark.parametrize("name", ENDED_MEANWHILE)
def test_a_call_that_ended_meanwhile_is_partial(night: Night, name: str) -> None:
    record = night.record(name)
    assert (record.measurement, record.ended_at, record.hung_up_by) == (Measurement.PARTIAL, None, None)
    assert (record.outcome is Outcome.ANSWERED) == (name == "ends")


def test_the_time_in_between_is_told_as_not_observed(night: Night) -> None:
    (since, still, _), (same, until, _) = night.ear.blind_times[:2]
    assert (still, same) == (None, since)
    assert until is not None
    assert (
        timedelta(seconds=MENDED_AT - CUT_AT - 0.5)
        < until - since
        < timedelta(seconds=MENDED_AT - CUT_AT + 1.5)
    )


def test_no_call_is_told_twice(night: Night) -> None:
    ids = [record.call_id for record in night.ear.records]
    assert len(ids) == len(set(ids)) == len(STORIES)
