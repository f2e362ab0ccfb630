"""Stories on a real PBX: side by side, each comes out as meant, and the phones' logs say so to the tenth of a second."""

import asyncio
import itertools
from pathlib import Path

import pytest

from lab.capture import Recipe, capture
from lab.facts import Truth
from lab.pbx import Pbx
from lab.scenarios import SCENARIOS, run
from lab.sipp import Load, run_load
from lab.stage import Lab

pytestmark = pytest.mark.live
CHOSEN = (
    "plain_one_ring", "slow_180", "failover", "decline", "queue_second", "pickup_group", "forward_302",
    "early_only_answered", "accept", "accept_by_info", "attended_by_callee", "local_silent", "limit", "spot_yes",
    "click_to_dial", "two_callers", "hostile_name", "voicemail",
)  # fmt: skip


async def test_stories_side_by_side_come_out_as_meant() -> None:
    async with Pbx() as pbx, Lab(pbx) as lab:
        truths = await asyncio.gather(*(run(lab, SCENARIOS[name]) for name in CHOSEN))
        told = dict(zip(CHOSEN, truths, strict=True))
        channels = await pbx.cli("core show channels count")

    assert "0 active calls" in channels
    assert not [line for line in pbx.messages.splitlines() if "ERROR" in line]
    _rings_as_long_as_meant(told)
    _calls_are_told_apart(told)


def _rings_as_long_as_meant(told: dict[str, Truth]) -> None:
    for name, phone, seconds in (
        ("plain_one_ring", 0, 1.0),
        ("failover", 0, 4.0),
        ("failover", 1, 2.0),
        ("decline", 0, 1.2),
        ("queue_second", 0, 3.0),
        ("attended_by_callee", 1, 1.0),
        ("spot_yes", 0, 1.5),
    ):
        facts = told[name].phones[phone]
        ended = facts["picked_up_at"] or facts["ended_at"]
        assert ended - facts["ringing_at"] == pytest.approx(seconds, abs=0.15), (name, facts)
    late = told["slow_180"].phones[0]
    assert late["ringing_at"] - late["invited_at"] == pytest.approx(1.5, abs=0.15)
    assert told["early_only_answered"].phones[0]["ringing_at"] is None
    assert told["early_only_answered"].phones[0]["progress_at"] is not None


def _calls_are_told_apart(told: dict[str, Truth]) -> None:
    numbers = [truth.caller["number"] for truth in told.values() if truth.caller["number"]]
    assert len(set(numbers)) == len(numbers)
    ids = list(itertools.chain.from_iterable(truth.call_ids for truth in told.values()))
    assert len(set(ids)) == len(ids)
    assert len(told["attended_by_callee"].call_ids) == 2
    assert [talk["phone"] for talk in told["attended_by_callee"].talked_to] == ["deska", "deskb"]
    assert told["pickup_group"].picked_up
    assert [(key["phone"], key["digit"]) for key in told["accept_by_info"].digits] == [("trunkinfo", "1")]


async def test_a_story_is_recorded_with_its_truth(tmp_path: Path) -> None:
    recipe = Recipe(tmp_path, {}, user="tracker", jobs=1)

    (truth,) = [truth async for truth in capture(recipe, [SCENARIOS["busy"]])]

    stream = (tmp_path / "busy.ami").read_bytes()
    assert stream.startswith(b"Asterisk Call Manager/")
    assert stream.count(b"Event: DialBegin\r\n") == 2
    assert b"Event: RTCP" not in stream
    assert f"Linkedid: {truth.call_ids[0]}\r\n".encode() in stream
    assert '"outcome": "answered"' in (tmp_path / "busy.expect.json").read_text()


async def test_a_load_of_calls_is_counted_and_seen_call_by_call() -> None:
    async with Pbx(sites=1) as pbx, Lab(pbx) as lab:
        result = await run_load(lab, Load(calls=20, rate=20))

    assert (result.successful, result.failed) == (20, 0)
    assert len(result.calls) == 20
    for call in result.calls:
        assert call.ringing_at and call.connected_at and call.ended_at
        assert call.connected_at - call.ringing_at == pytest.approx(0.3, abs=0.15)


def test_every_story_has_a_name_a_sentence_and_a_meaning() -> None:
    assert len(SCENARIOS) >= 30
    for name, scenario in SCENARIOS.items():
        assert name == scenario.name
        assert scenario.story.endswith(".")
        assert scenario.caller or scenario.play
