"""`threerings record FILE`: what the PBX says, byte by byte into a file, until Ctrl-C."""

from __future__ import annotations

import asyncio
import time
from contextlib import nullcontext
from pathlib import Path

from rich.console import Console
from rich.status import Status

from ami_listener.connection import AmiConnection
from ami_listener.errors import AmiConnectionLost, AmiError
from app.interruption import run_until_stopped
from app.recording import Recording
from app.settings import Settings

SHOWN_EVERY = 0.5  # seconds


def record(settings: Settings, path: Path) -> str | None:
    """Record until stopped. Returns one line when it could not begin, or not go on."""
    console = Console(stderr=True, highlight=False)
    recording = Recording(path, settings.ami.name, settings.directory)
    began = time.monotonic()
    problem = None
    try:
        with recording:
            run_until_stopped(_record(settings, recording, console))
    except FileExistsError:
        return f"{path} is there already; name a new file"
    except AmiError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{path}: {error.strerror}; name a file that can be written, on a disk with space"
    if recording.size:
        seconds = time.monotonic() - began
        console.print(
            f"recorded {_megabytes(recording.size)} in {seconds:.0f} s, {recording.events} events, "
            f"{recording.calls} calls; look at them with: threerings replay {path}",
            soft_wrap=True,
        )
    return problem


async def _record(settings: Settings, recording: Recording, console: Console) -> None:
    where = f"{settings.ami.host}:{settings.ami.port}"
    connection = await AmiConnection.open(settings.ami, lambda _messages: None, recording.write)
    try:
        await connection.subscribe()
        console.print(f"recording {where} into {recording.path}; Ctrl-C ends it", soft_wrap=True)
        with Status("", console=console) if console.is_terminal else nullcontext() as status:
            await _follow(connection, recording, status)
    finally:
        connection.close()


async def _follow(connection: AmiConnection, recording: Recording, status: Status | None) -> None:
    """Until cancelled. Raises AmiConnectionLost, a PBX that answers no ping included, and OSError for the file."""
    settings = connection.settings
    speed, ping_at = _Speed(recording.events), time.monotonic() + settings.heartbeat_seconds
    while recording.error is None:
        try:
            async with asyncio.timeout(SHOWN_EVERY):
                await connection.lost.wait()
        except TimeoutError:
            pass
        else:
            raise AmiConnectionLost(
                f"{settings.name}: the PBX closed the connection; what came until then is kept"
            )
        if status is not None:
            status.update(
                f"{_megabytes(recording.size)}, {speed.now(recording.events):.0f} events/s, "
                f"{recording.calls} calls ended, {recording.open_calls} going on"
            )
        if time.monotonic() >= ping_at:
            await connection.act("Ping")
            ping_at = time.monotonic() + settings.heartbeat_seconds
    raise recording.error


class _Speed:
    """Events per second since it was asked for the last time."""

    def __init__(self, events: int) -> None:
        self._last = (events, time.monotonic())

    def now(self, events: int) -> float:
        before, at = self._last
        self._last = (events, time.monotonic())
        return (events - before) / max(self._last[1] - at, 0.001)


def _megabytes(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 100_000 else f"{size / 1000:.1f} kB"
