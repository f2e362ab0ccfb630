"""`doctor` and `record` against a real PBX, as an operator runs them."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from lab.pbx import Pbx
from lab.scenarios import SCENARIOS, run
from lab.stage import Lab
from tests.live.service import service_beside

pytestmark = pytest.mark.live
COMMAND = (sys.executable, "-m", "app.main")
USERS = """
[recommended]
secret = {secret}
read = call,agent,user,system,dialplan
write = call,system
[powerless]
secret = {secret}
read = agent
write = user
"""


async def start(*arguments: str, secret: str = "") -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *COMMAND, *arguments, env={**os.environ, "THREERINGS_PBX_SECRET": secret},
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip


async def ended(process: asyncio.subprocess.Process, seconds: float = 30) -> tuple[int, str, str]:
    async with asyncio.timeout(seconds):
        out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


class Doctor:
    """What a run of `threerings doctor` said."""

    def __init__(self, status: int, text: str) -> None:
        self.status = status
        self.text = text

    def of(self, verdict: str) -> list[str]:
        """Subjects with this verdict."""
        return [
            line.removeprefix(verdict).strip().partition("  ")[0]
            for line in self.text.splitlines()
            if line.startswith(verdict + "  ")
        ]


async def examined(directory: Path, pbx: Pbx, **settings: Any) -> Doctor:
    config = {
        "pbx": {"port": pbx.ami_port, "username": "all", **settings},
        "storage": {"data_dir": str(directory)},
        "metrics": {"enabled": False},
    }
    file = (
        directory / f"{settings.get('username', 'all')}-{settings.get('port', 0)}-{settings.get('tls')}.yaml"
    )
    file.write_text(yaml.safe_dump(config))
    status, out, err = await ended(await start("doctor", "--config", str(file), secret=pbx.secret))
    assert err == ""
    assert all(line.isprintable() for line in out.splitlines())
    return Doctor(status, out)


async def test_doctor_finds_a_running_service_in_order_and_leaves_no_trace(tmp_path: Path) -> None:
    async with (
        Pbx(sites=1) as pbx,
        Lab(pbx) as lab,
        service_beside(pbx, tmp_path, metrics={"port": 0}) as service,
    ):
        await run(lab, SCENARIOS["plain_one_ring"])
        (call,) = await service.until_calls(1)
        config = str(tmp_path / "config.yaml")
        status, out, err = await ended(await start("doctor", "--config", config, secret=pbx.secret))
        await run(lab, SCENARIOS["plain_one_ring"])
        records = await service.until_calls(2)
        metrics = await service.metrics()

    doctor = Doctor(status, out)
    assert (status, err) == (0, ""), out
    assert doctor.of("ok") == [
        "configuration", "PBX", "TLS", "log-in", "version", "write permissions", "read permissions",
        "timestampevents", "event filter", "clock", "data directory", "disk space", "database", "spool",
        "metrics page",
    ]  # fmt: skip
    assert "in use: the service runs" in out
    assert out.splitlines()[-1] == "15 ok, 0 findings"
    assert records[0] == call
    assert metrics.value("threerings_calls_total") == 2
    assert metrics.value("threerings_anomalies_total") == 0


async def test_doctor_names_the_line_to_add(tmp_path: Path) -> None:
    """The database is not there yet in any of these."""
    async with Pbx(sites=1, tls=True) as pbx, Pbx(sites=1, timestamps=False) as timeless:
        config = (pbx.directory / "etc/manager.conf").read_text()
        pbx.write("manager.conf", config + USERS.format(secret=pbx.secret))
        await pbx.cli("manager reload")
        secure = {"port": pbx.ami_tls_port, "tls": True}
        recommended = await examined(
            tmp_path, pbx, username="recommended"
        )  # alone: others' probes are calls too
        powerless, no_times, trusted, stranger, plain, nobody, gone = await asyncio.gather(
            examined(tmp_path, pbx, username="powerless"),
            examined(tmp_path, timeless),
            examined(tmp_path, pbx, **secure, tls_ca_file=str(pbx.certificate), host="localhost"),
            examined(tmp_path, pbx, **secure, username="tracker"),
            examined(tmp_path, pbx, tls=True),
            examined(tmp_path, pbx, username="nobody"),
            examined(tmp_path, pbx, port=1),
        )

    assert recommended.of("finding") == ["database"]
    assert recommended.of("could not check") == ["read permission call"]
    assert "asterisk -rx 'manager show user recommended'" in recommended.text
    assert "run `threerings db upgrade`" in recommended.text
    assert powerless.of("finding") == [
        "write permissions", "read permission system", "read permission dialplan", "event filter", "database"
    ]  # fmt: skip
    assert "add `read = call,agent,user,system,dialplan` to [powerless] in manager.conf" in powerless.text
    assert no_times.of("finding") == ["timestampevents", "database"]
    assert "add `timestampevents = yes` to [general]" in no_times.text
    assert trusted.of("finding") == ["database"]
    assert "the certificate believed" in trusted.text
    assert stranger.of("finding") == ["TLS", "database"]
    assert "pbx.tls_ca_file" in stranger.text
    assert plain.of("finding") == ["TLS", "database"]
    assert nobody.of("finding") == ["log-in", "database"]
    assert gone.of("finding") == ["PBX", "database"]
    assert {
        run.status for run in (recommended, powerless, no_times, trusted, stranger, plain, nobody, gone)
    } == {1}


async def test_what_was_recorded_replays_into_the_records_of_the_service(tmp_path: Path) -> None:
    stories = ("failover", "busy", "blind_by_callee", "queue_second")
    recording = tmp_path / "recording.ami"
    async with Pbx(sites=4) as pbx, Lab(pbx) as lab, service_beside(pbx, tmp_path) as service:
        config = str(tmp_path / "config.yaml")
        recorder = await start("record", str(recording), "--config", config, secret=pbx.secret)
        await service.until(lambda: recording.exists() and recording.stat().st_size > 0)
        await asyncio.gather(*(run(lab, SCENARIOS[name]) for name in stories))
        records = await service.until_calls(len(stories))
        recorder.send_signal(signal.SIGINT)
        status, out, err = await ended(recorder)
        again = await start("record", str(recording), "--config", config, secret=pbx.secret)
        refused = await ended(again)
    replayed = await ended(await start("replay", str(recording), "--json"))
    kept = await ended(await start("replay", str(recording)))

    assert (status, out) == (0, "")
    assert f"{len(stories)} calls; look at them with: threerings replay {recording}" in err
    assert refused == (2, "", f"threerings: {recording} is there already; name a new file\n")
    assert replayed[0] == 0
    told = {call["call_id"]: call for call in map(yaml.safe_load, replayed[1].splitlines())}
    assert told.keys() == {record.call_id for record in records}
    for record in records:
        call = told[record.call_id]
        assert (call["outcome"], call["rings"], call["caller"]["number"]) == (
            record.outcome,
            record.rings,
            record.caller.number,
        )
        assert call["ring_seconds"] == (record.ring_time and record.ring_time.total_seconds())
        assert len(call["attempts"]) == len(record.attempts)
    assert kept[1].count("in time") == len(stories)
    assert recording.stat().st_mode & 0o077 == 0


async def test_a_recording_ends_with_the_pbx_and_keeps_what_came(tmp_path: Path) -> None:
    recording = tmp_path / "recording.ami"
    async with Pbx(sites=1) as pbx:
        config = tmp_path / "config.yaml"
        config.write_text(f"pbx: {{port: {pbx.ami_port}, username: all}}\n")
        recorder = await start("record", str(recording), "--config", str(config), secret=pbx.secret)
        async with asyncio.timeout(10):
            while not (recording.exists() and recording.stat().st_size > 100):
                await asyncio.sleep(0.02)
        await pbx.kill()
        status, _, err = await ended(recorder)
        nobody = await ended(
            await start("record", str(tmp_path / "other"), "--config", str(config), secret="x")
        )

    assert status == 1
    assert "the PBX closed the connection; what came until then is kept" in err
    assert recording.read_bytes().startswith(b"Asterisk Call Manager/")
    assert nobody[0] == 1
    assert nobody[2].startswith("threerings: manager interface 127.0.0.1:")
    assert len(nobody[2].splitlines()) == 1
    assert not (tmp_path / "other").exists()
