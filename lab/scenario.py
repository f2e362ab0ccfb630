"""What a story is: who calls, what the phones do, what else happens, and how it should come out.

Data and small coroutines; `lab.stories_*` hold them, `lab.scenarios` collects and plays them.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from lab.behaviour import Answering, Calling, Talk
from lab.facts import Leg
from lab.stage import Stage

Play = Callable[[Stage], Awaitable[None]]
ANSWERED, ABANDONED, NOT_ANSWERED = "answered", "abandoned", "not answered"


@dataclass(frozen=True, slots=True)
class Scenario:
    """One story. `play` runs beside the caller's call, or instead of it where `caller` is None."""

    name: str
    story: str
    outcome: str
    """What the truth must say, so that a story that went wrong is never taken for one that went right."""
    answered_by: str | None = None
    hung_up_by: str | None = None
    caller: Calling | None = None
    caller_phone: str = "trunk"
    answers: dict[str, Answering] = field(default_factory=dict)
    play: Play | None = None
    user: str = ""
    """Click-to-dial: the phone for which the PBX places the call."""
    ends_in: str = ""

    @property
    def hotline(self) -> str:
        return self.caller.number if self.caller else ""


def call(number: str, *, gives_up_after: float | None = None, name: str = "", talk: Talk | None = None,
         hangs_up_after: float | None = None) -> Calling:  # fmt: skip
    """A caller from outside who dials a hotline."""
    return Calling(number, gives_up_after, talk or Talk(hangs_up_after=hangs_up_after), name)


def rang(phone: str, seconds: float, calling: str, plan: Calling) -> Play:
    """`calling` places a call so many seconds after `phone` began to ring."""

    async def play(stage: Stage) -> None:
        name = stage.phones[phone].name
        await stage.until(lambda leg: leg.phone == name and leg.ringing_at is not None)
        await asyncio.sleep(seconds)
        await stage.call(calling, plan)

    return play


def talked(phone: str, seconds: float, then: Callable[[Stage], Awaitable[None]]) -> Play:
    """Something happens so many seconds after `phone` picked up."""

    async def play(stage: Stage) -> None:
        name = stage.phones[phone].name
        await stage.until(lambda leg: leg.phone == name and leg.answered_at is not None)
        await asyncio.sleep(seconds)
        await then(stage)

    return play


def originated(channel: str, context: str, exten: str, caller_id: str = "") -> Play:
    """The PBX calls a phone and runs it in the dialplan once it is up."""

    async def play(stage: Stage) -> None:
        extra = {"CallerID": caller_id} if caller_id else {}
        await stage.originate(channel, Context=context, Exten=exten, Priority="1", Timeout="8000", **extra)
        await stage.until(_is_called)

    return play


def _is_called(leg: Leg) -> bool:
    return not leg.is_caller
