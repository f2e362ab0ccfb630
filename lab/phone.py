"""A scripted SIP phone on a UDP port of the loopback: answers as it is told, places calls, keeps a log of facts.

Comes in: `Answering` per number, `Calling`. Goes out: `legs`, one per call. One phone holds many calls at once (a trunk
is a phone too, to the PBX). The calls themselves are `lab.dialog`'s.
"""

import asyncio
import socket
import time
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from lab import sip
from lab.behaviour import Answering, Calling, Talk, Transfer
from lab.configuration import Endpoint
from lab.dialog import Dialog, Station
from lab.errors import PhoneTimeoutError
from lab.facts import Leg, Transferred

CALL_DEADLINE_SECONDS = 60
REFER_NEWS_SECONDS = 3
ANY_NUMBER = "*"


class Phone(asyncio.DatagramProtocol):
    """One endpoint of the PBX. Enter with `async with`; `answers` tells what to do with calls, by number dialled."""

    def __init__(self, endpoint: Endpoint, pbx_port: int, voices: Iterator[int]) -> None:
        self.endpoint = endpoint
        self.answers: dict[str, Answering] = {}
        self.legs: list[Leg] = []
        self._pbx = ("127.0.0.1", pbx_port)
        self._voices = voices
        self._transport: asyncio.DatagramTransport | None = None
        self._dialogs: dict[str, Dialog | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._errors: list[BaseException] = []

    @property
    def name(self) -> str:
        return self.endpoint.name

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: self, ("127.0.0.1", self.endpoint.port), family=socket.AF_INET
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for dialog in self._dialogs.values():
            if dialog and dialog.established.is_set():
                dialog.hang_up()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        if self._transport:
            self._transport.close()

    @property
    def is_idle(self) -> bool:
        """No call in progress, neither come nor placed."""
        return not self._tasks and all(
            dialog is None or dialog.over.is_set() for dialog in self._dialogs.values()
        )

    def raise_errors(self) -> None:
        """Raise what went wrong in a call since the last time."""
        errors, self._errors = self._errors, []
        if errors:
            raise errors[0]

    async def call(self, plan: Calling, caller: sip.Address | None = None) -> Leg:
        """Place a call and play it to its end; return its log."""
        dialog = await self._dial(plan.number, caller, plan.purpose)
        try:
            async with asyncio.timeout(CALL_DEADLINE_SECONDS):
                if await self._until_answered(dialog, plan.gives_up_after):
                    await self._talk(dialog, plan.talk)
        except TimeoutError:
            dialog.hang_up()
            raise PhoneTimeoutError(f"{self.name}: the call to {plan.number} had no end") from None
        return dialog.leg

    async def _dial(self, number: str, caller: sip.Address | None, purpose: str) -> Dialog:
        own = sip.Address(f"sip:{self.name}@127.0.0.1")
        dialog = await Dialog.outgoing(self._station(), number, caller or own, purpose)
        self._dialogs[dialog.call_id] = dialog
        self.legs.append(dialog.leg)
        return dialog

    async def _until_answered(self, dialog: Dialog, gives_up_after: float | None) -> bool:
        """Wait for the answer; cancel when patience ends. Return whether there is a call now."""
        answered = await _first(dialog.established, dialog.over, within=gives_up_after)
        if not answered:
            dialog.cancel()
            await _first(dialog.over, dialog.established)
        return dialog.established.is_set() and not dialog.over.is_set()

    async def _talk(self, dialog: Dialog, talk: Talk) -> None:
        """Play a call's answered part, from its own 200 to its end."""
        began = asyncio.get_running_loop().time()
        if talk.has_media:
            dialog.talk()
        if talk.keys:
            await _first(dialog.over, within=talk.keys_after)
            for key in talk.keys:
                if not dialog.over.is_set():
                    await dialog.press(key)
        if talk.transfer and not await _first(dialog.over, within=talk.transfer.after):
            await self._transfer(dialog, talk.transfer)
        if talk.hangs_up_after is not None:
            passed = asyncio.get_running_loop().time() - began
            if not await _first(dialog.over, within=max(0.0, talk.hangs_up_after - passed)):
                dialog.hang_up()
        await dialog.over.wait()

    async def _transfer(self, dialog: Dialog, transfer: Transfer) -> None:
        """Send the other party on and leave; the PBX says goodbye, or this phone does when it is told of success."""
        uri = f"sip:{transfer.to}@127.0.0.1:{self._pbx[1]}"
        kind = "blind" if transfer.kind == "semi" else transfer.kind
        consulted: Dialog | None = None
        if transfer.kind != "blind":
            consulted = await self._consult(transfer)
        if consulted is not None and transfer.kind != "semi":
            uri += f"?{consulted.replaces()}"
        at = await dialog.refer(uri)
        dialog.leg.transfers.append(Transferred(kind, self.name, transfer.to, at))
        await _first(dialog.refer_done, dialog.over, within=REFER_NEWS_SECONDS)
        await _first(dialog.over, within=0.2)  # who is told of success may hang up; the PBX mostly is faster
        dialog.hang_up()
        if consulted is not None:
            await self._leave(consulted)

    async def _consult(self, transfer: Transfer) -> Dialog:
        """Place the second call and bring it to where the transfer wants it."""
        consulted = await self._dial(transfer.to, None, "consultation")
        await _first(consulted.ringing, consulted.established, consulted.over, within=CALL_DEADLINE_SECONDS)
        if transfer.kind == "attended":
            await _first(consulted.established, consulted.over, within=CALL_DEADLINE_SECONDS)
            consulted.talk()
        await _first(consulted.over, within=transfer.consult)
        if transfer.kind == "semi":
            consulted.cancel()
            await _first(consulted.over, within=REFER_NEWS_SECONDS)
        return consulted

    async def _leave(self, consulted: Dialog) -> None:
        if not await _first(consulted.over, within=REFER_NEWS_SECONDS):
            if consulted.established.is_set():
                consulted.hang_up()
            else:
                consulted.cancel()
            await _first(consulted.over, within=REFER_NEWS_SECONDS)

    # -- calls that come

    def datagram_received(self, data: bytes, _address: tuple[str, int]) -> None:
        at = time.time()
        try:
            message = sip.parse(data)
        except sip.SipError as error:
            self._errors.append(error)
            return
        known = self._dialogs.get(message.call_id)
        if known is not None:
            known.deliver(message, at)
        elif message.method == "INVITE" and message.call_id not in self._dialogs:
            self._dialogs[message.call_id] = None  # retransmissions must not ring twice
            task = asyncio.create_task(self._serve(message, at), name=f"{self.name} answers")
            self._tasks.add(task)
            task.add_done_callback(self._served)

    def _served(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            self._errors.append(error)

    async def _serve(self, invite: sip.Message, at: float) -> None:
        """Play the answering side of one call to its end."""
        dialog = await Dialog.incoming(self._station(), invite, at)
        self._dialogs[dialog.call_id] = dialog
        self.legs.append(dialog.leg)
        plan = self.answers.get(dialog.leg.number) or self.answers.get(ANY_NUMBER)
        if plan is None:
            dialog.reject(404)
            return
        try:
            async with asyncio.timeout(CALL_DEADLINE_SECONDS):
                await self._alert(dialog, plan)
                await self._decide(dialog, plan)
        except TimeoutError:
            dialog.hang_up()
            raise PhoneTimeoutError(f"{self.name}: the call for {dialog.leg.number} had no end") from None

    async def _alert(self, dialog: Dialog, plan: Answering) -> None:
        """Send 180 and 183, each at its time."""
        alerts = [(plan.early_media_after, dialog.early_media), (plan.rings_after, dialog.ring)]
        passed = 0.0
        for due, alert in sorted((due, alert) for due, alert in alerts if due is not None):
            await _first(dialog.over, within=due - passed)
            passed = due
            if not dialog.over.is_set():
                alert()

    async def _decide(self, dialog: Dialog, plan: Answering) -> None:
        if await _first(dialog.over, within=plan.ends_after):
            return
        if plan.refuses:
            dialog.reject(plan.refuses, plan.forwards_to)
            return
        dialog.answer(is_talking=plan.talk.has_media)
        await self._talk(dialog, plan.talk)

    def _station(self) -> Station:
        return Station(
            name=self.name,
            port=self.endpoint.port,
            pbx_port=self._pbx[1],
            send=self._send,
            voice=next(self._voices),
            keys_by_info=self.name.startswith("trunkinfo"),
        )

    def _send(self, message: sip.Message) -> None:
        if self._transport:
            self._transport.sendto(message.encode(), self._pbx)


async def _first(*events: asyncio.Event, within: float | None = None) -> bool:
    """Wait until any of the events is set; False when the time passes first. `within` None: no end of its own."""
    if any(event.is_set() for event in events):
        return True
    waiting = [asyncio.create_task(event.wait()) for event in events]
    try:
        done, _ = await asyncio.wait(waiting, timeout=within, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for task in waiting:
            task.cancel()
