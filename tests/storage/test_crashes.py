"""kill -9 is a normal event: nothing that was promised is lost, nothing is kept twice (see `crashing_service.py`)."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("scope", "points"),
    [("/storage/", 45), ("", 12)],
    ids=["at lines of ours", "at lines of any library"],
)
def test_killed_anywhere_the_service_keeps_its_promises(tmp_path: Path, scope: str, points: int) -> None:
    program = [sys.executable, "-W", "error", "-m", "tests.storage.crashing_service"]
    command = [*program, str(tmp_path), str(points), scope]
    done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=200)
    lives = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lives) == points
    # Threads take turns, so a line near the end may come later than counted and the life end before it.
    assert sum(life["killed"][0] for life in lives) >= points * 0.9
    for life in lives:
        assert life["not as said"] == [], life
        assert (life["left"], life["rejected"], life["refused"], life["attempts too many"]) == (0, 0, 0, 0), (
            life
        )
