"""Many calls at once, by SIPp (Debian's package sip-tester): callers who ring a desk, talk and hang up.

Comes in: a `Load` and a lab. Goes out: `LoadResult`, counts and what each caller saw, with wall-clock times. Single
stories with exact behaviour are `lab.scenarios`'.
"""

import asyncio
import contextlib
import csv
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from lab.configuration import Endpoint, fill
from lab.errors import LabUnavailable, PbxError
from lab.ports import media_ports
from lab.stage import Lab

GRACE_SECONDS = 30
MEDIA_PORTS = 10  # SIPp binds audio, video and their RTCP, though nobody speaks
STEPS = ("invited", "ringing", "connected", "ended")


@dataclass(frozen=True, slots=True)
class Load:
    """`calls` calls, `rate` per second, each ringing and talking so many seconds; `caller_prefix`: of their numbers."""

    calls: int
    rate: float
    ring_seconds: float = 0.3
    talk_seconds: float = 0.7
    hotline: str = "101"
    caller_prefix: str = "1360"


@dataclass(frozen=True, slots=True)
class LoadCall:
    """One caller's view, Unix seconds; None: did not happen."""

    number: str
    invited_at: float | None
    ringing_at: float | None
    connected_at: float | None
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class LoadResult:
    """How a load came out; `seconds`: from the first INVITE to the end of the last call."""

    successful: int
    failed: int
    seconds: float
    calls: tuple[LoadCall, ...]


async def run_load(lab: Lab, load: Load) -> LoadResult:
    """Play a load on one leased set of phones; raises `LabUnavailable` without SIPp."""
    binary = shutil.which("sipp")
    if binary is None:
        raise LabUnavailable("the lab needs SIPp for load: apt-get install sip-tester")
    async with lab.site() as endpoints:
        folder = Path(tempfile.mkdtemp(prefix="threerings-sipp-"))
        try:
            return await _run(lab, load, [binary, "-nostdin"], folder, endpoints)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)


async def _run(
    lab: Lab, load: Load, sipp: list[str], folder: Path, endpoints: dict[str, Endpoint]
) -> LoadResult:
    _write_scenarios(folder, load, endpoints["trunk"].name)
    common = [*sipp, "-i", "127.0.0.1", "-mi", "127.0.0.1", f"127.0.0.1:{lab.pbx.sip_port}"]
    media = media_ports(2 * MEDIA_PORTS)
    desk = ["-sf", "desk.xml", "-p", str(endpoints["deska"].port), "-mp", str(media)]
    caller = [
        "-sf", "caller.xml", "-p", str(endpoints["trunk"].port), "-mp", str(media + MEDIA_PORTS),
        "-m", str(load.calls), "-r", str(load.rate), "-l", str(load.calls), "-recv_timeout", "20000",
        "-trace_stat", "-stf", "stat.csv", "-fd", "1", "-trace_logs", "-log_file", "calls.log",
    ]  # fmt: skip
    began = time.monotonic()
    async with _process([*common, *desk], folder, "desk"):
        async with _process([*common, *caller], folder, "caller") as process:
            await _end_of(process, load, folder / "caller.screen")
        seconds = time.monotonic() - began
    successful, failed = _counts(folder / "stat.csv")
    return LoadResult(successful, failed, seconds, tuple(_calls(folder / "calls.log")))


def _write_scenarios(folder: Path, load: Load, caller: str) -> None:
    values = {
        "HOTLINE": load.hotline,
        "PREFIX": load.caller_prefix,
        "ENDPOINT": caller,
        "RING_MS": str(round(load.ring_seconds * 1000)),
        "TALK_MS": str(round(load.talk_seconds * 1000)),
    }
    for name in ("caller.xml", "desk.xml"):
        template = resources.files("lab").joinpath("sipp", name).read_text()
        (folder / name).write_text(fill(template, values))


@contextlib.asynccontextmanager
async def _process(command: list[str], folder: Path, name: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A SIPp that ends with this block, and with us however we end."""
    with (folder / f"{name}.screen").open("wb") as screen:
        process = await asyncio.create_subprocess_exec(
            "setpriv", "--pdeathsig", "KILL", *command,
            cwd=folder, stdin=asyncio.subprocess.DEVNULL, stdout=screen, stderr=screen,
        )  # fmt: skip
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _end_of(caller: asyncio.subprocess.Process, load: Load, screen: Path) -> None:
    within = load.calls / load.rate + load.ring_seconds + load.talk_seconds + GRACE_SECONDS
    try:
        async with asyncio.timeout(within):
            code = await caller.wait()
    except TimeoutError:
        raise PbxError(
            f"SIPp: {load.calls} calls at {load.rate}/s were not over after {within:.0f} s"
        ) from None
    if code not in {0, 1}:  # 1: some calls failed, which the counts tell
        raise PbxError(f"SIPp ended with {code}: {_said(screen)}")


def _said(screen: Path) -> str:
    """SIPp's own reason: the line after the name of the remote host."""
    return " ".join(screen.read_text(errors="replace").splitlines()[1:2])


def _counts(path: Path) -> tuple[int, int]:
    with path.open(newline="") as handle:
        last = list(csv.DictReader(handle, delimiter=";"))[-1]
    return int(last["SuccessfulCall(C)"]), int(last["FailedCall(C)"])


def _calls(path: Path) -> Iterable[LoadCall]:
    """Read `NUMBER STEP date time seconds` lines into one row per caller."""
    seen: dict[str, dict[str, float]] = {}
    for line in path.read_text().splitlines():
        words = line.split()
        if len(words) == 5 and words[1] in STEPS:
            seen.setdefault(words[0], {}).setdefault(words[1], float(words[4]))
    for number, steps in seen.items():
        yield LoadCall(number, *(steps.get(step) for step in STEPS))
