"""Facts set aside for a person."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage.rejected import LIMIT_BYTES, RejectedFile


def test_the_line_is_kept_with_the_reason_whatever_it_is(tmp_path: Path) -> None:
    file = RejectedFile(tmp_path / "spool" / "rejected.jsonl")
    file.add(b'{"kind": "call"}', "too large")
    file.add(b"\xff\n", "no fact")
    assert [json.loads(line) for line in file.path.read_text().splitlines()] == [
        {"reason": "too large", "line": '{"kind": "call"}'},
        {"reason": "no fact", "line": "\N{REPLACEMENT CHARACTER}\n"},
    ]


def test_when_it_is_full_a_person_has_to_look(tmp_path: Path) -> None:
    file = RejectedFile(tmp_path / "rejected.jsonl")
    big = b"x" * 1_000_000
    for _ in range(LIMIT_BYTES // len(big)):
        file.add(big, "too large")
    with pytest.raises(OSError, match="look at what is in it, then move it away"):
        file.add(b"one more", "too large")
    file.path.rename(tmp_path / "looked at")
    file.add(b"one more", "too large")
