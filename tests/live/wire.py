"""The wire between service and PBX, in our hands: it can be cut, and it can go dead without anybody being told."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Self


class Wire:
    """Listens on `port` and passes bytes on to the PBX's manager interface. `connections`: made so far."""

    def __init__(self, pbx_port: int) -> None:
        self.port = 0
        self.connections = 0
        self._pbx_port = pbx_port
        self._works = asyncio.Event()
        self._works.set()
        self._server: asyncio.Server | None = None
        self._ends: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()

    async def cut(self) -> None:
        """Every connection is reset, and nobody answers any more."""
        if self._server is not None:
            self._server.close()
        for end in self._ends:
            end.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def mend(self) -> None:
        """As before, on the same port."""
        await self.__aenter__()

    def go_dead(self) -> None:
        """Connections stay, and are accepted; not a byte comes through."""
        self._works.clear()

    def revive(self) -> None:
        self._works.set()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            pbx_reader, pbx_writer = await asyncio.open_connection("127.0.0.1", self._pbx_port)
        except OSError:
            writer.transport.abort()
            return
        self._ends |= {writer, pbx_writer}
        for source, sink in ((reader, pbx_writer), (pbx_reader, writer)):
            task = asyncio.create_task(self._pass_on(source, sink))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pass_on(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                await self._works.wait()
                sink.write(data)
                await sink.drain()
        except OSError:
            pass
        finally:
            sink.close()
            self._ends.discard(sink)
