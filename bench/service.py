"""`threerings run` as a process beside the lab's PBX: what it says at /metrics, and what it left in its database.

Comes in: a running `Pbx` and a folder. Goes out: `ServiceUnderLoad`. The database is read with sqlite3 alone, so that what
is judged does not judge itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import sys
import urllib.request
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from prometheus_client.parser import text_string_to_metric_families

from bench.errors import BenchError
from bench.processes import environment
from bench.stories import REPOSITORY
from lab.pbx import Pbx

START_SECONDS = 20.0
STOP_SECONDS = 15.0
STORED_SECONDS = 20.0  # after the last call; the service writes twice a second
_LAG = "threerings_event_lag_seconds_bucket"


@dataclass(frozen=True, slots=True)
class Lag:
    """Events by how late they were handled: upper bound of the bucket in seconds -> events."""

    buckets: Mapping[float, float]

    def __sub__(self, earlier: Lag) -> Lag:
        return Lag({bound: count - earlier.buckets.get(bound, 0) for bound, count in self.buckets.items()})

    @property
    def events(self) -> int:
        return round(sum(self.buckets.values()))

    def quantile(self, share: float) -> float:
        """The bound below which so many of the events are: infinite beyond the last bucket, 0 without events."""
        seen = 0.0
        for bound, count in sorted(self.buckets.items()):
            seen += count
            if self.events and seen >= share * self.events:
                return bound
        return 0.0


@dataclass(frozen=True, slots=True)
class Kept:
    """One caller's records: how many, how many of them answered, and how long the first rang (seconds)."""

    records: int
    answered: int
    ring_seconds: float | None


class ServiceUnderLoad:
    """`async with ServiceUnderLoad(pbx, folder) as service`; it observes the PBX from then on."""

    def __init__(self, pbx: Pbx, folder: Path) -> None:
        self._pbx = pbx
        self._folder = folder
        self._process: asyncio.subprocess.Process | None = None
        self._metrics = ""

    async def __aenter__(self) -> Self:
        config = {
            "pbx": {"port": self._pbx.ami_port, "username": "all"},
            "storage": {"data_dir": str(self._folder / "data")},
            "metrics": {"port": 0},
            "log": {"format": "json"},
        }
        (self._folder / "config.yaml").write_text(json.dumps(config))  # JSON is YAML
        with self._log.open("wb") as log:
            # the kernel ends it with us, however we end; setpriv keeps the pid
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL",
                sys.executable, "-m", "app.main", "run", "--config", str(self._folder / "config.yaml"),
                cwd=REPOSITORY, env=environment(self._folder) | {"THREERINGS_PBX_SECRET": self._pbx.secret},
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip
        try:
            await self._observing()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise BenchError("the service was not started; use `async with`")
        return self._process.pid

    @property
    def _log(self) -> Path:
        return self._folder / "service.log"

    async def _observing(self) -> None:
        try:
            async with asyncio.timeout(START_SECONDS):
                while True:
                    said = {line["event"]: line for line in self._said()}
                    if "started" in said and "observing" in said:
                        self._metrics = said["started"]["metrics"]
                        return
                    if self._process is None or self._process.returncode is not None:
                        raise BenchError(f"the service ended at once: {self._last_words()}")
                    await asyncio.sleep(0.05)
        except TimeoutError:
            raise BenchError(
                f"the service did not observe the PBX in {START_SECONDS:g} s: {self._last_words()}"
            ) from None

    def _said(self) -> list[dict[str, str]]:
        lines = self._log.read_text(errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def _last_words(self) -> str:
        return " ".join(self._log.read_text(errors="replace").splitlines()[-1:])

    async def _end(self) -> None:
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.terminate()
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    async def lag(self) -> Lag:
        """Of all events since the service started."""
        return lag_of(await asyncio.to_thread(_read, self._metrics))

    async def kept(self, prefix: str, callers: int) -> dict[str, Kept]:
        """What was recorded of the callers whose numbers begin so; waits for `callers` of them, within reason."""
        deadline = asyncio.get_running_loop().time() + STORED_SECONDS
        while True:
            found = await asyncio.to_thread(records_by_caller, self._folder / "data/threerings.db", prefix)
            if len(found) >= callers or asyncio.get_running_loop().time() > deadline:
                return found
            await asyncio.sleep(0.5)


def _read(address: str) -> str:
    with urllib.request.urlopen(address, timeout=10) as answer:  # noqa: S310 - our own service
        text: str = answer.read().decode()
        return text


def lag_of(page: str) -> Lag:
    """Take the cumulative buckets of a /metrics page apart."""
    cumulative: Counter[float] = Counter()
    for family in text_string_to_metric_families(page):
        for sample in family.samples:
            if sample.name == _LAG:
                cumulative[float(sample.labels["le"])] += sample.value  # type: ignore[assignment]
    buckets, before = {}, 0.0
    for bound, count in sorted(cumulative.items()):
        buckets[bound], before = count - before, count
    return Lag(buckets)


def records_by_caller(database: Path, prefix: str) -> dict[str, Kept]:
    """Read without writing; a caller of a load has a number of its own."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as connection:
        rows = connection.execute(
            "SELECT caller_number, count(*), sum(outcome = 'answered'), min(ring_time) FROM calls"
            " WHERE caller_number LIKE ? GROUP BY caller_number",
            (prefix + "%",),
        ).fetchall()
    return {
        number: Kept(records, answered, None if ring is None else ring / 1e6)
        for number, records, answered, ring in rows
    }
