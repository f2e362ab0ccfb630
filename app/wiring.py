"""Puts the rooms together for `threerings run`: one place of choice, nothing done at import."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import structlog
from prometheus_client import CollectorRegistry

from ami_listener.listener import NOT_RUNNING, Listener
from ami_listener.translate import Translator
from app.observer import ServiceObserver
from app.pipeline import Observed, Pipeline
from app.settings import Settings
from hotline.calls import CallTracker
from hotline.ports import FactSink, StorageUnavailable
from hotline.records import AnomalyKind
from metrics.meters import Meters
from metrics.page import MetricsPage
from storage.append_file import DIRECTORY_MODE
from storage.database import Database
from storage.errors import StorageError
from storage.journal import Journal
from storage.migration import upgrade
from storage.observer import StorageObserver
from storage.open_calls import OpenCalls
from storage.settings import StorageSettings
from storage.store import SqlStore
from storage.writer import FactWriter

TICK_SECONDS = 1.0
DRAIN = timedelta(seconds=5)

_log = structlog.stdlib.get_logger("service")


class DataDirectoryError(Exception):
    """The service may not write where it has to. One line for the operator."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def program_version() -> str:
    try:
        return version("threerings")
    except PackageNotFoundError:
        return "unknown"


class Service:
    """The running service. `async with Service(settings) as service: await service.run()`; leaving stops it gracefully.

    Entering raises DataDirectoryError, MetricsPageError, or a StorageError that only a person can mend; a database that
    is away is none of them. `extra_sinks` see every fact too (the demo's table). `observing` is set once the PBX was
    reached.
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
        self._prepared = False
        self.observing = asyncio.Event()
        self.metrics_address: str | None = None
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
        try:
            self._mark_observed()
            await self._store_the_rest()
        finally:
            await self._stack.aclose()
        _log.info("stopped", facts_in_spool=self.writer.depth)

    async def _store_the_rest(self) -> None:
        """Not where the database is known to be away: the spool keeps them."""
        if not self.writer.available:
            return
        try:
            async with asyncio.timeout(DRAIN.total_seconds()):
                if not self._prepared:
                    await upgrade(self.settings.storage)
                await self.writer.drain(DRAIN)
        except (TimeoutError, StorageUnavailable, StorageError, OSError):
            return

    async def _open(self) -> None:
        settings, stack = self.settings, self._stack
        _require_writable(settings.storage.data_dir)
        self.observer = ServiceObserver(
            settings.ami.name,
            self.meters,
            self._on_observing,
            lambda interval: self.pipeline.keep([interval]),
        )
        database = Database(settings.storage)
        stack.push_async_callback(database.close)
        self.store = SqlStore(database)
        self.writer = FactWriter(self.store, settings.storage, observer=self.observer, clock=self._now)
        stack.callback(self.writer.close)
        open_calls = OpenCalls(settings.storage, self.observer)
        stack.callback(open_calls.close)
        self.pipeline = Pipeline(self.tracker, open_calls, (self.writer, self.meters, *self._extra_sinks))
        observed = self.pipeline.restore(open_calls.load())
        journal = Journal(settings.storage, settings.ami.name, self.observer)
        stack.callback(journal.close)
        self.listener = Listener(
            settings.ami,
            Translator(settings.directory.is_trunk),
            self.pipeline,
            self.observer,
            on_bytes=partial(_to_journal, journal) if settings.storage.journal.enabled else None,
            observed_until=observed and min(observed.until, self._now()),
            blind_reason=observed.reason if observed else NOT_RUNNING,
            now=self._now,
        )
        if settings.metrics.enabled:
            page = await stack.enter_async_context(MetricsPage(settings.metrics, self.registry))
            self.metrics_address = f"http://{settings.metrics.host}:{page.port}/metrics"

    async def run(self) -> None:
        """Until cancelled. What fails unexpectedly ends everything, in an ExceptionGroup: systemd starts it again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._store_facts(), name="writer")
            tasks.create_task(self.listener.run(), name="listener")
            tasks.create_task(self._tick(), name="tick")

    async def _store_facts(self) -> None:
        await prepare_database(self.settings.storage, self.observer)
        self._prepared = True
        await self.writer.run()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            self.pipeline.tick(self._now())
            self.meters.open_calls(self.settings.ami.name, self.pipeline.open_calls_by_line())
            self._mark_observed()

    def _on_observing(self) -> None:
        self.observing.set()
        self._mark_observed()

    def _mark_observed(self) -> None:
        """What a kill -9 may blur is one tick."""
        until = self.listener.observed_until
        if until is not None:
            self.pipeline.mark_observed(Observed(until, self.listener.blind_reason))


async def prepare_database(settings: StorageSettings, observer: StorageObserver) -> None:
    """Bring the tables up to date, however long the database is away; facts wait in the spool meanwhile.

    Raises StorageError for what waiting does not mend: a newer database, a bad URL.
    """
    pause, lost = settings.retry_seconds, False
    while True:
        try:
            await upgrade(settings)
        except (StorageUnavailable, OSError) as error:
            if not lost:
                observer.store_lost(str(error))
            lost = True
            await asyncio.sleep(pause)
            pause = min(2 * pause, settings.retry_max_seconds)
        else:
            if lost:
                observer.store_back()
            return


def _to_journal(journal: Journal, data: bytes) -> None:
    """Every connection is a stream of its own."""
    if data:
        journal.write(data)
    else:
        journal.close()


def _require_writable(directory: Path) -> None:
    try:
        directory.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise DataDirectoryError(
            f"storage.data_dir: {directory}: {error.strerror}; create it for this user or name another directory"
        ) from error
    if not os.access(directory, os.W_OK | os.X_OK):
        raise DataDirectoryError(f"storage.data_dir: {directory}: make it writable for this user")
