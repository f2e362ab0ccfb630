"""A service that is killed, as kill -9 does, at chosen lines of its program; run by `test_crashes.py`.

`python -m tests.storage.crashing_service DIRECTORY POINTS SCOPE` plays a little story again and again. Each time it is
killed at another of POINTS lines, evenly spread over all lines run in files whose path contains SCOPE; it restarts in
the same directory, is killed once more, restarts, and then says as a line of JSON what is not as it was promised.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Coroutine
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from hotline.records import CallRecord, Measurement
from storage.database import Database
from storage.migration import upgrade
from storage.open_calls import OpenCalls
from storage.settings import StorageSettings
from storage.store import SqlStore
from storage.writer import FactWriter
from tests.storage.facts import missed_call
from tests.storage.places import until


def settings(directory: Path) -> StorageSettings:
    # A segment is a quarter of it, 20 kB: the story needs two of them.
    return StorageSettings(data_dir=directory, spool_mb=0.08, batch_facts=3, batch_delay_seconds=0)


def calls_of(life: int) -> list[CallRecord]:
    return [missed_call(100 * life + number, tried=3) for number in range(20)]


class Service:
    def __init__(self, directory: Path) -> None:
        self._promises = os.open(directory / "promises", os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        self.database = Database(settings(directory))
        self.store = SqlStore(self.database)
        self.writer = FactWriter(self.store, settings(directory))
        self.open_calls = OpenCalls(settings(directory))
        for _, entry in self.open_calls.load():
            # As the service does with a call that ended while it was dead.
            self._end(missed_call(entry["number"], tried=3, measurement=Measurement.PARTIAL))

    def follow(self, life: int, number: int, call: CallRecord) -> None:
        self.open_calls.record(call.call_id, {"number": 100 * life + number})
        self._promise("heard", call)
        self._end(call)

    def _end(self, call: CallRecord) -> None:
        self.writer.take(call)
        self._promise(call.measurement, call)
        self.open_calls.forget(call.call_id)

    def _promise(self, what: str, call: CallRecord) -> None:
        """Said, as to a person: in a file that outlives the service."""
        os.write(self._promises, f"{what} {call.call_id}\n".encode())

    async def close(self) -> None:
        self.open_calls.close()
        self.writer.close()
        await self.database.close()
        os.close(self._promises)


async def story(directory: Path, life: int) -> None:
    """Calls are heard of, end and are stored; then the service stops."""
    service = Service(directory)
    running = asyncio.create_task(service.writer.run())
    for number, call in enumerate(calls_of(life)):
        service.follow(life, number, call)
        if number % 4 == 0:
            await asyncio.sleep(0.001)
    await until(lambda: service.writer.depth == 0)
    running.cancel()
    await asyncio.wait([running])
    await service.close()


async def aftermath(directory: Path) -> None:
    """The last start: what is left goes into the database; then it is compared with what was said."""
    service = Service(directory)
    left = await service.writer.drain(timedelta(seconds=20))
    stored = {call.call_id: call for call in (await service.store.calls(limit=1000)).calls}
    attempts = (await service.store.counts()).attempts
    result = {
        "left": left,
        "rejected": service.writer.rejected,
        "refused": service.writer.refused,
        "attempts too many": attempts - 3 * len(stored),
        "not as said": _broken_promises(directory, stored),
    }
    await service.close()
    (directory / "result").write_text(json.dumps(result))


def _broken_promises(directory: Path, stored: dict[str, CallRecord]) -> list[str]:
    live = {call.call_id: call for life in (1, 2) for call in calls_of(life)}
    broken = []
    for said in (directory / "promises").read_text().splitlines():
        what, call_id = said.split()
        kept = stored.get(call_id)
        if kept is None or (what == Measurement.LIVE and kept != live[call_id]):
            broken.append(said)
    return broken


class Lines:
    """Counts the lines that are run in files of `scope`, in every thread, and kills the process at one of them."""

    def __init__(self, scope: str, deadly: int | None) -> None:
        self.run = 0
        self._scope = scope
        self._deadly = deadly

    def watch(self) -> None:
        threading.settrace(self._enter)
        sys.settrace(self._enter)

    def _enter(self, frame: FrameType, _event: str, _arg: Any) -> Callable[..., Any] | None:
        return self._line if self._scope in frame.f_code.co_filename else None

    def _line(self, _frame: FrameType, event: str, _arg: Any) -> Callable[..., Any]:
        if event == "line":
            self.run += 1
            if self.run == self._deadly:
                os.kill(os.getpid(), signal.SIGKILL)
        return self._line


def in_a_process(
    work: Coroutine[Any, Any, None], lines: Lines | None = None, report: Path | None = None
) -> bool:
    """Whether it came to its end, rather than being killed."""
    child = os.fork()
    if child == 0:
        if lines is not None:
            lines.watch()
        asyncio.run(work)
        sys.settrace(None)
        if lines is not None and report is not None:
            report.write_text(str(lines.run))
        os._exit(0)
    work.close()
    _, status = os.waitpid(child, 0)
    if status not in {0, signal.SIGKILL}:
        raise RuntimeError(f"a life ended with status {status}")
    return status == 0


def main(directory: Path, points: int, scope: str) -> None:
    fresh = directory / "fresh"
    in_a_process(upgrade(settings(fresh)))  # type: ignore[arg-type]
    shutil.copytree(fresh, directory / "counted")
    in_a_process(story(directory / "counted", 1), Lines(scope, None), directory / "lines")
    total = int((directory / "lines").read_text())
    for point in range(points):
        place = directory / f"{point}"
        shutil.copytree(fresh, place)
        first, second = 1 + point * total // points, 1 + (point * 7919) % total
        killed = [
            not in_a_process(story(place, life), Lines(scope, line))
            for life, line in ((1, first), (2, second))
        ]
        in_a_process(aftermath(place))
        result = json.loads((place / "result").read_text())
        sys.stdout.write(json.dumps({"lines": [first, second], "killed": killed, **result}) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
