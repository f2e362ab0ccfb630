"""The demo: a real Asterisk with SIP phones from `lab`, calls side by side, and the real service beside them.

Comes in: a folder for everything the service keeps, and who shows what happens. Goes out: nothing but that folder; no
process is left. The calls are in `demo_calls.py`, the screen in `demo_screen.py`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import yaml

from app.config_sections import SECRET_VARIABLE
from app.demo_calls import CALLS, DemoCall, configuration
from app.settings import load
from app.wiring import Service
from hotline.ports import FactSink
from lab.pbx import Pbx
from lab.stage import Lab

SITES = 10
SETTLED_WITHIN = 10.0  # seconds from the last call's end until it is in the database

Show = Callable[[Service], Coroutine[Any, Any, None]]


async def play(directory: Path, sink: FactSink, show: Show) -> None:
    """Play all calls; `show` runs beside them. Raises LabError, or what a Service raises, perhaps in groups."""
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(Pbx(sites=SITES))
        lab = await stack.enter_async_context(Lab(pbx))
        settings = load(_write_configuration(directory, pbx), {SECRET_VARIABLE: pbx.secret})
        service = await stack.enter_async_context(Service(settings, extra_sinks=(sink,)))
        async with asyncio.TaskGroup() as tasks:
            beside = [tasks.create_task(service.run()), tasks.create_task(show(service))]
            await service.observing.wait()
            async with asyncio.TaskGroup() as calls:
                for call in CALLS:
                    calls.create_task(_play_call(lab, call))
            await _settled(service)
            for task in beside:
                task.cancel()


async def _settled(service: Service) -> None:
    """Until the last call is in the database; what is not there in time is missing in the summary."""
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLED_WITHIN):
            while service.tracker.open_calls or service.writer.depth:  # noqa: ASYNC110 - the state of two rooms
                await asyncio.sleep(0.05)


async def _play_call(lab: Lab, call: DemoCall) -> None:
    await asyncio.sleep(call.at)
    async with lab.stage() as stage:
        stage.set_answers(call.answers)
        await stage.call("trunk", call.caller)
        await stage.settle()


def _write_configuration(directory: Path, pbx: Pbx) -> Path:
    """Kept with the records, so that a replay knows lines and people as well."""
    config = {
        "pbx": {"name": "demo", "port": pbx.ami_port, "username": "all"},
        "storage": {"data_dir": str(directory), "journal": {"enabled": True}},
        "metrics": {"port": 0},
        **configuration(SITES),
    }
    file = directory / "config.yaml"
    file.write_text(yaml.safe_dump(config, sort_keys=False, allow_unicode=True))
    return file
