"""What is said of the store: one line an event, and never the reason for a loss."""

from __future__ import annotations

import structlog
from structlog.testing import capture_logs

from storage.observer import LogObserver


def test_each_event_is_one_line_in_the_log() -> None:
    observer = LogObserver()
    with capture_logs() as lines:
        observer.store_lost("disk full")
        observer.store_back()
        observer.spool_lost("disk full")
        observer.spool_back()
        observer.fact_rejected("a number of more than 64 bits")
        observer.journal_lost("disk full")
        observer.open_calls_lost("disk full")
        observer.open_calls_back()
        observer.facts_waiting(3, None)
        observer.facts_stored(3)
    assert [line["log_level"] for line in lines] == [
        "error", "info", "error", "info", "error", "error", "error", "info",
    ]  # fmt: skip
    assert lines[0]["reason"] == "disk full"


def test_lost_facts_do_not_fill_the_disk_with_their_log() -> None:
    observer = LogObserver()
    with capture_logs() as lines:
        for total in range(1, 1_001):
            observer.fact_refused(total)
    assert [line["lost"] for line in lines] == [2**power for power in range(10)]
    assert {line["log_level"] for line in lines} == {"critical"}


def test_a_log_that_cannot_be_written_is_no_reason_to_lose_a_call() -> None:
    before = structlog.get_config()

    class FullDisk:
        def __init__(self, *_name: str) -> None: ...

        def error(self, _message: str) -> None:
            raise OSError(28, "No space left on device")

    structlog.configure(logger_factory=FullDisk, cache_logger_on_first_use=False)
    try:
        LogObserver().spool_lost("disk full")
    finally:
        structlog.configure(**before)
