"""Who may import whom: the contracts of pyproject.toml hold, and no package escapes them by not being listed."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.architecture.repository import TOP, packages, text_of

SETTINGS: dict[str, Any] = tomllib.loads(text_of("pyproject.toml"))


def test_the_contracts_are_kept() -> None:
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    run = subprocess.run(command, cwd=TOP, check=False, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


def test_every_package_is_under_the_contracts() -> None:
    listed = set(SETTINGS["tool"]["importlinter"]["root_packages"])
    assert listed == set(packages())


def test_every_package_is_type_checked() -> None:
    assert {*packages(), "tests"} <= set(SETTINGS["tool"]["mypy"]["files"])


def test_every_package_is_built() -> None:
    patterns = SETTINGS["tool"]["setuptools"]["packages"]["find"]["include"]
    left_out = {name for name in packages() if not any(fnmatch(name, pattern) for pattern in patterns)}
    assert left_out <= {"bench"}, "add it to [tool.setuptools.packages.find]"


def test_every_package_of_the_product_has_a_coverage_floor() -> None:
    measured = set(SETTINGS["tool"]["coverage"]["run"]["source"])
    assert measured == set(packages()) - {"lab", "bench"}
    assert set(SETTINGS["tool"]["threerings"]["coverage-floor"]) == measured
