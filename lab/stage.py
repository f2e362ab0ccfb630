"""The phones of a running PBX, in independent sets, so that several stories can be played side by side.

Comes in: a started `Pbx`. Goes out: a `Stage`, one set of phones leased for one story, and the calls seen on it.
What is played on it is `lab.scenarios`'; what it meant is `lab.truth`'s.
"""

import asyncio
import contextlib
import itertools
import random
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Self

from lab import sip
from lab.ami import AmiClient, Message
from lab.behaviour import Answering, Calling
from lab.configuration import TECHNOLOGY, Endpoint
from lab.errors import PbxError, PhoneTimeoutError
from lab.facts import Leg
from lab.pbx import Pbx
from lab.phone import ANY_NUMBER, Phone
from lab.rtp import VOICES

QUIET_SECONDS = 0.3
STORY_DEADLINE_SECONDS = 60


class Lab:
    """The stages of one PBX. `async with Lab(pbx) as lab`, then `async with lab.stage() as stage`."""

    def __init__(self, pbx: Pbx) -> None:
        self.pbx = pbx
        self._ami = AmiClient(pbx.ami_port, "lab", pbx.secret, events=True, on_event=self._note)
        self._stages: dict[str, Stage] = {}
        self._free: asyncio.Queue[str] = asyncio.Queue()
        self._caller_numbers = (f"137{number:08d}" for number in itertools.count(random.randrange(10**7)))  # noqa: S311
        self._spots = itertools.count(1)

    async def __aenter__(self) -> Self:
        await self._ami.__aenter__()
        for site in self.pbx.layout.sites:
            self._free.put_nowait(site)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._ami.__aexit__(kind, error, trace)

    @contextlib.asynccontextmanager
    async def site(self) -> AsyncIterator[dict[str, Endpoint]]:
        """Lease the endpoints of one set, by role; waits while all are in use. Whoever leases brings the phones."""
        site = await self._free.get()
        try:
            leased = (endpoint for endpoint in self.pbx.layout.endpoints if endpoint.site == site)
            yield {endpoint.name.removesuffix(site): endpoint for endpoint in leased}
        finally:
            self._free.put_nowait(site)

    @contextlib.asynccontextmanager
    async def stage(self) -> AsyncIterator["Stage"]:
        """Lease a set of scripted phones; waits while all are in use."""
        async with self.site() as endpoints, contextlib.AsyncExitStack() as stack:
            voices = itertools.cycle(VOICES)
            phones = {
                role: Phone(endpoint, self.pbx.sip_port, voices) for role, endpoint in endpoints.items()
            }
            for phone in phones.values():
                await stack.enter_async_context(phone)
            site = endpoints["deska"].site
            self._stages[site] = Stage(self, site, phones, next(self._caller_numbers))
            try:
                yield self._stages[site]
            except BaseException:
                for role in phones:  # what is still up would disturb the next story on these phones
                    with contextlib.suppress(PbxError):
                        await self._stages[site].hang_up(role)
                raise
            finally:
                del self._stages[site]

    async def originate(self, **fields: str | list[str]) -> None:
        """Send an asynchronous Originate; its outcome is what the phones see."""
        await self._ami.action("Originate", Async="true", **fields)

    async def hang_up(self, channel: str) -> None:
        """Have the PBX end a channel; a name between slashes is a pattern."""
        await self._ami.action("Hangup", Channel=channel)

    def next_channel_id(self) -> str:
        return f"spot-{self.pbx.layout.secret}-{next(self._spots):04d}"

    def _note(self, event: Message) -> None:
        if event["Event"] != "Newchannel":
            return
        endpoint = event["Channel"].partition("/")[2].rpartition("-")[0]
        stage = next((stage for stage in self._stages.values() if endpoint in stage.endpoint_names), None)
        if stage is not None and event["Linkedid"] not in stage.call_ids:
            stage.call_ids.append(event["Linkedid"])


class Stage:
    """One set of phones while a story is played on it."""

    def __init__(self, lab: Lab, site: str, phones: dict[str, Phone], caller_number: str) -> None:
        """`phones` by role: deska … deskd, trunk, trunkinfo. `caller_number`: nobody else's, to find the call by."""
        self.site = site
        self.phones = phones
        self.caller_number = caller_number
        self.call_ids: list[str] = []
        self._lab = lab

    @property
    def endpoint_names(self) -> set[str]:
        return {phone.name for phone in self.phones.values()}

    @property
    def legs(self) -> list[Leg]:
        """Every call any of the phones saw, in order of its INVITE."""
        return sorted(
            (leg for phone in self.phones.values() for leg in phone.legs), key=lambda leg: leg.invited_at
        )

    def set_answers(self, answers: dict[str, Answering]) -> None:
        """Tell phones what to do with calls: `deska`, or `trunk:13800000000` for one number behind a trunk."""
        for role, answering in answers.items():
            name, _, number = role.partition(":")
            self.phones[name].answers[number or ANY_NUMBER] = answering

    async def call(self, phone: str, plan: Calling) -> Leg:
        """Let a phone place a call and play it to its end. From outside it shows the stage's own number."""
        number = plan.from_number or (
            self.caller_number if phone.startswith("trunk") else self.phones[phone].name
        )
        return await self.phones[phone].call(plan, sip.Address(f"sip:{number}@127.0.0.1", plan.name))

    async def originate(self, channel: str, **fields: str) -> str:
        """Originate to `deska`, `13800000000@trunk` or `Local/501@targets`; return the channel's id."""
        technology = TECHNOLOGY[self._lab.pbx.layout.driver]
        is_local = channel.startswith("Local/")
        channel_id = self._lab.next_channel_id()
        await self._lab.originate(
            Channel=channel if is_local else f"{technology}/{channel}{self.site}",
            ChannelId=channel_id,
            Variable=f"__SITE={self.site}",
            **({"OtherChannelId": channel_id + "-2"} if is_local else {}),
            **fields,
        )
        return channel_id

    async def hang_up(self, phone: str) -> None:
        """Have the PBX end a phone's channels, as an operator would through AMI."""
        technology = TECHNOLOGY[self._lab.pbx.layout.driver]
        await self._lab.hang_up(f"/^{technology}\\/{self.phones[phone].name}-/")

    async def until(self, seen: Callable[[Leg], bool], deadline: float = 15) -> Leg:
        """Wait until some leg is as wanted, e.g. `lambda leg: leg.phone == "deska" and leg.ringing_at`."""
        loop = asyncio.get_running_loop()
        due = loop.time() + deadline
        while True:
            for leg in self.legs:
                if seen(leg):
                    return leg
            if loop.time() > due:
                raise PhoneTimeoutError(f"the awaited call did not come within {deadline} s")
            await asyncio.sleep(0.01)

    async def settle(self) -> None:
        """Wait until no phone has had a call for a moment; raises what went wrong in any of them."""
        loop = asyncio.get_running_loop()
        due = loop.time() + STORY_DEADLINE_SECONDS
        quiet_since = loop.time()
        while loop.time() - quiet_since < QUIET_SECONDS:
            if loop.time() > due:
                raise PhoneTimeoutError(f"a call is still up after {STORY_DEADLINE_SECONDS} s")
            if not all(phone.is_idle for phone in self.phones.values()):
                quiet_since = loop.time()
            for phone in self.phones.values():
                phone.raise_errors()
            await asyncio.sleep(0.02)
