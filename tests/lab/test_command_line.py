"""`python -m lab`: lists its stories, and says in one line what is wrong."""

import subprocess
import sys


def _lab(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "lab", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def test_lists_every_story_with_its_sentence() -> None:
    listed = _lab("list").stdout.splitlines()

    assert "failover                     The desk rings out, the mobile behind the trunk answers." in listed


def test_an_unknown_story_is_told_in_one_line() -> None:
    done = _lab("play", "no_such_story")

    assert done.returncode == 1
    assert done.stderr == "lab: no such story: no_such_story; `python -m lab list` shows all\n"
