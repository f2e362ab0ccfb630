"""Whole processes, measured: how long one took, how much of the processor, how much memory at most.

Comes in: a command. Goes out: `Run`. Figures are the kernel's own (`wait4`, /proc), nothing runs inside the process.
"""

from __future__ import annotations

import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.stories import REPOSITORY

_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Run:
    """One process from start to end. `cpu_seconds`: user and system together."""

    seconds: float
    cpu_seconds: float
    peak_bytes: int
    lines: int


def run_measured(arguments: Sequence[str], output: Path) -> Run:
    """Run `python ARGUMENTS` to its end, its output into a file. Raises BenchError when it fails."""
    with output.open("wb") as out, output.with_suffix(".err").open("wb") as err:
        began = time.monotonic()
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=REPOSITORY,
            env=environment(output.parent),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
        )
        with _PeakMemory(process.pid) as memory:
            _, status, used = os.wait4(process.pid, 0)
        seconds = time.monotonic() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        said = output.with_suffix(".err").read_text(errors="replace").strip().splitlines()[-1:]
        raise BenchError(f"{' '.join(arguments[:3])} ended with {process.returncode}: {' '.join(said)}")
    with output.open("rb") as written:
        lines = sum(1 for _ in written)
    return Run(seconds, used.ru_utime + used.ru_stime, memory.peak_bytes, lines)


class _PeakMemory:
    """Looks at a process now and then. The kernel's own maximum would count ours too, from before the exec."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> _PeakMemory:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._over.wait(0.02):
            with contextlib.suppress(OSError, IndexError):
                self.peak_bytes = max(self.peak_bytes, resident_bytes(self._pid))


def environment(folder: Path) -> dict[str, str]:
    """Ours, with compiled modules kept in `folder`: as installed software has them, whatever this shell says."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "pycache")}


def cpu_seconds(pid: int) -> float:
    """What a running process has used so far, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICK


def machine_cpu_seconds() -> float:
    """What all cores have worked so far, for whomever; also what the host kept from this machine."""
    ticks = [int(field) for field in Path("/proc/stat").read_text().partition("\n")[0].split()[1:9]]
    idle = ticks[3] + ticks[4]
    return (sum(ticks) - idle) / _TICK


def ended_children_cpu_seconds() -> float:
    """What processes started by this one, and over by now, have used."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_bytes(pid: int | str = "self") -> int:
    """What a running process holds in memory now."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE


def open_files(pid: int) -> int:
    """Files, sockets and pipes that a running process holds open."""
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())
