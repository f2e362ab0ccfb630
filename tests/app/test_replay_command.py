"""`threerings replay`: files or standard input in, a table or JSON lines out, one line where something is wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.replay_command import replay_command
from tests.ami_listener.written import Pbx

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "app.main", "replay"]


@dataclass(frozen=True)
class Ran:
    returncode: int
    stdout: str
    stderr: str


class Replay:
    """Runs the command in this process."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: str) -> Ran:
        status = replay_command(arguments)
        out, err = self._capsys.readouterr()
        return Ran(status, out, err)


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Replay:
    return Replay(capsys)


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """Two calls, the second still open; and an event after a channel's end."""
    pbx = Pbx()
    caller = pbx.arrives()
    desk = pbx.rung(caller)
    pbx.talks(caller, desk)
    pbx.over(desk, caller, by=caller)
    pbx.state(desk, "Up")
    pbx.arrives("SIP/trunk-9", number="13700000002")
    file = tmp_path / "x.ami"
    file.write_bytes(pbx.raw)
    return file


def test_a_table_for_people(replay: Replay, recording: Path, tmp_path: Path) -> None:
    ran = replay(str(recording))

    assert ran.returncode == 0
    assert "13700000001" in ran.stdout
    assert "in time" in ran.stdout
    assert ran.stderr == "threerings replay: anomalies in the stream: late_event 1\n"


def test_json_for_programs(replay: Replay, recording: Path, tmp_path: Path) -> None:
    ran = replay("--json", str(recording))

    first, second = map(json.loads, ran.stdout.splitlines())
    assert (first["outcome"], first["line"], first["measurement"]) == ("answered", "101", "live")
    assert second["measurement"] == "partial"


def test_standard_input(replay: Replay, recording: Path, tmp_path: Path) -> None:
    ran = subprocess.run(
        [*COMMAND, "--json", "-"],
        input=recording.read_bytes(),
        capture_output=True,
        cwd=ROOT,
        check=True,
        timeout=60,
    )

    assert len(ran.stdout.splitlines()) == 2


def test_lines_and_people_come_from_the_configuration(
    replay: Replay, recording: Path, tmp_path: Path
) -> None:
    (tmp_path / "config.yaml").write_text(
        "pbx: {name: hz, secret_file: /nowhere}\nlines: [{name: 服務, dids: [101]}]\n"
        "phones: [{endpoint: deska, person: Li Na}]\n",
        encoding="utf-8",
    )

    ran = replay("--json", "--config", str(tmp_path / "config.yaml"), str(recording))

    record = json.loads(ran.stdout.splitlines()[0])
    assert (record["pbx"], record["line"], record["answered_by"]["person"]) == ("hz", "服務", "Li Na")


def test_what_cannot_be_read_is_one_line_and_2(replay: Replay, recording: Path, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("lines: [{}]\n")
    missing = replay("no.ami")
    folder = replay(str(tmp_path))
    config = replay("--config", str(tmp_path / "bad.yaml"), str(recording))

    assert [ran.returncode for ran in (missing, folder, config)] == [2, 2, 2]
    assert missing.stderr == (
        "threerings replay: no.ami: No such file or directory; name a file that can be read\n"
    )
    assert folder.stderr == (f"threerings replay: {tmp_path}: Is a directory; name a file that can be read\n")
    assert config.stderr == f"threerings replay: {tmp_path}/bad.yaml: lines[0].name: is missing\n"


def test_whoever_reads_may_have_enough(recording: Path) -> None:
    many = recording.read_bytes() * 2000
    process = subprocess.Popen(
        [*COMMAND, "--json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=ROOT,
    )
    assert process.stdin and process.stdout and process.stderr
    process.stdin.write(many[: len(many) // 2])
    process.stdout.readline()
    process.stdout.close()
    try:
        process.stdin.write(many[len(many) // 2 :])
        process.stdin.close()
    except BrokenPipeError:
        pass
    errors = process.stderr.read()
    process.stderr.close()

    assert process.wait(60) == 0
    assert errors == b""


def test_it_starts_without_what_only_others_need() -> None:
    code = (
        "import sys; from app.replay_command import replay_command; "
        "print([name for name in ('typer', 'pydantic', 'sqlalchemy', 'rich', 'yaml', 'asyncio') if name in sys.modules])"
    )

    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)

    assert ran.stdout == "[]\n"
