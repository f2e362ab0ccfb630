"""Ctrl-C and SIGTERM let work finish what is in flight; a second one does not wait."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from app.interruption import run_until_stopped


def soon(number: signal.Signals, after: float = 0.02) -> None:
    asyncio.get_running_loop().call_later(after, os.kill, os.getpid(), number)


def test_work_that_ends_by_itself_gives_its_result() -> None:
    async def work() -> int:
        return 3

    assert run_until_stopped(work()) == 3


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_it_tidy_up(number: signal.Signals) -> None:
    tidied: list[str] = []

    async def work() -> int:
        soon(number)
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.05)
            tidied.append("all")
        return 3

    assert run_until_stopped(work()) is None
    assert tidied == ["all"]


def test_a_second_signal_ends_the_tidying_up() -> None:
    tidied: list[str] = []

    async def work() -> None:
        soon(signal.SIGTERM)
        soon(signal.SIGTERM, 0.1)
        try:
            await asyncio.Event().wait()
        finally:
            try:
                await asyncio.Event().wait()
            finally:
                tidied.append("the least")

    assert run_until_stopped(work()) is None
    assert tidied == ["the least"]


def test_what_fails_fails() -> None:
    async def work() -> None:
        raise OSError("no")

    with pytest.raises(OSError, match="no"):
        run_until_stopped(work())
