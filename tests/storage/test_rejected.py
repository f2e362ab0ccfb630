from __future__ import annotations

import json
from pathlib import Path

import pytest

from storage import rejected
from storage.rejected import RejectedFile


def test_the_line_is_kept_with_the_reason_whatever_it_is(tmp_path: Path) -> None:
    file = RejectedFile(tmp_path / "spool" / "rejected.jsonl")
    file.add(b'{"kind": "call"}', "too large")
    file.add(b"\xff\n", "no fact")
    assert [json.loads(line) for line in file.path.read_text().splitlines()] == [
        {"reason": "too large", "line": '{"kind": "call"}'},
        {"reason": "no fact", "line": "\N{REPLACEMENT CHARACTER}\n"},
    ]


def test_the_first_facts_tell_it_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = RejectedFile(tmp_path / "rejected.jsonl")
    big = b"x" * 1_000_000
    for _ in range(20):
        file.add(big, "too large")
    assert file.path.stat().st_size < rejected.LIMIT_BYTES + 2_000_000
