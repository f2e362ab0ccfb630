"""The two commands: what they rely on is there, and the same for everybody."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib

from tests.architecture.repository import TOP, text_of

LOCKS = ("requirements.lock", "requirements-dev.lock")


def test_every_locked_package_has_its_hashes() -> None:
    for lock in LOCKS:
        entries = re.split(r"\n(?=\S)", text_of(lock))
        pinned = [entry for entry in entries if not entry.startswith("#") and entry.strip()]
        assert pinned
        assert not [
            entry.split()[0] for entry in pinned if "==" not in entry or "--hash=sha256:" not in entry
        ]


def test_what_is_needed_is_locked() -> None:
    project = tomllib.loads(text_of("pyproject.toml"))["project"]
    needed = {
        "requirements.lock": project["dependencies"],
        "requirements-dev.lock": project["optional-dependencies"]["dev"],
    }
    for lock, requirements in needed.items():
        names = {_normal(re.split(r"[\[<>=!~; ]", requirement)[0]) for requirement in requirements}
        assert names <= versions(lock).keys(), f"run `make lock` ({lock})"


def test_both_locks_agree() -> None:
    for name, version in versions("requirements.lock").items():
        assert versions("requirements-dev.lock")[name] == version


def versions(lock: str) -> dict[str, str]:
    return {_normal(name): version for name, version in re.findall(r"(?m)^([\w.-]+)==(\S+)", text_of(lock))}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_ci_runs_the_command_that_people_run() -> None:
    assert os.access(TOP / ".ci/run", os.X_OK)
    assert "exec make test" in text_of(".ci/run")


def test_help_lists_every_target() -> None:
    # Run by `make test`, make would take itself for a part of that.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    command = ["make", "help"]
    listed = subprocess.run(
        command, cwd=TOP, env=environment, check=True, capture_output=True, text=True
    ).stdout
    names = {line.split()[0] for line in listed.splitlines()}
    phony = re.search(r"(?m)^\.PHONY: (.*)$", text_of("Makefile"))
    assert phony
    assert names == set(phony[1].split())
