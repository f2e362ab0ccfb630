"""`python -m lab`: fetch the PBX, run it in the foreground, play stories on it, record them."""

import asyncio
import json
import signal
import sys
from collections.abc import Coroutine
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import Progress

from lab.capture import Recipe, capture
from lab.errors import LabError, StoryError
from lab.packages import SUITES, asterisk
from lab.pbx import Pbx
from lab.scenario import Scenario
from lab.scenarios import SCENARIOS, run
from lab.stage import Lab


class Suite(StrEnum):
    """Debian suites whose Asterisk the lab can run."""

    SID = "sid"
    BULLSEYE = "bullseye"


class Driver(StrEnum):
    """SIP channel drivers; `sip` is chan_sip, which only the suite bullseye has."""

    PJSIP = "pjsip"
    SIP = "sip"


class Events(StrEnum):
    """What a recorded manager session receives."""

    ALL = "all"
    FEW = "few"


app = typer.Typer(help=__doc__, no_args_is_help=True, add_completion=False)
SuiteOption = Annotated[
    Suite, typer.Option(help="; ".join(f"{name}: {what}" for name, what in SUITES.items()))
]
DriverOption = Annotated[Driver, typer.Option(help="SIP channel driver; sip needs --suite bullseye")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[SCENARIO]...", help="all where none is named")]


@app.command()
def fetch(suite: SuiteOption = Suite.SID) -> None:
    """Fetch and unpack Asterisk into the user's cache, unless it is there."""
    found = asterisk(suite)
    print(f"Asterisk {found.version} in {found.root}")


@app.command("run")
def run_pbx(suite: SuiteOption = Suite.SID, driver: DriverOption = Driver.PJSIP, tls: bool = False) -> None:
    """Run a PBX with the lab's dialplan in the foreground; Ctrl-C ends it."""
    asyncio.run(_foreground(Pbx(suite=suite, driver=driver, tls=tls)))


@app.command("list")
def list_scenarios() -> None:
    """List the stories."""
    for scenario in SCENARIOS.values():
        print(f"{scenario.name:28} {scenario.story}")


@app.command()
def play(names: Names = None, suite: SuiteOption = Suite.SID, driver: DriverOption = Driver.PJSIP) -> None:
    """Play stories side by side on one PBX and print the phones' truth, one JSON object a line."""
    asyncio.run(_play(Pbx(suite=suite, driver=driver), _chosen(names)))


@app.command("capture")
def capture_stories(
    folder: Path,
    names: Names = None,
    *,
    suite: SuiteOption = Suite.SID,
    driver: DriverOption = Driver.PJSIP,
    events: Annotated[Events, typer.Option(help="few: what the manager user `tracker` gets")] = Events.ALL,
    timestamps: Annotated[bool, typer.Option(help="timestampevents in manager.conf")] = True,
    jobs: Annotated[int, typer.Option(help="PBXs that work side by side", min=1)] = 2,
) -> None:
    """Record stories into FOLDER: NAME.ami (raw bytes) and NAME.expect.json (the phones' truth)."""
    user = "all" if events is Events.ALL else "tracker"
    recipe = Recipe(folder, {"suite": suite, "driver": driver, "timestamps": timestamps}, user, jobs)
    asyncio.run(_capture(recipe, _chosen(names)))


def _chosen(names: list[str] | None) -> list[Scenario]:
    unknown = set(names or ()) - SCENARIOS.keys()
    if unknown:
        raise StoryError(f"no such story: {', '.join(sorted(unknown))}; `python -m lab list` shows all")
    return [SCENARIOS[name] for name in names or SCENARIOS]


async def _foreground(pbx: Pbx) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    async with pbx:
        print(f"AMI   127.0.0.1:{pbx.ami_port}, users tracker and all, secret {pbx.secret}")
        if pbx.ami_tls_port:
            print(f"TLS   127.0.0.1:{pbx.ami_tls_port}, certificate {pbx.certificate}")
        print(f"SIP   127.0.0.1:{pbx.sip_port} (UDP)")
        print(f"files {pbx.directory}", flush=True)
        await ended.wait()


async def _play(pbx: Pbx, scenarios: list[Scenario]) -> None:
    async with pbx, Lab(pbx) as lab:
        with Progress(console=Console(stderr=True)) as bars:
            task = bars.add_task("stories", total=len(scenarios))
            playing: list[Coroutine[Any, Any, Any]] = [run(lab, scenario) for scenario in scenarios]
            for finished in asyncio.as_completed(playing):
                print(json.dumps((await finished).as_dict(), ensure_ascii=False), flush=True)
                bars.advance(task)


async def _capture(recipe: Recipe, scenarios: list[Scenario]) -> None:
    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(f"recording into {recipe.folder}", total=len(scenarios))
        async for _truth in capture(recipe, scenarios):
            bars.advance(task)


def main() -> None:
    """Run the command line; what goes wrong is one line and exit status 1."""
    try:
        app()
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        sys.exit(1)
    except ExceptionGroup as group:
        print(f"lab: {group.exceptions[0]}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
