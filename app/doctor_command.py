"""`threerings doctor`: looks at everything the service needs and says one line about each."""

from __future__ import annotations

import asyncio
import re
import textwrap
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import nullcontext, suppress
from pathlib import Path

from rich.console import Console
from rich.text import Text

from app.checks import Check, Verdict, finding, ok
from app.interruption import run_until_stopped
from app.pbx_checks import pbx_checks
from app.settings import Settings
from app.storage_checks import storage_checks
from metrics.settings import MetricsSettings

HTTP_WITHIN = 2.0  # seconds
LONGEST_PAGE = 4_000_000  # bytes; ours has some hundred thousand with fifty lines

_COLOURS = {Verdict.OK: "green", Verdict.FINDING: "red", Verdict.UNKNOWN: "yellow"}
_VERDICT_WIDTH, _SUBJECT_WIDTH = 17, 26


def examine_and_print(settings: Settings, path: Path | None) -> int:
    """Exit code: 0 when all is well, 1 with a finding, and when it was stopped."""
    console = Console(highlight=False)
    with console.status("looking ...") if console.is_terminal else nullcontext():
        count = run_until_stopped(_examine(settings, path, console))
    if count is None:
        return 1
    findings, unknowns = count[Verdict.FINDING], count[Verdict.UNKNOWN]
    left = f", {unknowns} could not be checked" if unknowns else ""
    console.print(f"\n{count[Verdict.OK]} ok, {findings} finding{'' if findings == 1 else 's'}{left}")
    return 1 if findings else 0


async def _examine(settings: Settings, path: Path | None, console: Console) -> Counter[Verdict]:
    count: Counter[Verdict] = Counter()
    async for check in _checks(settings, path):
        count[check.verdict] += 1
        _print(console, check)
    return count


async def _checks(settings: Settings, path: Path | None) -> AsyncIterator[Check]:
    directory = settings.directory
    lines, phones = len(directory.lines), len(directory.phones)
    yield ok("configuration", f"{path or 'the defaults'}: {lines} lines, {phones} phones")
    async for check in pbx_checks(settings.ami):
        yield check
    async for check in storage_checks(settings.storage):
        yield check
    yield await _metrics_page(settings.metrics)


async def _metrics_page(settings: MetricsSettings) -> Check:
    where = f"{settings.host}:{settings.port}"
    if not settings.enabled:
        return ok("metrics page", "off by metrics.enabled")
    page = await _page(settings)
    if "\nthreerings_" in page:
        return _of_running_service(page, where)
    try:
        server = await asyncio.start_server(lambda _reader, _writer: None, settings.host, settings.port)
    except OSError as error:
        reason = error.strerror or error
        return finding(
            "metrics page",
            f"{where}: {reason}; change metrics.host or metrics.port, or stop the program that uses it",
        )
    server.close()
    await server.wait_closed()
    return ok("metrics page", f"{where} is free; the service does not run")


def _of_running_service(page: str, where: str) -> Check:
    lost = re.findall(r'^threerings_storage_available\{part="(\w+)"\} 0\.0$', page, re.MULTILINE)
    if lost:
        return finding(
            "metrics page",
            f"the running service cannot write its {' and its '.join(lost)}; its log says why: journalctl -u threerings",
        )
    return ok(
        "metrics page", f"http://{where}/metrics answers: the service runs, {_waiting(page)} facts wait"
    )


def _waiting(page: str) -> int:
    found = re.search(r"^threerings_spool_facts (\S+)$", page, re.MULTILINE)
    return int(float(found[1])) if found else 0


async def _page(settings: MetricsSettings) -> str:
    """What is shown there; nothing where nobody answers."""
    page = b""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(HTTP_WITHIN):
            reader, writer = await asyncio.open_connection(settings.host, settings.port)
            try:
                writer.write(b"GET /metrics HTTP/1.1\r\nHost: doctor\r\n\r\n")
                while len(page) < LONGEST_PAGE and (data := await reader.read(65536)):
                    page += data
            finally:
                writer.close()
    return page.decode("utf-8", "replace")


def _print(console: Console, check: Check) -> None:
    """In a terminal the text goes on below itself, else each check is one line."""
    head = " " * (_VERDICT_WIDTH + _SUBJECT_WIDTH)
    text = check.text
    if console.is_terminal:
        width = max(console.width - 1, len(head) + 30)
        text = textwrap.fill(text, width, initial_indent=head, subsequent_indent=head).lstrip()
    verdict = Text(f"{check.verdict:<{_VERDICT_WIDTH}}", style=_COLOURS[check.verdict])
    console.print(verdict + Text(f"{check.subject:<{_SUBJECT_WIDTH}}{text}"), soft_wrap=True)
