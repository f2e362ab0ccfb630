"""Raw AMI bytes of single stories with the truth beside them: `NAME.ami` and `NAME.expect.json`.

Comes in: names of stories and what PBX to play them on. Goes out: two files per story, the bytes as read from the
socket, login included. One story at a time per PBX, so that nothing else is in its stream.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.ami import AmiClient
from lab.facts import Truth
from lab.pbx import Pbx
from lab.scenario import Scenario
from lab.scenarios import run
from lab.stage import Lab

AFTERGLOW_SECONDS = 0.3  # the last Hangup and what follows it


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to record: `pbx` are the arguments of `Pbx`, `user` is the manager user whose stream is kept."""

    folder: Path
    pbx: Mapping[str, Any]
    user: str = "all"
    jobs: int = 2


async def capture(recipe: Recipe, scenarios: Iterable[Scenario]) -> AsyncIterator[Truth]:
    """Record every story; yields each one's truth when its files are written. `jobs` PBXs work side by side."""
    recipe.folder.mkdir(parents=True, exist_ok=True)
    waiting: asyncio.Queue[Scenario] = asyncio.Queue()
    for scenario in scenarios:
        waiting.put_nowait(scenario)
    done: asyncio.Queue[Truth | None] = asyncio.Queue()
    async with asyncio.TaskGroup() as group:
        workers = [group.create_task(_record_all(recipe, waiting, done)) for _ in range(recipe.jobs)]
        for _ in workers:
            while (truth := await done.get()) is not None:
                yield truth


async def _record_all(
    recipe: Recipe, waiting: asyncio.Queue[Scenario], done: asyncio.Queue[Truth | None]
) -> None:
    async with Pbx(**recipe.pbx, sites=1) as pbx, Lab(pbx) as lab:
        while not waiting.empty():
            done.put_nowait(await _record(recipe, lab, waiting.get_nowait()))
    done.put_nowait(None)


async def _record(recipe: Recipe, lab: Lab, scenario: Scenario) -> Truth:
    kept: list[bytes] = []
    pbx = lab.pbx
    async with AmiClient(pbx.ami_port, recipe.user, pbx.secret, events=True, on_bytes=kept.append):
        truth = await run(lab, scenario)
        await asyncio.sleep(AFTERGLOW_SECONDS)
    story = json.dumps(truth.as_dict(), indent=1, ensure_ascii=False)
    await asyncio.to_thread((recipe.folder / f"{scenario.name}.ami").write_bytes, b"".join(kept))
    await asyncio.to_thread((recipe.folder / f"{scenario.name}.expect.json").write_text, story + "\n")
    return truth
