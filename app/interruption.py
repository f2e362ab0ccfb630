"""Running a command that somebody ends: Ctrl-C and SIGTERM cancel its work, which then finishes what is in flight."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

_T = TypeVar("_T")


def run_until_stopped(work: Coroutine[Any, Any, _T]) -> _T | None:
    """What the work returns, None when it was stopped. A second signal cancels the tidying up as well."""

    async def supervised() -> _T:
        task = asyncio.ensure_future(work)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
        return await task

    try:
        return asyncio.run(supervised())
    except asyncio.CancelledError:
        return None
