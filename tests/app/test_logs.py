"""The log: one line an event, telephone numbers masked, and nothing that happens to it stops the service."""

from __future__ import annotations

import io
import json
import logging
import warnings
from collections.abc import Iterator

import pytest
import structlog

from app.log_settings import LogSettings
from app.logs import masked, set_up_logs


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    root, panoramisk = logging.getLogger(), logging.getLogger("panoramisk")
    handlers, level, quiet = root.handlers, root.level, panoramisk.level
    yield
    root.handlers, root.level = handlers, level
    panoramisk.setLevel(quiet)
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("13912345678", "139***78"),
        ("+8613912345678", "+861***78"),
        ("call from 057188206000 to 88206000.", "call from 057***00 to 882***00."),
        ("0571-88206000", "0571-***00"),
        ("sip:13912345678@10.0.0.1:5060", "sip:139***78@10.0.0.1:5060"),
        ("PJSIP/13912345678-0000001a", "PJSIP/139***78-0000001a"),
        ("Local/13912345678@targets-00000001;1", "Local/139***78@targets-00000001;1"),
        ("'8820600'", "'882***00'"),
    ],
)
def test_numbers_lose_their_middle(text: str, shown: str) -> None:
    assert masked(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "1795279229.109",
        "1795278834.780581",
        "2026-11-21T18:37:36.123456Z",
        "PJSIP/trunk-00000012",
        "127.0.0.1:5038",
        "extension 101, cause 16",
        "a1234567890b",
    ],
)
def test_ids_times_and_short_numbers_stay(text: str) -> None:
    assert masked(text) == text


def lines(settings: LogSettings) -> io.StringIO:
    out = io.StringIO()
    set_up_logs(settings, out)
    return out


def test_one_object_a_line_for_a_collector() -> None:
    out = lines(LogSettings(format="json"))

    structlog.stdlib.get_logger("x").warning(
        "from 13912345678", pbx="hz", who=["13912345678", {"of": "13912345678"}]
    )

    (line,) = map(json.loads, out.getvalue().splitlines())
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "from 139***78",
        "level": "warning",
        "pbx": "hz",
        "who": ["139***78", {"of": "139***78"}],
    }


@pytest.mark.parametrize("form", ["json", "console"])
def test_tracebacks_are_masked_and_warn_of_nothing(form: str) -> None:
    out = lines(LogSettings(format=form))

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            int("caller 13912345678 is odd")
        except ValueError:
            structlog.stdlib.get_logger("x").exception("failed")

    assert "ValueError: " in out.getvalue()
    assert "caller 139***78 is odd" in out.getvalue()
    assert "13912345678" not in out.getvalue()
    assert len(out.getvalue().splitlines()) == 1 or form == "console"


@pytest.mark.parametrize("form", ["json", "console"])
def test_what_libraries_warn_of_comes_out_the_same_way(form: str) -> None:
    out = lines(LogSettings(format=form))

    logging.getLogger("asyncio").warning("task of %s is slow", "13912345678")
    logging.getLogger("asyncio").info("nothing to see")
    logging.getLogger("panoramisk.manager").error("CallerIDNum: 13912345678")

    (line,) = out.getvalue().splitlines()
    assert "task of 139***78 is slow" in line
    if form == "json":
        assert json.loads(line)["level"] == "warning"


def test_only_debug_lines_show_numbers_in_full() -> None:
    out = lines(LogSettings(level="debug"))

    log = structlog.stdlib.get_logger("x")
    log.debug("from 13912345678")
    log.info("from 13912345678")

    assert out.getvalue().count("13912345678") == 1


@pytest.mark.parametrize(("level", "shown"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_decides_what_is_said(level: str, shown: int) -> None:
    out = lines(LogSettings(level=level))

    log = structlog.stdlib.get_logger("x")
    for say in (log.debug, log.info, log.warning, log.error):
        say("something")

    assert len(out.getvalue().splitlines()) == shown


class Full(io.StringIO):
    """A file on a disk without space."""

    def write(self, _text: str) -> int:
        raise OSError(28, "No space left on device")

    def flush(self) -> None:
        raise OSError(28, "No space left on device")


def test_a_log_that_cannot_be_written_stops_nobody() -> None:
    set_up_logs(LogSettings(), Full())

    structlog.stdlib.get_logger("x").error("something")
    logging.getLogger("asyncio").error("something")
