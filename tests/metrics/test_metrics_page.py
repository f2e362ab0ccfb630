"""The page over a real socket: what Prometheus gets, and that nobody else can keep it from getting it."""

from __future__ import annotations

import asyncio
import gzip
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from metrics.meters import Meters
from metrics.page import Limits, MetricsPage, MetricsPageError
from metrics.settings import MetricsSettings
from tests.metrics.small_hotline import MakeCall

ANY_PORT = MetricsSettings(port=0)
DEADLINE = 10


@pytest.fixture
async def page(registry: CollectorRegistry, meters: Meters) -> AsyncIterator[MetricsPage]:
    async with MetricsPage(ANY_PORT, registry) as page:
        yield page


async def exchange(page: MetricsPage, request: bytes) -> tuple[str, dict[str, str], bytes]:
    """Sends the bytes and reads to the end: status line, headers, body."""
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
        writer.write(request)
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    return status, dict(line.split(": ", 1) for line in lines), body


async def get(page: MetricsPage, path: str, headers: str = "") -> tuple[str, dict[str, str], bytes]:
    return await exchange(page, f"GET {path} HTTP/1.1\r\nHost: hotline\r\n{headers}\r\n".encode())


async def is_hung_up(reader: asyncio.StreamReader) -> bool:
    """Whether the other side ended it without a word; what was still unread there makes it a reset."""
    try:
        return await reader.read() == b""
    except ConnectionError:
        return True


async def test_the_page_shows_what_was_counted(
    page: MetricsPage, meters: Meters, make_call: MakeCall
) -> None:
    meters.take(make_call())
    status, headers, body = await get(page, "/metrics")
    assert status == "HTTP/1.1 200 OK"
    assert headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert int(headers["Content-Length"]) == len(body)
    line = 'threerings_calls_total{direction="inbound",line="repairs",outcome="answered"} 1.0\n'
    assert line in body.decode()


async def test_the_page_names_no_caller_and_no_call(
    page: MetricsPage, meters: Meters, make_call: MakeCall
) -> None:
    meters.take(make_call(line="13800000000"))
    _, _, body = await get(page, "/metrics")
    for secret in (b"13800000000", b"1709280000.1", b"PJSIP", b"Wang"):
        assert secret not in body
    assert b"_created" not in body


async def test_a_client_that_accepts_gzip_gets_it(page: MetricsPage) -> None:
    _, plain_headers, plain = await get(page, "/metrics")
    _, headers, zipped = await get(page, "/metrics", "Accept-Encoding: deflate, gzip;q=0.8\r\n")
    assert headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(zipped) == plain
    assert "Content-Encoding" not in plain_headers


async def test_an_accept_header_full_of_nonsense_still_gets_the_page(page: MetricsPage) -> None:
    status, _, _ = await get(
        page, "/metrics", "Accept: text/plain; version=x, application/openmetrics-text\r\n"
    )
    assert status == "HTTP/1.1 200 OK"


async def test_health_answers_while_the_service_lives(page: MetricsPage) -> None:
    assert (await get(page, "/health"))[::2] == ("HTTP/1.1 200 OK", b"ok\n")


async def test_head_tells_the_length_without_the_page(page: MetricsPage) -> None:
    status, headers, body = await exchange(page, b"HEAD /metrics HTTP/1.1\r\n\r\n")
    assert status == "HTTP/1.1 200 OK"
    assert int(headers["Content-Length"]) > 1000
    assert body == b""


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "404 Not Found"),
        (b"GET /metrics/../etc/passwd HTTP/1.1\r\n\r\n", "404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
        (b"hello\r\n\r\n", "400 Bad Request"),
    ],
)
async def test_refusals_are_one_line(page: MetricsPage, request_head: bytes, status: str) -> None:
    line, _, body = await exchange(page, request_head)
    assert line == f"HTTP/1.1 {status}"
    assert body.count(b"\n") == 1


async def test_a_request_may_come_byte_by_byte(page: MetricsPage) -> None:
    async with asyncio.timeout(DEADLINE):
        reader, writer = await asyncio.open_connection("127.0.0.1", page.port)
        for byte in b"GET /health HTTP/1.0\r\n\r\n":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.read()).endswith(b"ok\n")
        writer.close()


async def test_a_megabyte_of_headers_harms_nobody(page: MetricsPage) -> None:
    async with asyncio.timeout(DEADLINE):
        _, writer = await asyncio.open_connection("127.0.0.1", page.port)
        writer.write(b"GET /metrics HTTP/1.1\r\nX: " + b"x" * 1_000_000)
        status, _, _ = await get(page, "/metrics")
        assert status == "HTTP/1.1 200 OK"
        # The page hangs up in the middle of it; whether its 431 still arrives is up to TCP.
        with pytest.raises(ConnectionError):
            while True:
                await writer.drain()
                writer.write(b"x")
                await asyncio.sleep(0)


async def test_who_dawdles_is_sent_away(registry: CollectorRegistry, meters: Meters) -> None:
    async with MetricsPage(ANY_PORT, registry, Limits(head_seconds=0.1)) as page:
        status, _, body = await exchange(page, b"GET /metrics HTTP/1.1\r\nX: ")
    assert status == "HTTP/1.1 408 Request Timeout"
    assert body == b"Request Timeout: send the whole request at once\n"


async def test_a_crowd_that_dawdles_does_not_lock_out_prometheus(
    registry: CollectorRegistry, meters: Meters
) -> None:
    async with MetricsPage(ANY_PORT, registry, Limits(head_seconds=60, connections=4)) as page:
        crowd = [await asyncio.open_connection("127.0.0.1", page.port) for _ in range(20)]
        for _, writer in crowd:
            writer.write(b"GET /metrics HTTP/1.1\r\n")
        status, _, _ = await get(page, "/metrics")
        assert status == "HTTP/1.1 200 OK"
        async with asyncio.timeout(DEADLINE):
            assert await is_hung_up(crowd[0][0])
        for _, writer in crowd:
            writer.close()


class LargeText(Collector):
    """A page that no socket buffer holds."""

    def collect(self) -> Iterator[object]:  # type: ignore[override]
        yield GaugeMetricFamily("large", "x" * 50_000_000, value=1)


async def test_who_does_not_read_the_answer_is_dropped_and_stops_nobody() -> None:
    registry = CollectorRegistry()
    registry.register(LargeText())
    async with MetricsPage(ANY_PORT, registry, Limits(answer_seconds=0.2)) as page:
        with socket.create_connection(("127.0.0.1", page.port)) as lazy:
            lazy.sendall(b"GET /metrics HTTP/1.1\r\n\r\n")
            assert (await get(page, "/health"))[2] == b"ok\n"
            connections = asyncio.all_tasks() - {asyncio.current_task()}
            assert connections
            _, still_open = await asyncio.wait(connections, timeout=DEADLINE)
            assert not still_open


async def test_rendering_does_not_stop_the_service() -> None:
    rendering, go_on = threading.Event(), threading.Event()

    class Slow(Collector):
        def describe(self) -> list[object]:
            return []

        def collect(self) -> Iterator[object]:  # type: ignore[override]
            rendering.set()
            go_on.wait(DEADLINE)
            return iter(())

    registry = CollectorRegistry()
    registry.register(Slow())
    async with MetricsPage(ANY_PORT, registry) as page:
        scrape = asyncio.create_task(get(page, "/metrics"))
        await asyncio.to_thread(rendering.wait, DEADLINE)
        assert (await get(page, "/health"))[2] == b"ok\n"
        go_on.set()
        assert (await scrape)[0] == "HTTP/1.1 200 OK"


async def test_a_port_in_use_is_one_line_that_says_what_to_do(page: MetricsPage) -> None:
    with pytest.raises(MetricsPageError) as refusal:
        async with MetricsPage(MetricsSettings(port=page.port), CollectorRegistry()):
            pass
    text = str(refusal.value)
    assert f"127.0.0.1 port {page.port}" in text
    assert "address already in use" in text
    assert "change metrics.host or metrics.port" in text
    assert "\n" not in text


async def test_a_host_that_does_not_exist_is_one_line_too() -> None:
    with pytest.raises(MetricsPageError, match=r"^metrics page: no-such-host\.invalid port 0: "):
        async with MetricsPage(MetricsSettings(host="no-such-host.invalid", port=0), CollectorRegistry()):
            pass


async def test_leaving_closes_the_port_and_every_connection(
    registry: CollectorRegistry, meters: Meters
) -> None:
    async with MetricsPage(ANY_PORT, registry) as page:
        port = page.port
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        assert (await get(page, "/health"))[2] == b"ok\n"
    async with asyncio.timeout(DEADLINE):
        assert await reader.read() == b""
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


@pytest.mark.parametrize(("host", "port"), [("", 9733), ("127.0.0.1", -1), ("127.0.0.1", 65536)])
def test_settings_that_name_no_address_are_refused(host: str, port: int) -> None:
    with pytest.raises(ValueError, match=r"^metrics\.(host|port): "):
        MetricsSettings(host=host, port=port)
