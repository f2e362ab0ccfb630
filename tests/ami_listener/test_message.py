"""Headers behave like the mapping they are, and a time is a time of this century or nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ami_listener.message import HeaderText, timestamp_of

HEADERS = HeaderText("Event: Hangup\r\nChannel: SIP/a\r\nnonsense\r\nCause:16\r\nChannel: forged\r\nEmpty: ")


def test_headers_are_a_mapping() -> None:
    assert dict(HEADERS) == {"Event": "Hangup", "Channel": "SIP/a", "Cause": "16", "Empty": ""}
    assert list(HEADERS) == ["Event", "Channel", "Cause", "Empty"]
    assert len(HEADERS) == 4
    assert repr(HEADERS) == repr(dict(HEADERS))


def test_a_header_is_there_or_not() -> None:
    assert "Cause" in HEADERS
    assert "Caus" not in HEADERS
    assert HEADERS["Channel"] == "SIP/a"
    assert (HEADERS.get("Nothing"), HEADERS.get("Nothing", "x"), HEADERS.get("Empty", "x")) == (None, "x", "")
    with pytest.raises(KeyError):
        HEADERS["Nothing"]


def test_a_time_of_the_pbx() -> None:
    assert timestamp_of("1795278834.780581") == datetime(2026, 11, 21, 16, 33, 54, 780581, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "now", "nan", "inf", "-inf", "0", "-5", "1e30", "12:00", "946684799.9"])
def test_what_is_no_time(text: str) -> None:
    assert timestamp_of(text) is None
