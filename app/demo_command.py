"""`threerings demo`: plays the demo and shows it, in a terminal as a living table, elsewhere line by line."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live

from app.call_table import NOTE
from app.demo import play
from app.demo_calls import SECONDS
from app.demo_screen import TITLE, EndedCalls, ended_table, line_of, picture, save_picture
from app.failures import OF_THE_SERVICE, reason_for_a_person
from app.interruption import run_until_stopped
from app.log_settings import LogSettings
from app.logs import set_up_logs
from app.wiring import Service
from lab.errors import LabError

FRAMES_PER_SECOND = 4
_FOR_A_PERSON = (*OF_THE_SERVICE, LabError, OSError)  # the last: no free ports, a full disk


def run_demo(svg: Path | None) -> str | None:
    """Play it to its end or until Ctrl-C. Returns one line when it could not be played."""
    console = Console(highlight=False, soft_wrap=True)
    directory = Path(tempfile.mkdtemp(prefix="threerings-demo-"))
    ended = EndedCalls() if console.is_terminal else EndedCalls(lambda record: console.print(line_of(record)))
    console.print(f"{TITLE}\nstarting Asterisk and its phones ...")
    try:
        with (directory / "service.log").open("w") as log:
            set_up_logs(LogSettings(), log)
            run_until_stopped(play(directory, ended, _Show(console, ended)))
    except Exception as error:
        reason = reason_for_a_person(error, _FOR_A_PERSON)
        if reason is None:
            raise
        return reason
    finally:
        _say_goodbye(console, ended, directory)
    if svg is not None:
        save_picture(ended, svg)
    return None


class _Show:
    """Beside the calls: the table that lives, or where to look."""

    def __init__(self, console: Console, ended: EndedCalls) -> None:
        self._console = console
        self._ended = ended

    async def __call__(self, service: Service) -> None:
        if not self._console.is_terminal:
            self._console.print(f"about {SECONDS} s, metrics at {service.metrics_address}")
            return
        began = time.monotonic()
        with Live(console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                seconds = time.monotonic() - began
                status = f"{seconds:.0f} s of about {SECONDS} s, metrics at {service.metrics_address}, Ctrl-C ends it"
                calls = list(service.tracker.open_calls.values())
                now, size = datetime.now(UTC), (self._console.width, self._console.height - 1)
                live.update(picture(calls, self._ended, now, status, size), refresh=True)
                await asyncio.sleep(1 / FRAMES_PER_SECOND)


def _say_goodbye(console: Console, ended: EndedCalls, directory: Path) -> None:
    """What there is to look at afterwards; nothing is left where nothing happened."""
    if not ended.records:
        shutil.rmtree(directory)
        return
    if console.is_terminal:
        console.print(ended_table(ended.records, console.width))
        console.print(f"\n{NOTE}", style="dim")
    recordings = " ".join(str(path) for path in sorted((directory / "journal").glob("*.ami")))
    console.print(f"\n[bold]{ended.summary()}[/]")
    console.print(f"database   {directory / 'threerings.db'}")
    console.print(f"once more  threerings replay --config {directory / 'config.yaml'} {recordings}")
