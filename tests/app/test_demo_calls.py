"""The demo's calls fit together: lines, phones and time."""

from __future__ import annotations

from pathlib import Path

import yaml

from app.demo import SITES
from app.demo_calls import CALLS, LINES, SECONDS, configuration
from app.settings import load


def test_every_call_is_for_a_line_and_ends_in_time() -> None:
    numbers = {number for dids in LINES.values() for number in dids}

    assert {call.caller.number for call in CALLS} <= numbers
    assert [call.at for call in CALLS] == sorted(call.at for call in CALLS)
    assert CALLS[-1].at < SECONDS - 15


def test_its_configuration_is_valid_and_names_who_answers(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(yaml.safe_dump(configuration(SITES)))

    directory = load(file, {}).directory

    assert {line.name for line in directory.lines} == set(LINES)
    for desk in ("deska", "deskb10"):
        entry = directory.phone(desk, None)
        assert entry is not None
        assert entry.person
    duty = directory.phone("trunk4", "13800000000")
    assert duty is not None
    assert duty.role == "duty"
