"""The shell round the pure rest of this room: connects, subscribes, takes stock, listens, pings, and starts again.

Messages go to the translator as they arrive, its signals to whoever was given as `heard`. After every connection the PBX's
state is compared with what is known (`snapshot.py`). A time without observation is told to the observer, never passed over.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from typing import Protocol

from ami_listener import session
from ami_listener.connection import AmiConnection
from ami_listener.errors import AmiActionFailed, AmiAuthError, AmiConnectionLost, AmiError, AmiPermissionError
from ami_listener.message import Message
from ami_listener.settings import AmiSettings
from ami_listener.snapshot import STATUS_VARIABLES, KnownCall, channel_states, resume
from ami_listener.translate import Translator
from hotline.signals import Signal

NOT_RUNNING = "service was not running"
STOPPED = "service was stopped"
LOST = "connection to the PBX lost"

# Messages that may wait while the PBX's state is being read; 100 calls a second make about 1,600 in a second.
MAX_WAITING = 100_000


class ListenerObserver(Protocol):
    """Whoever shows what the listener goes through: logs, metrics, the store of blind intervals."""

    def connected(self) -> None:
        """The PBX is observed from now on."""

    def blind(self, since: datetime, until: datetime | None, reason: str) -> None:
        """The PBX is not, or was not, observed; `until` None while it lasts (R-REPORT-3)."""

    def problem(self, text: str) -> None:
        """One line for a person, with what to do. The same line is told once until it is mended."""

    def handled(self, at: datetime | None) -> None:
        """A message was handled; `at` is the PBX's time of it, if it tells one."""

    def dropped(self, count: int) -> None:
        """So many events were dropped unread."""


class Tracking(Protocol):
    """The calls the listener feeds."""

    def heard(self, signals: list[Signal]) -> None: ...

    def known_calls(self) -> Collection[KnownCall]:
        """Calls held as open, those of an earlier process included."""

    def resync(self, alive: frozenset[str]) -> None:
        """Stock was taken: these calls are under way, the others ended unobserved."""


def utc_now() -> datetime:
    return datetime.now(UTC)


class Listener:
    """Observes one PBX until cancelled. Never raises for what the network or the PBX does."""

    def __init__(
        self,
        settings: AmiSettings,
        translator: Translator,
        tracking: Tracking,
        observer: ListenerObserver,
        *,
        on_bytes: Callable[[bytes], None] | None = None,
        observed_until: datetime | None = None,
        blind_reason: str = NOT_RUNNING,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """`observed_until`: when an earlier process last saw this PBX; the time since then is blind, for `blind_reason`.

        Both may be read at any time: what a successor of this process would have to be given.
        `on_bytes` gets what is read from the socket as it comes, and b"" when a connection is over.
        """
        self.settings = settings
        self.observed_until = observed_until
        self.blind_reason = blind_reason
        self._translator = translator
        self._tracking = tracking
        self._observer = observer
        self._on_bytes = on_bytes
        self._now = now
        self._connection: AmiConnection | None = None
        self._waiting: list[Message] | None = None
        self._dropped_before = 0
        self._told: set[str] = set()

    async def run(self) -> None:
        """Connect and listen, again and again."""
        settings = self.settings
        backoff = session.Backoff(settings.retry_seconds_min, settings.retry_seconds_max)
        if self.observed_until is not None:
            self._observer.blind(self.observed_until, None, self.blind_reason)
        while True:
            try:
                await self._listen(backoff)
            except AmiAuthError as error:
                self._tell(str(error))
                pause = settings.refused_retry_seconds
            except AmiError as error:
                self._tell(str(error))
                pause = backoff.pause()
            await asyncio.sleep(pause)

    async def _listen(self, backoff: session.Backoff) -> None:
        connection: AmiConnection | None = None
        self._waiting = []
        self._dropped_before = 0
        reason = LOST
        try:
            connection = await AmiConnection.open(self.settings, self._on_messages, self._on_bytes)
            self._connection = connection
            await connection.subscribe()
            await self._take_stock(connection)
            backoff.reset()
            self._told.clear()
            await self._heartbeat(connection)
        except asyncio.CancelledError:
            reason = STOPPED
            raise
        finally:
            self._connection = None
            if connection is not None:
                connection.close()
                if self._on_bytes is not None:
                    self._on_bytes(b"")
                self._goes_blind(reason)

    def _goes_blind(self, reason: str) -> None:
        if self._waiting is not None or self.observed_until is None:
            return
        if reason == STOPPED:  # nothing was lost: we looked until now
            self.observed_until = self._now()
        self.blind_reason = reason
        self._observer.blind(self.observed_until, None, reason)

    # -- at the start of a connection -----------------------------------------------------------------------------

    async def _take_stock(self, connection: AmiConnection) -> None:
        """Compare the PBX's state with what is known, then let the events through that came meanwhile."""
        pong = await connection.act("Ping")
        try:
            rows = await connection.ask_list("Status", Variables=STATUS_VARIABLES)
        except AmiPermissionError:
            self._tell(session.missing_write(self.settings, "read the state of calls (Status)"))
            rows = []
        scene = self._translator.scene
        alive = resume(scene, channel_states(rows), self._tracking.known_calls())
        signals, scene.signals = scene.signals, []
        self._tracking.heard(signals)
        self._tracking.resync(alive)
        waiting, self._waiting = self._waiting or [], None
        if self.observed_until is not None:
            self._observer.blind(self.observed_until, self._now(), self.blind_reason)
        self.observed_until, self.blind_reason = self._now(), NOT_RUNNING
        self._observer.connected()
        before = str(pong.get("timestamp", ""))
        self._handle([m for m in waiting if m.headers.get("Timestamp", before) >= before])

    # -- while connected ------------------------------------------------------------------------------------------

    def _on_messages(self, messages: list[Message]) -> None:
        if self._waiting is None:
            self._handle(messages)
        elif len(self._waiting) < MAX_WAITING:
            self._waiting += messages
        elif self._connection is not None:
            self._connection.close()  # taking stock took too long for this traffic; begin again

    def _handle(self, messages: list[Message]) -> None:
        if not messages:
            return
        now = self._now()
        heard: list[Signal] = []
        times: list[datetime | None] = []
        for message in messages:
            heard += self._translator.feed(message, now)
            times.append(self._translator.at)
        if heard:
            self._tracking.heard(heard)
        self.observed_until = now
        if not self._translator.tells_time and any("Uniqueid" in message.headers for message in messages):
            self._tell(session.missing_timestamps(self.settings))
        for at in times:
            self._observer.handled(at)
        self._observer.dropped(self._newly_dropped())

    def _newly_dropped(self) -> int:
        if self._connection is None:
            return 0
        dropped = self._connection.reader.counts.dropped
        newly, self._dropped_before = dropped - self._dropped_before, dropped
        return newly

    async def _heartbeat(self, connection: AmiConnection) -> None:
        """Ping until the connection is lost; an unanswered ping loses it. Now and then look for what was not told."""
        pause = self.settings.heartbeat_seconds
        unseen: frozenset[str] = frozenset()
        while True:
            try:
                async with asyncio.timeout(pause):
                    await connection.lost.wait()
                    raise AmiConnectionLost(
                        f"{self.settings.name}: the PBX closed the connection; connecting again"
                    )
            except TimeoutError:
                pass
            try:
                async with asyncio.timeout(max(pause / 2, 0.5)):
                    await connection.act("Ping")
            except TimeoutError:
                raise AmiConnectionLost(
                    f"{self.settings.name}: no answer to a ping; connecting again"
                ) from None
            self.observed_until = self._now()
            unseen = await self._untold(connection, unseen)

    async def _untold(self, connection: AmiConnection, before: frozenset[str]) -> frozenset[str]:
        """Channels the PBX has and never told us of, twice in a row: events are missing or may not be read."""
        try:
            rows = await connection.ask_list("CoreShowChannels")
        except (AmiPermissionError, AmiActionFailed):
            return frozenset()
        scene = self._translator.scene
        known = scene.topology.channels.keys() | scene.gone.keys()
        unseen = frozenset(str(row.get("uniqueid", "")) for row in rows) - known - {""}
        if unseen & before:
            self._tell(session.missing_read(self.settings))
            raise AmiConnectionLost(
                f"{self.settings.name}: calls are under way that were never told; taking stock again"
            )
        return unseen

    def _tell(self, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._observer.problem(text)
