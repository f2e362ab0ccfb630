"""Signals on disk, for the calls that are under way when the service is killed."""

from __future__ import annotations

import json
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from hotline import signals
from hotline.records import Side
from hotline.signal_json import signal_from_json, signal_to_json
from tests.hotline.facts_drawn import signals_of, texts


@given(signals_of(texts, texts))
def test_there_and_back(signal: signals.Signal) -> None:
    assert signal_from_json(json.loads(json.dumps(signal_to_json(signal)))) == signal


def test_every_signal_is_drawn() -> None:
    """A signal that is forgotten in `facts_drawn` would go untested."""
    seen: set[str] = set()

    @settings(max_examples=20, deadline=None)
    @given(st.lists(signals_of(st.just("1"), st.just("c")), min_size=60, max_size=60))
    def draw(drawn: list[signals.Signal]) -> None:
        seen.update(type(signal).__name__ for signal in drawn)

    draw()
    assert seen == {kind.__name__ for kind in get_args(signals.Signal)}


def test_a_log_of_an_earlier_version_has_the_defaults() -> None:
    written = {"signal": "PhoneDialled", "call_id": "1", "phone": ["SIP/a-1", "a", None, False]}
    assert signal_from_json(written) == signals.PhoneDialled("1", None, signals.Phone("SIP/a-1", "a"))


def test_what_this_version_does_not_understand_is_left_out() -> None:
    good = signal_to_json(signals.PartyHungUp("1", None, Side.CALLER, talking=True))
    assert signal_from_json(good) is not None
    for bad in (
        {},
        {"signal": "PhoneExploded", "call_id": "1"},
        {**good, "side": "nobody"},
        {**good, "at": "yesterday"},
        {"signal": "PhoneDialled", "call_id": "1", "phone": [1, 2, 3, 4, 5, 6]},
        {"signal": "CallTransferred", "call_id": "1", "kind": "quantum", "by_channel": "x"},
    ):
        assert signal_from_json(bad) is None
