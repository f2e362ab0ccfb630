"""Fails where less of a package is covered by tests than pyproject.toml asks for (`[tool.threerings.coverage-floor]`).

Comes in: the data of the test run. Goes out: one line per package and one for all, exit status 1 where one is too low.
Lines and branches count alike. `coverage report --skip-covered` tells which lines are missing.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import Any


def measured() -> dict[str, Any]:
    """What coverage counted, file by file."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "coverage.json"
        command = [sys.executable, "-m", "coverage", "json", "-q", "--fail-under=0", "-o", str(report)]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
        files: dict[str, Any] = json.loads(report.read_text())["files"]
    return files


def percentages(files: dict[str, Any]) -> dict[str, float]:
    """By top-level package."""
    seen: Counter[str] = Counter()
    there: Counter[str] = Counter()
    for name, file in files.items():
        package, summary = name.partition("/")[0], file["summary"]
        seen[package] += summary["covered_lines"] + summary.get("covered_branches", 0)
        there[package] += summary["num_statements"] + summary.get("num_branches", 0)
    return {package: 100 * seen[package] / there[package] for package in sorted(there) if there[package]}


def main() -> int:
    floors = tomllib.loads(Path("pyproject.toml").read_text())["tool"]["threerings"]["coverage-floor"]
    found = percentages(measured())
    low = [package for package, floor in floors.items() if found.get(package, 0) < floor]
    for package, floor in floors.items():
        remark = "  <- too low" if package in low else ""
        print(f"{package:14} {found.get(package, 0):6.2f} %  of at least {floor} %{remark}")
    told = ", ".join(low) if low else "none"
    print(f"packages below their floor: {told}")
    return 1 if low else 0


if __name__ == "__main__":
    sys.exit(main())
