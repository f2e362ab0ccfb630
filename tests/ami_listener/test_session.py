"""What is said to the PBX, how its answers are read, and how long is waited before the next try."""

from __future__ import annotations

import re

import pytest

from ami_listener.session import (
    NEEDED_READ,
    NEEDED_WRITE,
    Backoff,
    filters,
    legacy_filters,
    missing_read,
    missing_timestamps,
    missing_write,
    understands_new_filters,
)
from ami_listener.settings import AmiSettings
from ami_listener.translate import WANTED

SETTINGS = AmiSettings(host="pbx.example", username="watcher")


def test_a_new_asterisk_is_asked_for_each_event_by_name() -> None:
    criteria = [action["MatchCriteria"] for action in filters()]
    assert len(criteria) == len(WANTED)
    for name in WANTED:
        assert any(f"name({name})" in one for one in criteria)
    assert all(one.startswith("action(include),name(") for one in criteria)


def test_of_the_steps_of_the_dialplan_only_voicemail_is_asked_for() -> None:
    (newexten,) = [action for action in filters() if "name(Newexten)" in action["MatchCriteria"]]
    assert newexten["MatchCriteria"].endswith("header(Application),method(exact)")
    assert newexten["Filter"] == "VoiceMail"


def test_an_old_asterisk_gets_one_expression_that_lets_through_what_is_read() -> None:
    (action,) = legacy_filters()
    expression = re.compile(action["Filter"])
    for name in WANTED:
        event = f"Event: {name}\r\nPrivilege: call,all\r\n"
        event += "Application: VoiceMail\r\n" if name == "Newexten" else ""
        assert expression.search(event), name
    assert not expression.search("Event: Newexten\r\nApplication: Dial\r\n")
    assert not expression.search("Event: VarSet\r\nVariable: X\r\n")
    assert "$" not in action["Filter"]  # it is matched against the whole event


@pytest.mark.parametrize(
    ("version", "new"),
    [("11.0.0", True), ("12.1.0", True), ("5.0.2", False), ("8.0.2", False), ("", False), ("x.y", False)],
)
def test_which_filters_an_asterisk_understands(version: str, new: bool) -> None:
    assert understands_new_filters({"amiversion": version}) is new
    assert not understands_new_filters({})


def test_what_is_missing_is_one_line_that_says_where_and_what_to_do() -> None:
    for text in (
        missing_write(SETTINGS, "read the state of calls"),
        missing_read(SETTINGS),
        missing_timestamps(SETTINGS),
    ):
        assert "\n" not in text
        assert "pbx.example:5038" in text
        assert "manager.conf" in text
    assert f"write = {','.join(NEEDED_WRITE)}" in missing_write(SETTINGS, "x")
    assert f"read = {','.join(NEEDED_READ)}` to [watcher]" in missing_read(SETTINGS)


def test_pauses_grow_to_a_limit_and_are_spread() -> None:
    whole = Backoff(0.5, 3.0, spread=lambda: 1.0)
    assert [whole.pause() for _ in range(5)] == [0.5, 1.0, 2.0, 3.0, 3.0]
    whole.reset()
    assert whole.pause() == 0.5
    assert Backoff(0.5, 3.0, spread=lambda: 0.0).pause() == 0.25
    assert all(0.25 <= Backoff(0.5, 3.0).pause() <= 0.5 for _ in range(50))


def test_the_secret_is_not_shown() -> None:
    assert "geheim" not in repr(AmiSettings(secret="geheim"))
