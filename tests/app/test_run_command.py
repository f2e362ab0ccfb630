"""How `threerings run` ends: quietly when it is stopped, with one line or a traceback when it fails."""

from __future__ import annotations

import json
import logging
import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import structlog

from app.log_settings import LogSettings
from app.run_command import run_service
from app.settings import Settings
from hotline.directory import Directory
from tests.app.running import settings_for


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, panoramisk = logging.getLogger(), logging.getLogger("panoramisk")
    handlers, level, quiet = root.handlers, root.level, panoramisk.level
    yield
    root.handlers, root.level = handlers, level
    panoramisk.setLevel(quiet)
    structlog.reset_defaults()


def settings(directory: Path) -> Settings:
    """A PBX that is not there; the log as JSON."""
    return replace(settings_for(1, directory), log=LogSettings(format="json"))


def log_of(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().err.splitlines()]


def test_stopped_it_says_what_it_left(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM))
    timer.start()

    status = run_service(settings(tmp_path))

    timer.join()
    log = log_of(capfd)
    assert status == 0
    assert log[0]["event"] == "started"
    assert log[0]["pbx"] == "127.0.0.1:1"
    assert log[0]["metrics"].startswith("http://127.0.0.1:")
    assert (log[-1]["event"], log[-1]["facts_in_spool"]) == ("stopped", 0)


def test_what_a_person_can_mend_is_one_line(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "file"
    file.touch()

    status = run_service(settings(file / "data"))

    (line,) = log_of(capfd)
    assert status == 1
    assert line["level"] == "error"
    assert line["event"].startswith("storage.data_dir: ")


class Defective(Directory):
    """Fails where nobody expects it."""

    def __init__(self) -> None:
        super().__init__()
        del self.lines


def test_what_nobody_expected_comes_with_its_traceback(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    status = run_service(replace(settings(tmp_path), directory=Defective()))

    (line,) = log_of(capfd)
    assert status == 1
    assert line["level"] == "critical"
    assert line["event"] == "the service failed and ends; please report this"
    assert "AttributeError" in line["exception"]
