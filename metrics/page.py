"""The page that Prometheus reads: GET /metrics and, for liveness checks, GET /health, on a small HTTP server.

Comes in: a registry. Goes out: the text format 0.0.4 of Prometheus, gzipped for whoever accepts it. The
bytes of HTTP are in `http1.py`, what is counted in `meters.py`. One request per connection, every wait with
a deadline.
"""

from __future__ import annotations

import asyncio
import gzip
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from types import TracebackType

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, gzip_accepted

from metrics.http1 import Request, Response, parse_request, problem
from metrics.settings import MetricsSettings


class MetricsPageError(Exception):
    """The page cannot be shown at the configured address. One line for the operator."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Prometheus sends less than 1 KB of headers at once and reads the page in milliseconds."""

    head_bytes: int = 8192
    head_seconds: float = 5.0
    answer_seconds: float = 10.0
    connections: int = 16


DEFAULT_LIMITS = Limits()


class MetricsPage:
    """`async with MetricsPage(settings, registry) as page:` shows the page while the block runs.

    Entering raises MetricsPageError. When too many clients are connected the one that came first makes
    room, so that nobody who dawdles can lock out Prometheus.
    """

    def __init__(
        self, settings: MetricsSettings, registry: CollectorRegistry, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._settings = settings
        self._registry = registry
        self._limits = limits
        self._one_at_a_time = asyncio.Lock()
        self._connections: dict[asyncio.Task[None], None] = {}
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> MetricsPage:
        host, port = self._settings.host, self._settings.port
        try:
            self._server = await asyncio.start_server(self._accept, host, port, limit=self._limits.head_bytes)
        except OSError as error:
            reason = error.strerror or error
            raise MetricsPageError(
                f"metrics page: {host} port {port}: {reason}; change metrics.host or metrics.port, "
                "or stop the program that uses it"
            ) from error
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._server is None:
            return
        self._server.close()
        connections = tuple(self._connections)
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)
        await self._server.wait_closed()

    @property
    def port(self) -> int:
        """The port it listens on, also where the configuration says 0. Only while the page is shown."""
        if self._server is None:
            raise RuntimeError("the page is not shown")
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._limits.connections:
            eldest = next(iter(self._connections))
            del self._connections[eldest]
            eldest.cancel()
        task = asyncio.create_task(self._serve(reader, writer), name="metrics page")
        self._connections[task] = None
        task.add_done_callback(partial(self._leave, writer))

    def _leave(self, writer: asyncio.StreamWriter, task: asyncio.Task[None]) -> None:
        self._connections.pop(task, None)
        writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # drain() then waits for the last byte, so that the deadline covers all of it.
        writer.transport.set_write_buffer_limits(high=0)
        try:
            answer = await self._answer(reader)
            async with asyncio.timeout(self._limits.answer_seconds):
                writer.write(answer)
                await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass  # The client left or does not read: there is nobody to tell.

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(self._limits.head_seconds):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            return problem(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "send fewer headers").encode()
        except TimeoutError:
            return problem(HTTPStatus.REQUEST_TIMEOUT, "send the whole request at once").encode()
        request = parse_request(head)
        if request is None:
            return problem(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1 request").encode()
        response = await self._respond(request)
        return response.encode(with_body=request.method != "HEAD")

    async def _respond(self, request: Request) -> Response:
        if request.method not in {"GET", "HEAD"}:
            return problem(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD")
        match request.path:
            case "/metrics":
                return await self._metrics(request)
            case "/health":
                return Response(HTTPStatus.OK, b"ok\n")
            case _:
                return problem(HTTPStatus.NOT_FOUND, "there are /metrics and /health")

    async def _metrics(self, request: Request) -> Response:
        zipped = gzip_accepted(request.headers.get("accept-encoding", ""))
        # In a thread: thousands of series take long enough to make the PBX's events wait.
        async with self._one_at_a_time:
            body = await asyncio.to_thread(_render, self._registry, zipped=zipped)
        # Always this format: the library's choice by the Accept header breaks on a version that is no number.
        headers = {"Content-Type": CONTENT_TYPE_PLAIN_0_0_4, "Vary": "Accept-Encoding"}
        if zipped:
            headers["Content-Encoding"] = "gzip"
        return Response(HTTPStatus.OK, body, headers)


def _render(registry: CollectorRegistry, *, zipped: bool) -> bytes:
    text = generate_latest(registry)
    return gzip.compress(text, compresslevel=1) if zipped else text
