"""Where a figure was measured: processor, Python, versions, date, and how busy the machine was.

Comes in: nothing. Goes out: `Machine`, printed above every result and kept in `--json` files.
"""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("threerings", "panoramisk", "cacofonisk")


@dataclass(frozen=True, slots=True)
class Machine:
    """One line about the machine; `load`: processes that wanted to run in the last minute, ours not yet among them."""

    processor: str
    cores: int
    system: str
    python: str
    packages: dict[str, str]
    load: float
    at: str

    def __str__(self) -> str:
        versions = ", ".join(f"{name} {number}" for name, number in self.packages.items())
        return (
            f"{self.cores} x {self.processor}, {self.system}, Python {self.python}, {versions}; "
            f"{self.at}, load before {self.load:.2f}"
        )


def this_machine() -> Machine:
    """As it is now."""
    return Machine(
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        system=f"{platform.system()} {platform.release().partition('-')[0]}",
        python=platform.python_version(),
        packages={name: _version(name) for name in PACKAGES},
        load=round(os.getloadavg()[0], 2),
        at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    )


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
