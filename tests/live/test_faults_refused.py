"""The PBX lets us in not at all, or not everywhere, or is none: one clear line, no busy trying, no crash."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from hotline.records import Measurement, Outcome
from lab.behaviour import Calling, Talk, picks_up
from lab.facts import Leg
from lab.pbx import Pbx
from lab.scenarios import SCENARIOS, run
from lab.stage import Lab
from tests.live.service import ServiceProcess, service_beside
from tests.live.wire import Wire

pytestmark = pytest.mark.live
QUIET = 2.5  # seconds in which somebody who is too eager would have tried a hundred times
USERS = """
[deaf]
secret = {secret}
read = agent,user
write = call,system
[shy]
secret = {secret}
read = call,agent,user,system,dialplan
write = user
"""


@contextlib.asynccontextmanager
async def service_at(port: int, directory: Path, **sections: Any) -> AsyncIterator[ServiceProcess]:
    """A service that has started, whether or not it reaches anybody."""
    service = ServiceProcess(directory, port=port, secret="Tr0ub4dor", **sections)
    try:
        await service.start()
        yield service
    finally:
        await service.kill()


def errors(service: ServiceProcess) -> list[str]:
    assert "Traceback" not in service.text
    return [line["event"] for line in service.log() if line["level"] in {"error", "critical"}]


async def test_a_wrong_password_is_told_once_and_not_tried_again_at_once(tmp_path: Path) -> None:
    async with Pbx(sites=1) as pbx, Wire(pbx.ami_port) as wire, service_at(wire.port, tmp_path) as service:
        await service.until_said("refused")
        await asyncio.sleep(QUIET)
        (error,) = errors(service)
        connected = (await service.metrics()).value("threerings_ami_connected")
        status = await service.stop()

    assert error == (
        f"manager interface 127.0.0.1:{wire.port}: log-in of 'all' refused (Authentication failed); manager.conf needs a"
        " section [all] with this `secret`, and a `permit` for this host"
    )
    assert wire.connections == 1
    assert (connected, status) == (0, 0)
    assert "Tr0ub4dor" not in service.text


async def one_call(lab: Lab) -> Leg:
    async with lab.stage() as stage:
        stage.set_answers({"deska": picks_up(1.0)})
        call = asyncio.create_task(stage.call("trunk", Calling("101", talk=Talk(hangs_up_after=3.5))))
        leg = await stage.until(lambda leg: leg.phone.startswith("deska") and leg.answered_at is not None)
        await call
        return leg


async def _with_user(
    directory: Path, user: str, then: Callable[[ServiceProcess, Lab], Awaitable[None]]
) -> list[str]:
    """The errors told beside a PBX with a manager user of few rights."""
    async with Pbx(sites=1) as pbx:
        config = (pbx.directory / "etc/manager.conf").read_text()
        pbx.write("manager.conf", config + USERS.format(secret=pbx.secret))
        await pbx.cli("manager reload")
        async with Lab(pbx) as lab, service_beside(pbx, directory) as service:
            service.config["pbx"]["username"] = user
            await service.stop()
            await service.start()
            await service.until_observing()
            await then(service, lab)
            return errors(service)


async def test_missing_rights_are_told_with_the_line_to_add(tmp_path: Path) -> None:
    """Without read = call a call is seen by asking only; without write = call what is going on cannot be asked."""

    async def hears_nothing(service: ServiceProcess, lab: Lab) -> None:
        await one_call(lab)
        await service.until_said("calls are under way but no events of them come")

    async def cannot_ask(service: ServiceProcess, lab: Lab) -> None:
        await one_call(lab)
        (record,) = await service.until_calls(1)
        assert (record.outcome, record.measurement) == (Outcome.ANSWERED, Measurement.LIVE)

    deaf, shy = await asyncio.gather(
        _with_user(tmp_path / "deaf", "deaf", hears_nothing), _with_user(tmp_path / "shy", "shy", cannot_ask)
    )

    assert any(
        "`read = call,agent,user,system,dialplan` to [deaf] in manager.conf" in error for error in deaf
    )
    assert len(deaf) <= 2
    (error,) = shy
    assert error.endswith(
        "user 'shy' may not read the state of calls (Status); add `write = call,system` to [shy] in manager.conf and"
        " `manager reload`"
    )


async def test_without_times_rings_are_counted_by_our_own_clock(tmp_path: Path) -> None:
    async with (
        Pbx(sites=1, timestamps=False) as pbx,
        Lab(pbx) as lab,
        service_beside(pbx, tmp_path) as service,
    ):
        leg = await one_call(lab)
        (record,) = await service.until_calls(1)
        told = errors(service)

    assert record.ring_time is not None
    assert leg.answered_at
    assert leg.ringing_at
    assert record.ring_time.total_seconds() == pytest.approx(leg.answered_at - leg.ringing_at, abs=0.1)
    (error,) = told
    assert "add `timestampevents = yes` to [general] in manager.conf" in error


GARBAGE = {
    "silence": b"",
    "another protocol": b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html></html>",
    "no end of line": b"x" * 3_000_000,
    "bytes": bytes(range(256)) * 2000,
    "a manager's banner and then nonsense": b"Asterisk Call Manager/11.0.0\r\n"
    + b"Event\r\n\r\n: \r\n\r\n" * 1000,
    "answers nobody asked for": b"Asterisk Call Manager/11.0.0\r\nResponse: Success\r\nActionID: x\r\n\r\n"
    * 100,
}


async def _among_garbage(directory: Path, said: bytes) -> tuple[list[str], int, int]:
    """Errors told, connections made, and exit status beside something that is no PBX."""
    connections = 0

    async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        with contextlib.suppress(OSError):
            writer.write(said)
            await writer.drain()
            await reader.read()
        writer.close()

    async with await asyncio.start_server(talk_nonsense, "127.0.0.1") as server:
        port = server.sockets[0].getsockname()[1]
        sections: dict[str, Any] = {
            "pbx": {"connect_seconds": 0.3, "retry_seconds_min": 0.5, "retry_seconds_max": 30}
        }
        async with service_at(port, directory, **sections) as service:
            await service.until_said("did not answer log-in within 0.3 s")
            await asyncio.sleep(QUIET)
            told = errors(service)
            assert (await service.metrics()).value("threerings_ami_connected") == 0
            return told, connections, await service.stop()


async def test_what_is_no_pbx_is_told_once_and_tried_ever_more_seldom(tmp_path: Path) -> None:
    results = await asyncio.gather(
        *(_among_garbage(tmp_path / str(number), said) for number, said in enumerate(GARBAGE.values()))
    )

    for told, connections, status in results:
        assert len(told) == 1, told
        assert connections <= 4
        assert status == 0


async def test_a_caller_with_a_hostile_name_is_kept_as_he_is(tmp_path: Path) -> None:
    async with Pbx(sites=1) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        truth = await run(lab, SCENARIOS["hostile_name"])
        (record,) = await service.until_calls(1)
        text = service.text

    assert record.caller.number == truth.caller["number"]
    assert record.caller.name is not None
    assert record.caller.name.startswith("王")
    assert record.caller.name.endswith("<sip:1@x>; ${EXTEN}, %0d%0aEvent: Hangup")
    assert record.outcome is Outcome.ANSWERED
    assert truth.caller["number"] not in text
