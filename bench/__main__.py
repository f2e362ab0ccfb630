"""`python -m bench`: speed, memory and load with a summary; each of them alone, and `soak`, as a command of its own.

Exit status 1 where something that is asked is not reached. What is measured is in the modules next door.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from bench import report
from bench.errors import BenchError
from bench.interleaved import kept_capture
from bench.load import CONFIRM_SECONDS, RATES, STEP_SECONDS, Step, bench, climb
from bench.machine import this_machine
from bench.memory import measure_memory
from bench.report import Verdict
from bench.soak import DEFAULT_MINUTES, DEFAULT_RATE, Slice, soak
from bench.speed import commands, measure_speed
from bench.stories import load_stories
from lab.errors import LabError
from lab.packages import cache_folder

app = typer.Typer(help=__doc__, add_completion=False)
out = Console(highlight=False, width=None if sys.stdout.isatty() else 170)
SMALLER = 10  # memory is compared with that of a capture so many times smaller

Megabytes = Annotated[float, typer.Option(help="Size of the capture.", min=1)]
JsonFile = Annotated[Path | None, typer.Option("--json", help="Write the figures into this file too.")]


@app.callback(invoke_without_command=True)
def everything(context: typer.Context) -> None:
    """Speed, memory and load, one after the other."""
    if context.invoked_subcommand is not None:
        return
    verdicts = {"speed": _speed(100, 5, None), "memory": _memory(100, 10_000, None)}
    verdicts["load"] = _load(list(RATES), STEP_SECONDS, CONFIRM_SECONDS, None)
    for what, verdict in verdicts.items():
        out.print(f"{what:7} {verdict}")
    _end(*verdicts.values())


@app.command()
def speed(megabytes: Megabytes = 100, rounds: int = 5, json_file: JsonFile = None) -> None:
    """Raw bytes to call records against panoramisk + cacofonisk: whole processes in turn, ratios within one run."""
    _end(_speed(megabytes, rounds, json_file))


@app.command()
def memory(megabytes: Megabytes = 100, calls: int = 10_000, json_file: JsonFile = None) -> None:
    """Flat while streaming; the weight of a live call."""
    _end(_memory(megabytes, calls, json_file))


@app.command()
def load(
    rates: Annotated[list[float] | None, typer.Argument(help="Calls a second, one after the other.")] = None,
    seconds: float = STEP_SECONDS,
    confirm_seconds: float = CONFIRM_SECONDS,
    json_file: JsonFile = None,
) -> None:
    """The highest call rate that a real Asterisk and the service sustain on this machine."""
    _end(_load(rates or list(RATES), seconds, confirm_seconds, json_file))


@app.command("soak")
def long_soak(
    minutes: float = DEFAULT_MINUTES, rate: float = DEFAULT_RATE, json_file: JsonFile = None
) -> None:
    """A steady load for a long time: memory and files flat, nothing lost."""
    _say_machine()
    slices = asyncio.run(_soak(minutes, rate))
    table = report.soak_table()
    for part in slices:
        table.add_row(*report.soak_row(part))
    verdict = report.soak_verdict(slices)
    out.print(table, str(verdict))
    _keep(json_file, report.load_values([part.step for part in slices]))
    _end(verdict)


def _speed(megabytes: float, rounds: int, json_file: Path | None) -> Verdict:
    _say_machine()
    folder = _folder()
    capture = kept_capture(folder, load_stories(), megabytes)
    with _counted("reading captures", (rounds + 1) * len(commands(capture))) as advance:
        measured = measure_speed(capture, folder, rounds=rounds, on_run=advance)
    verdict = report.speed_verdict(measured)
    out.print(report.speed_table(measured), str(verdict))
    _keep(json_file, report.speed_values(measured))
    return verdict


def _memory(megabytes: float, calls: int, json_file: Path | None) -> Verdict:
    _say_machine()
    folder = _folder()
    stories = load_stories()
    captures = [kept_capture(folder, stories, size) for size in (megabytes / SMALLER, megabytes)]
    with _counted("weighing", len(captures) + 2) as advance:
        measured = measure_memory(captures, folder, calls=calls, on_run=advance)
    verdict = report.memory_verdict(measured)
    out.print(report.memory_table(measured), str(verdict))
    _keep(json_file, report.memory_values(measured))
    return verdict


def _load(rates: list[float], seconds: float, confirm_seconds: float, json_file: Path | None) -> Verdict:
    _say_machine()
    steps = asyncio.run(_climb(rates, seconds, confirm_seconds))
    table = report.load_table()
    for step in steps:
        table.add_row(*report.load_row(step))
    verdict = report.load_verdict(steps)
    out.print(table, str(verdict))
    _keep(json_file, report.load_values(steps))
    return verdict


async def _climb(rates: list[float], seconds: float, confirm_seconds: float) -> list[Step]:
    with _shown("starting a PBX") as show:
        async with bench() as running:
            steps = climb(
                running.step, rates, seconds=seconds, confirm_seconds=confirm_seconds, on_begin=show
            )
            return [step async for step in steps]


async def _soak(minutes: float, rate: float) -> list[Slice]:
    with _shown("starting a PBX") as show:
        async with bench() as running:
            return [part async for part in soak(running, minutes, rate, on_begin=show)]


@contextmanager
def _counted(what: str, total: int) -> Iterator[Callable[[], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(what, total=total)
        yield lambda: bars.advance(task)


@contextmanager
def _shown(first: str) -> Iterator[Callable[[str], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(first, total=None)
        yield lambda what: bars.update(task, description=what)


def _say_machine() -> None:
    out.print(str(this_machine()))


def _folder() -> Path:
    folder = cache_folder() / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _keep(file: Path | None, values: Any) -> None:
    if file is not None:
        file.write_text(json.dumps({"machine": asdict(this_machine()), "values": values}, indent=1) + "\n")


def _end(*verdicts: Verdict) -> None:
    if not all(verdict.reached for verdict in verdicts):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; what goes wrong is one line and exit status 1."""
    try:
        app()
    except (BenchError, LabError, OSError) as error:
        print(f"bench: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
