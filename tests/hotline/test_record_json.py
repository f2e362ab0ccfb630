"""The public form of a record: the fields of the contract in their order, and nothing lost on the way back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given

from hotline.record_json import call_from_json, call_to_json, time_from, time_text
from hotline.records import CallRecord
from tests.hotline.facts_drawn import call_records
from tests.stories.book import stories

FIELDS = (
    "call_id pbx direction line caller arrived_at ringing_at answered_at ended_at outcome ring_seconds rings target_rings "
    "within_target answered_by hung_up_by talk_seconds attempts transfers picked_up failover tickets measurement"
).split()
ATTEMPT_FIELDS = (
    "channel endpoint number role person dialled_at ringing_at ended_at ring_seconds rings result".split()
)


@given(call_records)
def test_there_and_back(record: CallRecord) -> None:
    assert call_from_json(json.loads(json.dumps(call_to_json(record)))) == record


@given(call_records)
def test_the_fields_of_the_contract_in_their_order(record: CallRecord) -> None:
    data = call_to_json(record)
    assert list(data) == FIELDS
    assert list(data["caller"]) == ["channel", "number", "name"]
    assert list(data["failover"]) == ["happened", "reason", "to_role"]
    for attempt in data["attempts"]:
        assert list(attempt) == ATTEMPT_FIELDS
    for transfer in data["transfers"]:
        assert list(transfer) == ["kind", "by_channel", "to_channel", "at"]
    if data["answered_by"] is not None:
        assert list(data["answered_by"]) == ["channel", "endpoint", "number", "role", "person"]


def test_records_of_real_calls_come_back() -> None:
    for story in stories()[:40]:
        for data in story.expected:
            assert call_to_json(call_from_json(data)) == data


def test_times_are_utc_with_microseconds() -> None:
    east = timezone(timedelta(hours=8))
    assert time_text(datetime(2026, 11, 22, 0, 30, tzinfo=east)) == "2026-11-21T16:30:00.000000Z"
    assert time_text(datetime(2026, 11, 21, 16, 30, 0, 7, tzinfo=UTC)) == "2026-11-21T16:30:00.000007Z"
    assert time_text(None) is None


def test_times_with_any_offset_are_understood() -> None:
    assert time_from("2026-11-22T00:30:00+08:00") == datetime(2026, 11, 21, 16, 30, tzinfo=UTC)
    assert time_from(None) is None


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-21T16:30:00"])
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        time_from(text)
