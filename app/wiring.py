"""Puts the rooms together for `threerings run`: one place of choice, nothing done at import."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError, version

from prometheus_client import CollectorRegistry

from ami_listener.listener import Listener
from ami_listener.translate import Translator
from app.observer import ServiceObserver
from app.pipeline import Pipeline
from app.settings import Settings
from hotline.calls import CallTracker
from hotline.ports import FactSink
from hotline.records import AnomalyKind, Fact
from metrics.meters import Meters
from metrics.page import MetricsPage
from storage.database import Database
from storage.journal import Journal
from storage.migration import upgrade
from storage.open_calls import OpenCalls
from storage.store import SqlStore
from storage.writer import FactWriter

TICK_SECONDS = 1.0
MARK_EVERY = 5  # ticks between two marks of "observed until here": what a kill -9 may blur
DRAIN = timedelta(seconds=10)


def utc_now() -> datetime:
    return datetime.now(UTC)


def program_version() -> str:
    try:
        return version("threerings")
    except PackageNotFoundError:
        return "unknown"


class Service:
    """The running service. `async with Service(settings) as service: await service.run()`; leaving stops it gracefully.

    `extra_sinks` see every fact too (the demo's table).
    """

    def __init__(
        self,
        settings: Settings,
        *,
        extra_sinks: tuple[FactSink, ...] = (),
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self.settings = settings
        self._now = now
        self._extra_sinks = extra_sinks
        self._stack = AsyncExitStack()
        self.registry = CollectorRegistry()
        self.meters = Meters(
            self.registry,
            pbxes=[settings.ami.name],
            lines=[line.name for line in settings.directory.lines],
            roles=sorted({phone.role for phone in settings.directory.phones if phone.role}),
            anomaly_kinds=list(AnomalyKind),
            version=program_version(),
            clock=now,
        )
        self.tracker = CallTracker(settings.ami.name, settings.directory)

    async def __aenter__(self) -> Service:
        try:
            await self._open()
        except BaseException:
            await self._stack.aclose()
            raise
        return self

    async def __aexit__(self, *_exc: object) -> None:
        """What is in flight is finished: the last facts go to the database, or stay on disk for the next start."""
        self._mark_observed()
        await self.writer.drain(DRAIN)
        await self._stack.aclose()

    async def _open(self) -> None:
        settings, stack = self.settings, self._stack
        self.observer = ServiceObserver(settings.ami.name, self.meters, self._take)
        await upgrade(settings.storage)
        database = Database(settings.storage)
        stack.push_async_callback(database.close)
        self.store = SqlStore(database)
        self.writer = FactWriter(self.store, settings.storage, observer=self.observer, clock=self._now)
        stack.callback(self.writer.close)
        open_calls = OpenCalls(settings.storage, self.observer)
        stack.callback(open_calls.close)
        self.sinks: tuple[FactSink, ...] = (self.writer, self.meters, *self._extra_sinks)
        self.pipeline = Pipeline(self.tracker, open_calls, self.sinks, self._show_open_calls)
        observed_until = self.pipeline.restore(open_calls.load())
        journal = Journal(settings.storage, settings.ami.name, self.observer)
        stack.callback(journal.close)
        self.listener = Listener(
            settings.ami,
            Translator(settings.directory.is_trunk),
            self.pipeline,
            self.observer,
            on_bytes=journal.write if settings.storage.journal.enabled else None,
            observed_until=observed_until,
            now=self._now,
        )
        if settings.metrics.enabled:
            self.page = await stack.enter_async_context(MetricsPage(settings.metrics, self.registry))

    async def run(self) -> None:
        """Until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.writer.run(), name="writer")
            tasks.create_task(self.listener.run(), name="listener")
            tasks.create_task(self._tick(), name="tick")

    async def _tick(self) -> None:
        ticks = 0
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.pipeline.tick(self._now())
            self.pipeline.show_open_calls()
            ticks += 1
            if ticks % MARK_EVERY == 0:
                self._mark_observed()

    def _mark_observed(self) -> None:
        if self.listener.observed_until is not None:
            self.pipeline.mark_observed(self.listener.observed_until)

    def _take(self, fact: Fact) -> None:
        for sink in self.sinks:
            sink.take(fact)

    def _show_open_calls(self, by_line: dict[str | None, int]) -> None:
        self.meters.open_calls(self.settings.ami.name, by_line)
