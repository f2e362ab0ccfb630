"""A listener beside a fake PBX, with somebody to tell: what it heard, what it told, and how to wait for that."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection
from dataclasses import replace
from datetime import datetime
from typing import Any

from ami_listener.listener import Listener
from ami_listener.settings import AmiSettings
from ami_listener.snapshot import KnownCall
from ami_listener.translate import Translator
from hotline.calls import CallTracker
from hotline.records import Anomaly, CallRecord, Fact
from hotline.signals import Signal
from tests.ami_listener.written import Pbx

QUICK = AmiSettings(
    username="tracker",
    secret="secret",
    connect_seconds=2.0,
    action_seconds=2.0,
    heartbeat_seconds=5.0,
    retry_seconds_min=0.01,
    retry_seconds_max=0.05,
    refused_retry_seconds=0.05,
)


class Ear:
    """Implements `Tracking` and `ListenerObserver` for one tracker."""

    def __init__(self) -> None:
        self.tracker = CallTracker()
        self.facts: list[Fact] = []
        self.blind_times: list[tuple[datetime, datetime | None, str]] = []
        self.problems: list[str] = []
        self.times_connected = 0
        self.handled_times: list[datetime | None] = []
        self.dropped_events = 0
        self._news = asyncio.Event()

    # -- Tracking

    def heard(self, signals: list[Signal]) -> None:
        self.facts += self.tracker.feed_all(signals)
        self._news.set()

    def known_calls(self) -> Collection[KnownCall]:
        return [
            KnownCall(call.call_id, frozenset(a.channel for a in call.attempts), call.from_pbx)
            for call in self.tracker.open_calls.values()
        ]

    def resync(self, alive: frozenset[str]) -> None:
        self.facts += self.tracker.resync(alive)
        self._news.set()

    # -- ListenerObserver

    def connected(self) -> None:
        self.times_connected += 1
        self._news.set()

    def blind(self, since: datetime, until: datetime | None, reason: str) -> None:
        self.blind_times.append((since, until, reason))
        self._news.set()

    def problem(self, text: str) -> None:
        self.problems.append(text)
        self._news.set()

    def handled(self, at: datetime | None) -> None:
        self.handled_times.append(at)
        self._news.set()

    def dropped(self, count: int) -> None:
        self.dropped_events += count

    # -- for tests

    @property
    def records(self) -> list[CallRecord]:
        return [fact for fact in self.facts if isinstance(fact, CallRecord)]

    @property
    def anomalies(self) -> list[str]:
        return [fact.kind for fact in self.facts if isinstance(fact, Anomaly)]

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait for what is told to make it true."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            raise AssertionError(f"connected {self.times_connected} times; {self.problems}") from None


@contextlib.asynccontextmanager
async def listening(
    port: int, ear: Ear, observed_until: datetime | None = None, **settings: Any
) -> AsyncIterator[Listener]:
    """A listener that runs until the block is left."""
    on_bytes = settings.pop("on_bytes", None)
    listener = Listener(
        replace(QUICK, port=port, **settings),
        Translator(),
        ear,
        ear,
        on_bytes=on_bytes,
        observed_until=observed_until,
    )
    task = asyncio.create_task(listener.run(), name="listener")
    try:
        yield listener
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def one_line(text: str, *words: str) -> bool:
    """As everything said to people: one line, with these words in it."""
    return "\n" not in text and all(word in text for word in words)


def call() -> Pbx:
    """One answered call, from its arrival to its end."""
    pbx = Pbx()
    caller = pbx.arrives()
    leg = pbx.rung(caller)
    pbx.talks(caller, leg)
    pbx.over(leg, caller, by=caller)
    return pbx
