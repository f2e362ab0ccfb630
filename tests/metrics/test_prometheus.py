"""The real Prometheus and its linter against the real page. Needs Debian's package `prometheus`."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from prometheus_client import CollectorRegistry

from metrics.documentation import PAGE
from metrics.meters import Meters
from metrics.page import MetricsPage
from metrics.settings import MetricsSettings
from tests.metrics.small_hotline import MakeCall

pytestmark = pytest.mark.live

DEADLINE = 25
CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: threerings
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


def program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is not installed; run: apt-get install prometheus", pytrace=False)
    return path


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


async def body(port: int, path: str) -> bytes:
    """A GET without keep-alive; ConnectionError while nobody listens."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode())
        return (await reader.read()).partition(b"\r\n\r\n")[2]
    finally:
        writer.close()


@asynccontextmanager
async def prometheus_reading(page: MetricsPage, folder: Path) -> AsyncIterator[int]:
    """A Prometheus that scrapes the page every second; the port of its API."""
    configuration = folder / "prometheus.yml"
    configuration.write_text(CONFIGURATION.format(port=page.port))
    port = free_port()
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            program("prometheus"),
            f"--config.file={configuration}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
        try:
            yield port
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def answer(port: int, query: str) -> dict[str, Any]:
    """What the API says: {"status": ..., "data": ...}, or {} while it is starting."""
    try:
        reply: dict[str, Any] = json.loads(await body(port, f"/api/v1/query?query={quote(query)}"))
    except (ConnectionError, json.JSONDecodeError):
        return {}
    return reply


async def value(port: int, query: str) -> str:
    """Asks until there is a value."""
    while True:
        match await answer(port, query):
            case {"data": {"result": [{"value": [_, str(found)]}]}}:
                return found
        await asyncio.sleep(0.1)


async def test_promtool_finds_nothing_to_improve(
    registry: CollectorRegistry, meters: Meters, make_call: MakeCall
) -> None:
    meters.take(make_call())
    async with MetricsPage(MetricsSettings(port=0), registry) as page, asyncio.timeout(DEADLINE):
        shown = await body(page.port, "/metrics")
    assert b"threerings_calls_total" in shown
    linter = await asyncio.create_subprocess_exec(
        program("promtool"),
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(DEADLINE):
            remarks, _ = await linter.communicate(shown)
    finally:
        if linter.returncode is None:
            linter.kill()
            await linter.wait()
    assert (linter.returncode, remarks.decode()) == (0, "")


async def test_a_prometheus_reads_the_page_and_understands_the_documented_queries(
    registry: CollectorRegistry, meters: Meters, make_call: MakeCall, tmp_path: Path
) -> None:
    meters.take(make_call())
    meters.take(make_call())
    queries = re.findall(r"```promql\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert queries
    async with (
        MetricsPage(MetricsSettings(port=0), registry) as page,
        prometheus_reading(page, tmp_path) as port,
        asyncio.timeout(DEADLINE),
    ):
        calls = await value(
            port, 'threerings_calls_total{line="repairs", outcome="answered", direction="inbound"}'
        )
        assert calls == "2"
        assert await value(port, 'up{job="threerings"}') == "1"
        assert await value(port, 'threerings_answer_rings_bucket{line="repairs", le="2.0"}') == "2"
        await value(port, "count_over_time(up[1m]) >= 2")  # increase() needs two points
        for query in queries:
            reply = await answer(port, query)
            assert reply.get("status") == "success", (query, reply)
            is_alarm = re.search("[<>]|==", query)
            assert is_alarm or reply["data"]["result"], f"no series for {query}"
