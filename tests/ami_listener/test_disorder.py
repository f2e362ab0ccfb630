"""Streams as no PBX should send them: events lost, repeated, out of order, cut at either end.

Nothing raises, every call ends once, and no record contradicts itself.
"""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.replay import Replay
from hotline.records import CallRecord, Fact, Measurement
from tests.hotline.invariants import broken
from tests.stories.book import Story, facts_of, stories
from tests.stories.reductions import split

STORIES = [story for story in stories() if len(story.raw) < 60_000]
MESSAGES = {story.name: split(story.raw) for story in STORIES}
a_story = st.sampled_from(STORIES)
seeds = st.integers(0, 2**32).map(random.Random)


def replayed(messages: list[bytes]) -> list[Fact]:
    """All facts, and proof that nothing is left open."""
    stream = Replay()
    facts = stream.feed(b"".join(messages)) + stream.finish()
    assert not stream.tracker.open_calls
    return facts


@settings(max_examples=200, deadline=None)
@given(a_story, seeds)
def test_any_order_of_the_events(story: Story, chance: random.Random) -> None:
    messages = list(MESSAGES[story.name])
    chance.shuffle(messages)
    assert broken(replayed(messages)) == []


@settings(max_examples=200, deadline=None)
@given(a_story, seeds, st.floats(0.02, 0.9))
def test_lost_events(story: Story, chance: random.Random, lost: float) -> None:
    messages = [message for message in MESSAGES[story.name] if chance.random() > lost]
    assert broken(replayed(messages)) == []


@settings(max_examples=200, deadline=None)
@given(a_story, seeds)
def test_repeated_and_displaced_events(story: Story, chance: random.Random) -> None:
    """Some come twice, some a little late: what a busy network of relays might make of it."""
    messages = list(MESSAGES[story.name])
    for _ in range(len(messages) // 4):
        at = chance.randrange(len(messages))
        message = messages[at] if chance.random() < 0.5 else messages.pop(at)
        messages.insert(min(at + chance.randrange(1, 12), len(messages)), message)
    assert broken(replayed(messages)) == []


@settings(max_examples=200, deadline=None)
@given(a_story, seeds, st.floats(0.01, 0.4))
def test_headers_that_are_lost_emptied_or_exchanged(
    story: Story, chance: random.Random, share: float
) -> None:
    """Ids exchanged at random make Local halves dial themselves, bridges hold strangers, and transfers go in circles."""
    lines = [line for message in MESSAGES[story.name] for line in message.split(b"\r\n")]
    values = [line.partition(b": ")[2] for line in lines if b"niqueid: " in line or b"inkedid: " in line]

    def spoilt(line: bytes) -> bytes:
        key, colon, _ = line.partition(b": ")
        if not colon or key == b"Event" or chance.random() > share:
            return line
        return chance.choice(
            (b"X-Lost: ", key + b": ", key + b": " + chance.choice(values), line + b"\r\n" + line)
        )

    messages = [b"\r\n".join(map(spoilt, message.split(b"\r\n"))) for message in MESSAGES[story.name]]
    assert [text for text in broken(replayed(messages)) if "Local" not in text] == []


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_every_event_twice_in_a_row_changes_nothing(story: Story) -> None:
    doubled = [message for message in MESSAGES[story.name] for _ in range(2)]
    expected = [fact for fact in facts_of(story.raw) if isinstance(fact, CallRecord)]
    assert [fact for fact in replayed(doubled) if isinstance(fact, CallRecord)] == expected


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_stream_that_begins_in_mid_call(story: Story) -> None:
    """Whatever is missing at the beginning: no call comes twice, and a call not seen from its start is partial."""
    messages = MESSAGES[story.name]
    whole = {fact.call_id for fact in facts_of(story.raw) if isinstance(fact, CallRecord)}
    for start in range(0, len(messages), max(1, len(messages) // 25)):
        facts = replayed(messages[start:])
        assert broken(facts) == []
        begun = b"".join(messages[start:])
        for record in (fact for fact in facts if isinstance(fact, CallRecord)):
            if record.call_id in whole and f"\r\nUniqueid: {record.call_id}\r\n".encode() in b"".join(
                message for message in messages[:start] if message.startswith(b"Event: Newchannel")
            ):
                assert record.measurement is Measurement.PARTIAL, (start, begun[:200])


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_stream_that_breaks_off(story: Story) -> None:
    """Calls that are still open at the end are partial; those that ended before are what they were."""
    expected = {fact.call_id: fact for fact in facts_of(story.raw) if isinstance(fact, CallRecord)}
    for end in range(1, len(story.raw), max(1, len(story.raw) // 25)):
        facts = replayed([story.raw[:end]])
        assert broken(facts) == []
        for record in (fact for fact in facts if isinstance(fact, CallRecord)):
            if record.measurement is not Measurement.PARTIAL:
                assert record == expected[record.call_id]
