"""Captures of many calls: the calls as recorded, each with identities and times of its own, as one PBX would send them."""

from __future__ import annotations

import io
import re
from itertools import pairwise
from typing import Any

import pytest

from app.replay import replay
from bench.errors import BenchError
from bench.interleaved import interleaved
from bench.stories import END, RECORDINGS, Numbering, Story, load_stories
from hotline.record_json import call_to_json
from hotline.records import Anomaly, CallRecord

STORIES = load_stories()
MEGABYTE = 1_000_000
IDENTITY = re.compile(rb"\r\n\w*(?:Uniqueid|Linkedid): ([^\r]+)")
STAMP = re.compile(rb"\r\nTimestamp: ([\d.]+)")


def records_of(raw: bytes) -> list[CallRecord]:
    facts = list(replay([io.BytesIO(raw)]))
    assert not [fact for fact in facts if isinstance(fact, Anomaly)]
    return [fact for fact in facts if isinstance(fact, CallRecord)]


def what_happened(record: CallRecord) -> str:
    """A record without what a copy has of its own: identities and the time of day."""
    told = call_to_json(record)
    return str({key: without_identities(value) for key, value in told.items() if key not in IDENTITIES})


IDENTITIES = {"call_id", "channel", "by_channel", "to_channel"} | {
    f"{what}_at" for what in ("arrived", "ringing", "answered", "ended", "dialled")
}


def without_identities(value: Any) -> Any:
    if isinstance(value, list):
        return [without_identities(item) for item in value]
    if isinstance(value, dict):
        return {
            key: without_identities(item) for key, item in value.items() if key not in {*IDENTITIES, "at"}
        }
    return value


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_copies_tell_what_was_recorded(story: Story) -> None:
    recorded = records_of((RECORDINGS / f"{story.name}.ami").read_bytes())
    copied = records_of(b"".join(interleaved([story], MEGABYTE // 2)))
    assert len(copied) % len(recorded) == 0
    assert set(map(what_happened, copied)) == set(map(what_happened, recorded))


def test_calls_of_all_stories_overlap_and_each_is_one_of_its_own() -> None:
    raw = b"".join(interleaved(STORIES, 2 * MEGABYTE))
    records = records_of(raw)
    assert len({record.call_id for record in records}) == len(records)
    assert len({record.caller.channel for record in records}) == len(records)
    assert {record.measurement.value for record in records} == {"live"}
    ends = [record.ended_at for record in records if record.ended_at is not None]
    begun_before_the_first_ended = [r for r in records if r.arrived_at and r.arrived_at < ends[0]]
    assert len(begun_before_the_first_ended) > 10


def test_nothing_of_the_recording_is_left_in_a_copy() -> None:
    for story in STORIES:
        recorded = set(IDENTITY.findall((RECORDINGS / f"{story.name}.ami").read_bytes()))
        copied = b"".join(message + END for _, message in story.copy(0, Numbering(1)))
        assert not recorded & set(IDENTITY.findall(copied))


def test_messages_come_in_the_order_of_their_times() -> None:
    """Within a few milliseconds: the PBX itself sends some a little late."""
    times = [float(stamp) for stamp in STAMP.findall(b"".join(interleaved(STORIES, MEGABYTE)))]
    late = [earlier - later for earlier, later in pairwise(times) if later < earlier]
    assert max(late, default=0) < 0.05


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others() -> None:
    once, again, other = (b"".join(interleaved(STORIES, 200_000, seed=seed)) for seed in (7, 7, 8))
    assert once == again != other


def test_a_recording_without_times_is_refused_in_one_line() -> None:
    with pytest.raises(BenchError, match="nothing: no event with a Timestamp"):
        Story("nothing", b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\n\r\n")
