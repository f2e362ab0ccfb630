"""`threerings run` as systemd would start it: a process with a configuration file, its log, its metrics, its database."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
import urllib.request
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import yaml
from prometheus_client.parser import text_string_to_metric_families

from hotline.ports import StorageUnavailable
from hotline.records import BlindInterval, CallRecord
from lab.pbx import Pbx
from storage.database import Database
from storage.settings import StorageSettings
from storage.store import SqlStore

SECONDS = 20.0


class ServiceProcess:
    """One installation: `directory` holds its data and its configuration; it may be started again and again."""

    def __init__(
        self, directory: Path, *, port: int, secret: str, user: str = "all", **sections: Any
    ) -> None:
        """`sections`: settings that differ from these quick ones, as in config.yaml."""
        self.directory = directory
        self.secret = secret
        self.runs = 0
        self._process: asyncio.subprocess.Process | None = None
        pbx = {
            "port": port,
            "username": user,
            "heartbeat_seconds": 1,
            "retry_seconds_min": 0.1,
            "retry_seconds_max": 0.5,
        }
        storage = {
            "data_dir": str(directory / "data"),
            "batch_delay_seconds": 0.05,
            "busy_timeout_seconds": 0.5,
            "retry_seconds": 0.05,
            "retry_max_seconds": 0.3,
        }
        self.config: dict[str, Any] = {
            "pbx": pbx | sections.pop("pbx", {}),
            "storage": storage | sections.pop("storage", {}),
            "metrics": {"port": 0},
            "log": {"format": "json"},
            **sections,
        }

    @classmethod
    def beside(cls, asterisk: Pbx, directory: Path, **sections: Any) -> ServiceProcess:
        return cls(directory, port=asterisk.ami_port, secret=asterisk.secret, **sections)

    async def start(self) -> None:
        """Start and wait until it says that it has started."""
        await self.launch()
        await self.until(lambda: any(line["event"] == "started" for line in self.log()))

    async def launch(self, *wrapper: str) -> None:
        """Start only; `wrapper`: a command to start it with."""
        self.runs += 1
        self.directory.mkdir(exist_ok=True)
        file = self.directory / "config.yaml"
        file.write_text(yaml.safe_dump(self.config))
        command = [*wrapper, sys.executable, "-m", "app.main", "run", "--config", str(file)]
        with self.log_file.open("wb") as log:
            # the kernel ends it with us, however we end; setpriv keeps the pid
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL", *command,
                env={**os.environ, "THREERINGS_PBX_SECRET": self.secret},
                stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
            )  # fmt: skip

    @property
    def process(self) -> asyncio.subprocess.Process:
        assert self._process is not None
        return self._process

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self) -> int:
        """SIGTERM; its exit status."""
        self.process.terminate()
        return await self.ended()

    async def ended(self) -> int:
        async with asyncio.timeout(SECONDS):
            return await self.process.wait()

    # -- what it says ---------------------------------------------------------------------------------------------

    @property
    def log_file(self) -> Path:
        return self.directory / f"log-{self.runs}"

    @property
    def text(self) -> str:
        """What this run wrote to its terminal."""
        return self.log_file.read_text()

    def log(self, run: int | None = None) -> list[dict[str, Any]]:
        """The log lines of a run, by default of the last one."""
        lines = (self.directory / f"log-{run or self.runs}").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def said(self, words: str) -> list[dict[str, Any]]:
        """Lines of this run that hold these words."""
        return [line for line in self.log() if words in line["event"]]

    async def until(self, condition: Callable[[], bool], seconds: float = SECONDS) -> None:
        """Wait for what has to happen; AssertionError with the log when it does not."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    assert self.process.returncode is None, self.text
                    await asyncio.sleep(0.01)
        except TimeoutError:
            raise AssertionError(self.text) from None

    async def until_said(self, words: str, seconds: float = SECONDS) -> None:
        await self.until(lambda: bool(self.said(words)), seconds)

    async def until_observing(self) -> None:
        await self.until(lambda: any(line["event"] == "observing" for line in self.log()))

    def talks_heard(self) -> int:
        """How often it has heard, since its start, that somebody began to talk."""
        open_calls = self.directory / "data" / "open-calls.jsonl"
        return open_calls.read_text().count("TalkBegan") if open_calls.exists() else 0

    async def metrics(self) -> Metrics:
        address = next(line["metrics"] for line in self.log() if line["event"] == "started")
        return await asyncio.to_thread(_read_metrics, address)

    # -- what it kept ---------------------------------------------------------------------------------------------

    @contextlib.asynccontextmanager
    async def store(self) -> AsyncIterator[SqlStore]:
        settings = StorageSettings(data_dir=self.directory / "data", url=self.config["storage"].get("url"))
        database = Database(settings)
        try:
            yield SqlStore(database)
        finally:
            await database.close()

    async def calls(self) -> list[CallRecord]:
        """Every call in the database, in order of arrival."""
        found: list[CallRecord] = []
        cursor = None
        async with self.store() as store:
            while True:
                page = await store.calls(limit=1000, cursor=cursor)
                found += page.calls
                cursor = page.next
                if cursor is None:
                    return found

    async def until_calls(self, count: int, seconds: float = SECONDS) -> list[CallRecord]:
        """The calls as soon as there are so many."""
        calls: list[CallRecord] = []
        try:
            async with asyncio.timeout(seconds):
                while len(calls) < count:
                    await asyncio.sleep(0.05)
                    with contextlib.suppress(StorageUnavailable):  # no tables yet
                        calls = await self.calls()
        except TimeoutError:
            raise AssertionError(f"{calls}\n{self.text}") from None
        return calls

    async def blind_intervals(self) -> list[BlindInterval]:
        async with self.store() as store:
            return await store.blind_intervals()


class Metrics:
    """One reading of /metrics."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._samples = [
            sample for family in text_string_to_metric_families(text) for sample in family.samples
        ]

    def value(self, name: str, **labels: str) -> float:
        """The sum over the series with these labels."""
        return sum(
            sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        )


def _read_metrics(address: str) -> Metrics:
    with urllib.request.urlopen(address, timeout=5) as answer:
        return Metrics(answer.read().decode())


@contextlib.asynccontextmanager
async def service_beside(asterisk: Pbx, directory: Path, **sections: Any) -> AsyncIterator[ServiceProcess]:
    """A service that observes this PBX; killed at the end, if it still runs."""
    service = ServiceProcess.beside(asterisk, directory, **sections)
    try:
        await service.start()
        await service.until_observing()
        yield service
    finally:
        await service.kill()
