"""A small AMI client of the lab's own, independent of `ami_listener`: so that what is measured never measures itself.

Comes in: an address, a user. Goes out: answers to actions, events one by one, or the raw bytes (see `lab.capture`).
"""

import asyncio
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Self

from lab.errors import PbxError

Message = dict[str, str]
READ_LIMIT = 1 << 20  # bytes of one message; a Status of many channels comes as many messages
ACTION_DEADLINE_SECONDS = 10
KEPT_EVENTS = 20_000  # the oldest are forgotten


class AmiClient:
    """One logged-in manager session. Use as `async with AmiClient(port, user, secret) as ami`."""

    def __init__(
        self,
        port: int,
        user: str,
        secret: str,
        *,
        events: bool = False,
        on_event: Callable[[Message], None] | None = None,
        on_bytes: Callable[[bytes], None] | None = None,
    ) -> None:
        """`on_bytes` is handed every byte as read from the socket, banner included; `on_event` every event."""
        self._address = (port, user, secret)
        self._events_mask = "on" if events else "off"
        self._on_bytes = on_bytes
        self._on_event = on_event
        self._writer: asyncio.StreamWriter | None = None
        self._reading: asyncio.Task[None] | None = None
        self._answers: dict[str, asyncio.Future[Message]] = {}
        self._number = 0
        self._news = asyncio.Event()
        self.events: deque[Message] = deque(maxlen=KEPT_EVENTS)
        self.closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        port, user, secret = self._address
        reader, self._writer = await asyncio.open_connection("127.0.0.1", port, limit=READ_LIMIT)
        self._reading = asyncio.create_task(self._read(reader), name=f"ami {user}")
        try:
            await self.action("Login", Username=user, Secret=secret, Events=self._events_mask)
        except BaseException:
            await self.__aexit__(None, None, None)
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._reading:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        if self._writer:
            self._writer.close()

    async def action(self, name: str, **fields: str | list[str]) -> Message:
        """Send an action and return its response; raises `PbxError` when it is an error or does not come in time."""
        self._number += 1
        action_id = f"lab-{self._number}"
        lines = [f"Action: {name}", f"ActionID: {action_id}"]
        for key, value in fields.items():
            lines += [f"{key}: {one}" for one in (value if isinstance(value, list) else [value])]
        if self._writer is None or self.closed.is_set():
            raise PbxError(f"AMI {name}: not connected")
        answer = self._answers[action_id] = asyncio.get_running_loop().create_future()
        self._writer.write(("\r\n".join(lines) + "\r\n\r\n").encode())
        try:
            async with asyncio.timeout(ACTION_DEADLINE_SECONDS):
                response: Message = await answer
        except TimeoutError:
            raise PbxError(f"AMI {name}: no answer within {ACTION_DEADLINE_SECONDS} s") from None
        finally:
            self._answers.pop(action_id, None)
        if response.get("Response") == "Error":
            raise PbxError(f"AMI {name}: {response.get('Message', 'refused')}")
        return response

    async def wait_event(self, wanted: Callable[[Message], bool], deadline: float) -> Message:
        """Return the first event, among those kept and those to come, that `wanted` likes."""
        try:
            async with asyncio.timeout(deadline):
                while True:
                    self._news.clear()
                    for event in list(self.events):
                        if wanted(event):
                            return event
                    await self._news.wait()
        except TimeoutError:
            raise PbxError(f"AMI: the awaited event did not come within {deadline} s") from None

    async def _read(self, reader: asyncio.StreamReader) -> None:
        pending = b""
        try:
            while data := await reader.read(65536):
                if self._on_bytes:
                    self._on_bytes(data)
                *blocks, pending = (pending + data).split(b"\r\n\r\n")
                for block in blocks:
                    self._take(block.decode(errors="replace"))
        except ConnectionError:
            pass  # a killed PBX resets the connection: the end, like any other
        finally:
            self.closed.set()
            self._news.set()

    def _take(self, block: str) -> None:
        message: Message = {}
        for line in block.split("\r\n"):
            key, separator, value = line.partition(": ")
            if separator:
                message[key] = value
            elif line.endswith(":"):
                message[line[:-1]] = ""
        answer = self._answers.get(message.get("ActionID", ""))
        if "Response" in message and answer and not answer.done():
            answer.set_result(message)
        elif "Event" in message:
            self.events.append(message)
            if self._on_event:
                self._on_event(message)
            self._news.set()
