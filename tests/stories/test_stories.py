"""Every story on the shelf: the records are those expected, they agree with the phones, and they do not depend on luck."""

from __future__ import annotations

from typing import Any

import pytest

from tests.stories.book import Story, anomalies_in, facts_of, records_in, records_of, stories
from tests.stories.reductions import REDUCTIONS
from tests.stories.truth import Stream, disagreements

Json = dict[str, Any]

STORIES = stories()
BY_NAME = {story.name: story for story in STORIES}

# Where the phones know more than any stream says.
NOT_IN_THE_STREAM = {
    "forward_302_unknown_16": "chan_sip reports a 302 to an unknown number with the cause of any other failure"
}

# What a poorer stream leaves open, and why; everything else must come out the same.
LEFT_OPEN: dict[tuple[str, str], set[str]] = {
    # The caller left before a key came or without any phone ringing: only HangupRequest tells it.
    **{
        (reduction, story): {"outcome"}
        for reduction in ("hosted", "without HangupRequest")
        for story in (
            "accept_caller_leaves_22", "f12_robust_voicemail", "announce_only_22",
        )
    },
    # Not one event in the stream tells of ringing.
    ("hosted", "early_only_22"): {"outcome", "attempts"},
    ("without DialState", "early_only_22"): {"outcome", "attempts"},
}  # fmt: skip

TIMELESS = ("hosted", "without times")
# Without DialState a stream in which nobody hung up yet might be one of a PBX that never tells it.
SILENT_ABOUT_HANGUPS = ("hosted", "without HangupRequest", "without DialState")


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_the_records_are_those_expected(story: Story) -> None:
    facts = facts_of(story.raw)
    assert records_in(facts) == story.expected
    assert not anomalies_in(facts)


@pytest.mark.parametrize("story", [s for s in STORIES if s.truth is not None], ids=lambda story: story.name)
def test_the_records_agree_with_the_phones(story: Story) -> None:
    truth = story.truth
    assert truth is not None
    if story.name not in NOT_IN_THE_STREAM:
        assert disagreements(records_of(story.raw), truth) == []


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_poorer_stream_tells_the_same_story(story: Story, reduction: str) -> None:
    reduced = {record["call_id"]: record for record in records_of(REDUCTIONS[reduction](story.raw))}
    expected = {record["call_id"]: record for record in story.expected}
    assert reduced.keys() == expected.keys()
    skipped = LEFT_OPEN.get((reduction, story.name), set())
    for call_id, record in expected.items():
        assert _essence(reduced[call_id], reduction, skipped) == _essence(record, reduction, skipped)
        if reduction not in TIMELESS and not skipped and record["ring_seconds"] is not None:
            assert reduced[call_id]["ring_seconds"] == pytest.approx(record["ring_seconds"], abs=0.05)


def _essence(record: Json, reduction: str, skipped: set[str]) -> Json:
    """What must survive: who called whom, whom it reached, what became of every phone; the rings where times are told."""
    attempts = [(a["channel"], a["number"], a["result"]) for a in record["attempts"]]
    transfers = [(t["kind"], t["by_channel"], t["to_channel"]) for t in record["transfers"]]
    essence = {
        "attempts": sorted(attempts),
        "transfers": transfers,
        "answered_by": record["answered_by"],
        **{
            name: record[name] for name in ("direction", "line", "caller", "outcome", "picked_up", "failover")
        },
    }
    if reduction not in TIMELESS:
        essence |= {name: record[name] for name in ("rings", "within_target")}
    if reduction not in SILENT_ABOUT_HANGUPS:
        essence["hung_up_by"] = record["hung_up_by"]
    return {name: value for name, value in essence.items() if name not in skipped}


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_replaying_twice_gives_the_same(story: Story) -> None:
    assert facts_of(story.raw) == facts_of(story.raw)


def test_hosted_streams_never_say_who_hung_up() -> None:
    for story in STORIES:
        for record in records_of(REDUCTIONS["hosted"](story.raw)):
            assert record["hung_up_by"] is None
            assert (record["rings"], record["ring_seconds"]) == (None, None)


def test_a_story_is_a_sentence_bytes_and_records() -> None:
    for story in STORIES:
        files = {path.name for path in story.folder.iterdir()}
        assert {"story.md", "ami.log", "expected.yaml"} <= files
        assert files <= {"story.md", "ami.log", "expected.yaml", "phones.expect.json"}
        assert (story.folder / "story.md").read_text(encoding="utf-8").splitlines()[0].endswith(".")


def test_a_truth_that_differs_is_noticed() -> None:
    story = BY_NAME["failover_22"]
    truth = story.truth
    assert truth is not None
    records = records_of(story.raw)
    records[0]["outcome"], records[0]["hung_up_by"] = "busy", "pbx"
    records[0]["attempts"][0]["ring_seconds"] += 0.06
    found = disagreements(records, truth, Stream())
    assert (
        len(found) == 4
    )  # outcome, who hung up, the phone whose ring differs, and the attempt that fits no phone
