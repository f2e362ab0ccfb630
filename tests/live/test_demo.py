"""`threerings demo` as a person runs it: it shows every call, says what it kept, and leaves no process behind."""

from __future__ import annotations

import asyncio
import html
import os
import pty
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.demo_calls import CALLS, SECONDS

pytestmark = pytest.mark.live
COMMAND = (sys.executable, "-m", "app.main")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Ran:
    status: int
    text: str

    @property
    def summary(self) -> tuple[int, ...]:
        """Calls, answered, within three rings, missed: as told last."""
        told = re.findall(
            r"(\d+) calls: (\d+) answered, (\d+) of them within three rings; (\d+) missed", self.text
        )
        return tuple(map(int, told[-1]))

    @property
    def calls(self) -> list[tuple[str, str, str]]:
        """Time, line and caller of each."""
        return sorted(re.findall(r"(\d\d:\d\d:\d\d)  (\w[\w ]*?) +(\d{11}) ", self.text))


def environment(temporary: Path) -> dict[str, str]:
    """Files of the demo and of its PBX go where they can be looked for."""
    return {**os.environ, "TMPDIR": str(temporary), "COLUMNS": "100", "LINES": "40", "TERM": "xterm"}


async def run(*arguments: str, temporary: Path, seconds: float = 30) -> Ran:
    process = await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, cwd=ROOT, env=environment(temporary),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(seconds):
        output, _ = await process.communicate()
    return Ran(process.returncode or 0, output.decode())


async def run_in_terminal_until(words: str, *, temporary: Path) -> Ran:
    """Ctrl-C as soon as the screen has shown `words`."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *COMMAND, "demo", cwd=ROOT, env=environment(temporary), stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown: list[str] = []
    reading = asyncio.create_task(asyncio.to_thread(_read_all, ours, shown))
    try:
        async with asyncio.timeout(40):
            while words not in "".join(shown):
                await asyncio.sleep(0.05)
            process.send_signal(signal.SIGINT)
            status = await process.wait()
            await reading
    finally:
        if process.returncode is None:
            process.kill()
    return Ran(status, "".join(shown))


def _read_all(descriptor: int, shown: list[str]) -> None:
    while True:
        try:
            data = os.read(descriptor, 65536)
        except OSError:  # a terminal whose other side is closed
            break
        if not data:
            break
        shown.append(data.decode(errors="replace"))
    os.close(descriptor)


def processes_in(folder: Path) -> list[str]:
    """Command lines that name a file in this folder: the PBX's does."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if str(folder) in line:
            found.append(line)
    return found


def files_in(folder: Path, pattern: str) -> list[str]:
    return [path.name for path in folder.glob(pattern)]


async def test_the_demo_by_itself_and_stopped_by_ctrl_c(tmp_path: Path) -> None:
    """Side by side: the one to its end with its output in a file, the other in a terminal and stopped early."""
    to_end, stopped = tmp_path / "end", tmp_path / "stopped"
    for folder in (to_end, stopped):
        folder.mkdir()
    picture = tmp_path / "demo.svg"

    whole, early = await asyncio.gather(
        run("demo", "--svg", str(picture), temporary=to_end, seconds=SECONDS + 30),
        run_in_terminal_until("no answer", temporary=stopped),
    )

    _has_shown_every_call(whole)
    await _can_be_replayed(whole, to_end)
    drawn = html.unescape(picture.read_text()).replace("\xa0", " ")
    assert drawn.count(">in time") == whole.summary[2]
    assert "font-face" not in drawn
    assert early.status == 0, early.text
    assert "●" in early.text
    assert "ringing" in early.text
    calls, answered, _in_time, missed = early.summary
    assert 1 <= calls == answered + missed < len(CALLS)
    for folder in (to_end, stopped):
        assert processes_in(folder) == []
        assert files_in(folder, "threerings-pbx-*") == []


def _has_shown_every_call(whole: Ran) -> None:
    assert whole.status == 0, whole.text
    lines = re.findall(r"^\d\d:\d\d:\d\d  .*$", whole.text, re.MULTILINE)
    assert len(lines) == len(CALLS)
    assert whole.summary == (len(CALLS), 14, 12, 4)
    for rings in (1, 3, 4, 5):
        assert any(f"rings  {rings}" in line and "talk -" not in line for line in lines), whole.text
    for result in ("in time", "late", "no answer", "abandoned", "unreachable"):
        assert any(f" {result} " in line for line in lines), whole.text
    assert re.search(r"metrics at http://127\.0\.0\.1:\d+/metrics", whole.text)


async def _can_be_replayed(whole: Ran, temporary: Path) -> None:
    """By the very command that it names; the records are the same."""
    (arguments,) = re.findall(r"threerings (replay --config .*)$", whole.text, re.MULTILINE)

    again = await run(*arguments.split(), temporary=temporary)

    assert again.status == 0
    assert again.calls == whole.calls
    assert len(again.calls) == len(CALLS)


async def test_a_machine_that_cannot_run_the_lab_says_so_in_one_line(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    command = f"THREERINGS_CACHE={cache} THREERINGS_MIRROR=http://127.0.0.1:1 exec {' '.join(COMMAND)} demo"
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", command, cwd=ROOT, env=environment(tmp_path),
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(60):
        _, errors = await process.communicate()

    assert process.returncode == 1
    last = errors.decode().strip().splitlines()[-1]
    assert last.startswith("threerings: "), errors.decode()
    assert files_in(tmp_path, "threerings-demo-*") == []
