"""A service in this process, beside a PBX of words: what it needs to run, and how to wait for what it does."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from ami_listener.settings import AmiSettings
from app.log_settings import LogSettings
from app.settings import Settings
from app.wiring import Service
from hotline.directory import Directory, Line
from hotline.ports import FactSink
from hotline.records import BlindInterval, CallRecord, Fact
from metrics.settings import MetricsSettings
from storage.settings import JournalSettings, StorageSettings
from tests.fakes.ami_peer import AmiPeer

QUICK: dict[str, Any] = {
    "batch_delay_seconds": 0.01,
    "busy_timeout_seconds": 0.2,
    "retry_seconds": 0.02,
    "retry_max_seconds": 0.1,
    "journal": JournalSettings(enabled=True),
}


class Facts:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.all: list[Fact] = []

    def take(self, fact: Fact) -> None:
        self.all.append(fact)

    @property
    def calls(self) -> list[CallRecord]:
        return [fact for fact in self.all if isinstance(fact, CallRecord)]

    @property
    def blind(self) -> list[BlindInterval]:
        return [fact for fact in self.all if isinstance(fact, BlindInterval)]


def settings_for(port: int, directory: Path, **storage: object) -> Settings:
    """Quick in everything."""
    return Settings(
        ami=AmiSettings(
            port=port, secret="secret", connect_seconds=1, action_seconds=1, heartbeat_seconds=0.2,
            retry_seconds_min=0.01, retry_seconds_max=0.05, refused_retry_seconds=0.05,
        ),
        directory=Directory((Line("service", ("101",)),)),
        storage=StorageSettings(**(QUICK | {"data_dir": directory} | storage)),
        metrics=MetricsSettings(port=0),
        log=LogSettings(),
    )  # fmt: skip


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def running(
    peer: AmiPeer, directory: Path, *sinks: FactSink, **storage: object
) -> AsyncIterator[Service]:
    """A service that observes `peer`, until the block ends; then it has stopped gracefully."""
    async with Service(settings_for(peer.port, directory, **storage), extra_sinks=sinks) as service:
        work = asyncio.create_task(service.run())
        try:
            async with asyncio.timeout(10):
                await service.observing.wait()
            yield service
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
