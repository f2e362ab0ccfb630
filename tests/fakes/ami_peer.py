"""A manager interface on the loopback that says what a test tells it to: refusals, silence, nonsense, half an answer.

Comes in: `answers`, a function per action. Goes out: `actions` received, and whatever `say` was given, to every
connection. By default it behaves like an idle Asterisk 22 that permits everything.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from types import TracebackType
from typing import Self

BANNER = b"Asterisk Call Manager/11.0.0\r\n"
Fields = dict[str, str]
Answer = Callable[[Fields], bytes]


def reply(fields: Fields, *lines: str, response: str = "Success") -> bytes:
    """A reply to this action, with further lines."""
    head = [f"Response: {response}", *([f"ActionID: {fields['ActionID']}"] if "ActionID" in fields else [])]
    return ("\r\n".join([*head, *lines]) + "\r\n\r\n").encode()


def refused(message: str) -> Answer:
    return lambda fields: reply(fields, f"Message: {message}", response="Error")


DENIED = refused("Permission denied")


def listing(event: str, *rows: Fields) -> Answer:
    """A list of events between its start and its Complete."""

    def answer(fields: Fields) -> bytes:
        action_id = fields["ActionID"]
        parts = [reply(fields, "EventList: start", "Message: will follow")]
        for row in rows:
            lines = {"Event": event, **row, "ActionID": action_id}
            parts.append("".join(f"{key}: {value}\r\n" for key, value in lines.items()).encode() + b"\r\n")
        end = f"Event: {event}Complete\r\nEventList: Complete\r\nListItems: {len(rows)}\r\nActionID: {action_id}\r\n\r\n"
        return b"".join([*parts, end.encode()])

    return answer


def silence(_fields: Fields) -> bytes:
    return b""


class AmiPeer:
    """Use with `async with`; `port` is where it listens."""

    def __init__(self, *, banner: bytes = BANNER, tls: ssl.SSLContext | None = None) -> None:
        self.port = 0
        self.actions: list[Fields] = []
        self.connections = 0
        self.answers: dict[str, Answer] = {
            "Login": lambda fields: reply(fields, "Message: Authentication accepted"),
            "CoreSettings": lambda fields: reply(fields, "AMIversion: 11.0.0"),
            "Ping": lambda fields: reply(fields, "Ping: Pong", "Timestamp: 1795280000.000000"),
            "Status": listing("Status"),
            "CoreShowChannels": listing("CoreShowChannel"),
        }
        self._banner = banner
        self._tls = tls
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._news = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is not None:
            self._server.close()
        self.hang_up()
        if self._tasks:
            await asyncio.wait(self._tasks)

    def say(self, data: bytes) -> None:
        """Send to every connection."""
        for writer in self._writers:
            writer.write(data)

    def hang_up(self) -> None:
        """Break every connection; new ones are accepted."""
        for writer in self._writers:
            writer.transport.abort()

    def names(self) -> list[str]:
        """The actions received, by name."""
        return [fields.get("Action", "") for fields in self.actions]

    async def until(self, condition: Callable[[], bool], seconds: float = 5.0) -> None:
        """Wait until actions have come that make it true."""
        async with asyncio.timeout(seconds):
            while not condition():
                self._news.clear()
                await self._news.wait()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        if task is not None:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        self._writers.add(writer)
        writer.write(self._banner)
        try:
            while True:
                block = (await reader.readuntil(b"\r\n\r\n")).decode()
                fields = dict(line.split(": ", 1) for line in block.split("\r\n") if ": " in line)
                self.actions.append(fields)
                self._news.set()
                answer = self.answers.get(fields.get("Action", ""), reply)
                writer.write(answer(fields))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()
