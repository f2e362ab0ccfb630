"""`python -m bench` as a person runs it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from bench.processes import run_measured
from bench.stories import REPOSITORY


def run(*arguments: str, cache: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bench", *arguments],
        cwd=REPOSITORY,
        env=os.environ | {"THREERINGS_CACHE": str(cache)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_speed_prints_a_table_and_keeps_the_figures(tmp_path: Path) -> None:
    """Of so small a capture the start-up decides: what is asked is not reached, and the status says so."""
    ended = run(
        "speed", "--megabytes", "1", "--rounds", "1", "--json", str(tmp_path / "f.json"), cache=tmp_path
    )
    assert ended.returncode == 1, ended.stderr
    assert "not reached" in ended.stdout
    kept = json.loads((tmp_path / "f.json").read_text())
    assert kept["values"]["threerings"]["lines"] > 10
    assert kept["machine"]["packages"]["panoramisk"] == "1.4"
    assert list((tmp_path / "bench").glob("interleaved-1MB-*.ami"))


def test_what_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "bench").write_text("in the way")
    ended = run("memory", cache=tmp_path)
    assert ended.returncode == 1
    assert ended.stderr.strip().startswith("bench: ")
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_process_is_measured_by_its_own_memory_and_time(tmp_path: Path) -> None:
    ballast = bytearray(100_000_000)  # ours must not be counted
    code = "import time; kept = bytes(range(256)) * 200_000; time.sleep(0.2); print('a\\nb')"
    done = run_measured(["-c", code], tmp_path / "out")
    assert done.lines == 2
    assert 51_200_000 < done.peak_bytes < len(ballast)
    assert done.seconds > 0.2
    assert done.cpu_seconds > 0
