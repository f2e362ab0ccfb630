"""Every story of the lab on one PBX, several at a time, while two real listeners watch: what they record is what the phones
saw. Ring times within 50 ms, ring counts exact; 14.9 s are three rings, 15.1 s are four.

One listener logs in as the documents recommend and sets its own filters; the other is the lab's `tracker`, whose filters
are in manager.conf and who may do little.
"""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from ami_listener.listener import Listener
from hotline.record_json import call_to_json
from lab.behaviour import picks_up
from lab.facts import Truth
from lab.pbx import Pbx
from lab.scenario import ANSWERED, Scenario, call
from lab.scenarios import SCENARIOS, run
from lab.stage import Lab
from tests.ami_listener.listening import Ear, listening
from tests.stories.truth import Stream, disagreements

pytestmark = pytest.mark.live

SITES = 9
SECRET = "watch-and-tell"
RECOMMENDED = f"""
[threerings]
secret = {SECRET}
read = call,agent,user,system,dialplan
write = call,system
"""


def _boundary(after: float) -> Scenario:
    return Scenario(
        f"answered_after_{after}",
        f"The desk answers after {after} s of ringing.",
        outcome=ANSWERED,
        answered_by="deska",
        hung_up_by="caller",
        caller=call("101", hangs_up_after=0.5),
        answers={"deska": picks_up(after)},
    )


BOUNDARY = {"in": _boundary(14.9), "out": _boundary(15.1)}
STORIES = [
    *BOUNDARY.values(),
    *sorted(SCENARIOS.values(), key=lambda story: story.name == "hosted_no_answer"),
]
# The lab's `tracker` may not read the dialplan, where voicemail shows.
UNSEEN_BY_TRACKER = {"voicemail"}


@dataclass(frozen=True)
class Watched:
    """What became of every story: the phones' truth, or why it went wrong, and what the listeners heard."""

    truths: dict[str, Truth | BaseException]
    recommended: Ear
    tracker: Ear

    def truth(self, name: str) -> Truth:
        truth = self.truths[name]
        if isinstance(truth, BaseException):
            raise truth
        return truth

    def records(self, ear: Ear, truth: Truth) -> list[dict[str, Any]]:
        return [call_to_json(record) for record in ear.records if record.call_id in truth.call_ids]


@pytest.fixture(scope="module")
def watched() -> Watched:
    return asyncio.run(_watch())


async def _watch() -> Watched:
    recommended, tracker = Ear(), Ear()
    async with (
        Pbx(sites=SITES, manager_users=RECOMMENDED) as pbx,
        Lab(pbx) as lab,
        watching(pbx, recommended, "threerings", SECRET),
        watching(pbx, tracker, "tracker", pbx.secret),
    ):
        for ear in (recommended, tracker):
            await ear.until(partial(_is_connected, ear))
        told = await asyncio.gather(*(run(lab, story) for story in STORIES), return_exceptions=True)
        for ear in (recommended, tracker):
            await ear.until(partial(_is_idle, ear))
    return Watched(dict(zip((story.name for story in STORIES), told, strict=True)), recommended, tracker)


def watching(pbx: Pbx, ear: Ear, user: str, secret: str) -> AbstractAsyncContextManager[Listener]:
    return listening(
        pbx.ami_port, ear, username=user, secret=secret, heartbeat_seconds=5.0, action_seconds=5.0
    )


def _is_connected(ear: Ear) -> bool:
    return ear.times_connected == 1


def _is_idle(ear: Ear) -> bool:
    return not ear.tracker.open_calls


@pytest.mark.parametrize("name", [story.name for story in STORIES])
def test_the_record_is_what_the_phones_saw(watched: Watched, name: str) -> None:
    truth = watched.truth(name)
    stream = Stream(site=truth.site)
    assert disagreements(watched.records(watched.recommended, truth), truth.as_dict(), stream) == []
    if name not in UNSEEN_BY_TRACKER:
        assert disagreements(watched.records(watched.tracker, truth), truth.as_dict(), stream) == []


@pytest.mark.parametrize(("side", "rings", "within"), [("in", 3, True), ("out", 4, False)])
def test_three_rings_in_four_rings_out(watched: Watched, side: str, rings: int, within: bool) -> None:
    truth = watched.truth(BOUNDARY[side].name)
    for ear in (watched.recommended, watched.tracker):
        (record,) = watched.records(ear, truth)
        assert (record["rings"], record["within_target"]) == (rings, within)
        assert record["attempts"][0]["rings"] == rings


def test_nothing_else_was_recorded_and_nothing_was_odd(watched: Watched) -> None:
    told = {call_id for name in watched.truths for call_id in watched.truth(name).call_ids}
    for ear in (watched.recommended, watched.tracker):
        ids = [record.call_id for record in ear.records]
        assert len(set(ids)) == len(ids)
        assert set(ids) <= told
        assert {record.measurement.value for record in ear.records} == {"live"}
        assert ear.anomalies == []
        assert ear.problems == []
        assert ear.times_connected == 1


def test_the_listener_that_may_filter_is_sent_little_else(watched: Watched) -> None:
    handled = len(watched.recommended.handled_times)
    assert handled > 1000
    assert watched.recommended.dropped_events < handled / 100
