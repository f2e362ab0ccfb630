"""How many calls a second the lab's Asterisk and the service sustain: every call recorded once, events handled in time.

Comes in: rates to try. Goes out: a `Step` for each. Asterisk, SIPp and `threerings run` share the machine; a step is
sustained when nothing failed, nothing was lost or doubled, and 99 % of the events were handled within 250 ms.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from bench.processes import cpu_seconds, ended_children_cpu_seconds, machine_cpu_seconds
from bench.service import Kept, Lag, ServiceUnderLoad
from lab.errors import PbxError
from lab.pbx import Pbx
from lab.sipp import Load, LoadCall, LoadResult, run_load
from lab.stage import Lab

RATES = (20, 50, 75, 100, 125, 150, 175, 200, 225, 250, 275, 300)
STEP_SECONDS = 15.0
CONFIRM_SECONDS = 60.0
TRIES = 2  # of a rate that fails: something else may have disturbed the machine
MOST_LAG_SECONDS = 0.25
LEAST_OF_OFFERED = 0.95  # SIPp itself must have kept the rate
CALL_SECONDS = 1.0  # 0.3 s of ringing, 0.7 s of talk, no media


@dataclass(frozen=True, slots=True)
class Cores:
    """Processor time in cores. `others`: whatever else ran on the machine, and should not have."""

    asterisk: float
    service: float
    sipp: float
    others: float


class _Clock:
    """Processor time of everybody, from one moment to another."""

    def __init__(self, asterisk: int, service: int) -> None:
        self._pids = asterisk, service
        self._before = self._now()

    def cores(self, seconds: float) -> Cores:
        """Since this clock was made, `seconds` ago."""
        spent = [(after - before) / seconds for before, after in zip(self._before, self._now(), strict=True)]
        asterisk, service, sipp, ours, machine = spent
        return Cores(asterisk, service, sipp, max(machine - asterisk - service - sipp - ours, 0.0))

    def _now(self) -> list[float]:
        running = [cpu_seconds(pid) for pid in self._pids]
        return [*running, ended_children_cpu_seconds(), time.process_time(), machine_cpu_seconds()]


@dataclass(frozen=True, slots=True)
class Step:
    """One rate. `lost`: SIPp's call was answered and no record says so; `doubled`: more than one record of a call.

    `achieved`: calls a second that SIPp really placed. `ring_errors`: recorded ringing minus what the caller heard, in
    seconds. `trouble` is empty unless SIPp did not come to an end.
    """

    rate: float
    successful: int = 0
    failed: int = 0
    recorded: int = 0
    lost: int = 0
    doubled: int = 0
    achieved: float = 0.0
    lag: Lag = field(default_factory=lambda: Lag({}))
    ring_errors: tuple[float, ...] = ()
    cores: Cores = field(default_factory=lambda: Cores(0, 0, 0, 0))
    trouble: str = ""

    @property
    def calls(self) -> int:
        return self.successful + self.failed

    @property
    def sustained(self) -> bool:
        return not self.why_not

    @property
    def why_not(self) -> str:
        """Empty for a rate that is sustained."""
        if self.trouble:
            return self.trouble
        reasons = {
            f"{self.failed} calls failed": self.failed,
            f"{self.lost} lost": self.lost,
            f"{self.doubled} doubled": self.doubled,
            f"p99 of event lag {self.lag.quantile(0.99):g} s": self.lag.quantile(0.99) > MOST_LAG_SECONDS,
            f"only {self.achieved:.0f}/s placed": self.achieved < self.rate * LEAST_OF_OFFERED,
        }
        return ", ".join(reason for reason, holds in reasons.items() if holds)

    @property
    def typical_ring_error(self) -> float:
        return median(map(abs, self.ring_errors)) if self.ring_errors else 0.0


class Bench:
    """PBX, phones and service for as many steps as one likes."""

    def __init__(self, pbx: Pbx, lab: Lab, service: ServiceUnderLoad) -> None:
        self.pbx = pbx
        self.service = service
        self._lab = lab
        self._steps = 0

    async def step(self, rate: float, seconds: float) -> Step:
        """Offer `rate` calls a second for so long, wait for the last, and compare."""
        self._steps += 1
        load = Load(calls=round(rate * seconds), rate=rate, caller_prefix=f"136{self._steps:03d}")
        lag_before = await self.service.lag()
        clock, began = _Clock(self.pbx.pid, self.service.pid), time.monotonic()
        try:
            result = await run_load(self._lab, load)
        except PbxError as error:
            return Step(rate, trouble=str(error))
        cores = clock.cores(time.monotonic() - began)
        kept = await self.service.kept(load.caller_prefix, len(result.calls))
        return compared(rate, result, kept, lag=await self.service.lag() - lag_before, cores=cores)


def compared(rate: float, result: LoadResult, kept: Mapping[str, Kept], *, lag: Lag, cores: Cores) -> Step:
    """What SIPp's callers saw against what was recorded of them."""
    answered = [call for call in result.calls if call.connected_at is not None]
    placing = max(result.seconds - CALL_SECONDS, 0.001)
    return Step(
        rate=rate,
        successful=result.successful,
        failed=result.failed,
        recorded=sum(1 for call in result.calls if call.number in kept),
        lost=sum(1 for call in answered if call.number not in kept or not kept[call.number].answered),
        doubled=sum(1 for caller in kept.values() if caller.records > 1),
        achieved=(result.successful + result.failed) / placing,
        lag=lag,
        ring_errors=tuple(_ring_errors(answered, kept)),
        cores=cores,
    )


def _ring_errors(answered: Iterable[LoadCall], kept: Mapping[str, Kept]) -> Iterable[float]:
    for call in answered:
        recorded = kept[call.number].ring_seconds if call.number in kept else None
        if recorded is not None and call.connected_at is not None and call.ringing_at is not None:
            yield recorded - (call.connected_at - call.ringing_at)


@asynccontextmanager
async def bench() -> AsyncIterator[Bench]:
    """Start all three; nothing of them is left afterwards."""
    with tempfile.TemporaryDirectory(prefix="threerings-bench-") as folder:
        async with (
            Pbx(sites=1) as pbx,
            Lab(pbx) as lab,
            ServiceUnderLoad(pbx, Path(folder)) as service,
        ):
            yield Bench(pbx, lab, service)


async def climb(
    attempt: Callable[[float, float], Awaitable[Step]],
    rates: Iterable[float] = RATES,
    *,
    seconds: float = STEP_SECONDS,
    confirm_seconds: float = CONFIRM_SECONDS,
    on_begin: Callable[[str], None] = lambda _what: None,
) -> AsyncIterator[Step]:
    """Higher and higher until a rate fails twice; then the highest that was sustained, for longer, and lower if it fails.

    `attempt` is `Bench.step`. Every try is yielded.
    """
    sustained: list[float] = []
    for rate in rates:
        for _ in range(TRIES):
            on_begin(f"{rate:g} calls/s for {seconds:g} s")
            step = await attempt(rate, seconds)
            yield step
            if step.sustained:
                sustained.append(rate)
                break
        else:
            break
    while sustained and confirm_seconds:
        on_begin(f"{sustained[-1]:g} calls/s again, for {confirm_seconds:g} s")
        step = await attempt(sustained.pop(), confirm_seconds)
        yield step
        if step.sustained:
            return
