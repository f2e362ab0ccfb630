"""A real PBX comes up in seconds, keeps its ports, goes away without a trace, and dies with its starter."""

import asyncio
import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lab.errors import PbxError
from lab.pbx import Pbx

pytestmark = pytest.mark.live
STARTER = """
import asyncio
from lab.pbx import Pbx

async def main():
    pbx = Pbx(sites=1)
    await pbx.start()
    print(pbx.pid, pbx.directory, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


async def _gone(pid: int) -> None:
    async with asyncio.timeout(5):
        while _is_alive(pid):
            await asyncio.sleep(0.02)


async def test_a_second_start_takes_seconds_and_a_stop_leaves_nothing() -> None:
    async with Pbx(sites=1):
        pass  # fetches, where the cache is empty
    began = time.monotonic()

    async with Pbx(sites=1) as pbx:
        seconds = time.monotonic() - began
        pid, folder = pbx.pid, pbx.directory
        version = await pbx.cli("core show version")

    assert seconds < 10
    assert version.startswith("Asterisk ")
    assert not _is_alive(pid)
    assert not folder.exists()


async def test_ports_and_folders_stay_over_kill_and_restart() -> None:
    async with Pbx(sites=1) as pbx:
        first = (pbx.ami_port, pbx.sip_port, pbx.directory)
        killed = pbx.pid
        await pbx.kill()
        assert not pbx.is_running
        await pbx.start()
        restarted = pbx.pid
        await pbx.restart()

        assert (pbx.ami_port, pbx.sip_port, pbx.directory) == first
        assert len({killed, restarted, pbx.pid}) == 3
        assert "0 active calls" in await pbx.cli("core show channels count")


async def test_it_dies_with_its_starter() -> None:
    starter = subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True)
    assert starter.stdout is not None
    words = starter.stdout.readline().split()
    pid = int(words[0])
    assert _is_alive(pid)

    starter.send_signal(signal.SIGKILL)
    starter.communicate()

    await _gone(pid)
    shutil.rmtree(words[1])


async def test_dialplan_users_and_files_are_added_and_a_reload_changes_them() -> None:
    users = "[reader]\nsecret = read\nread = call\n"
    files = {"mine.conf": "; a file of the caller's\n"}
    async with Pbx(
        sites=1, dialplan="[mine]\nexten => 7,1,NoOp()\n", manager_users=users, files=files
    ) as pbx:
        assert "NoOp" in await pbx.cli("dialplan show 7@mine")
        assert "reader" in await pbx.cli("manager show users")
        assert (pbx.directory / "etc/mine.conf").read_text() == files["mine.conf"]

        dialplan = (pbx.directory / "etc/extensions.conf").read_text()
        pbx.write("extensions.conf", dialplan + "exten => 8,1,Answer()\n")
        await pbx.reload()

        assert "Answer" in await pbx.cli("dialplan show 8@mine")


async def test_a_classic_agi_script_of_the_host_is_run() -> None:
    dialplan = (
        "[mine]\nexten => 7,1,Answer()\n same => n,AGI(who.py)\n same => n,UserEvent(Said,Word: ${WORD})\n"
    )
    async with Pbx(sites=1, dialplan=dialplan) as pbx:
        script = pbx.agi_bin / "who.py"
        script.write_text(f"#!{sys.executable}\nprint('SET VARIABLE WORD hello', flush=True)\ninput()\n")
        script.chmod(0o755)
        async with pbx.ami(events=True) as ami:
            await ami.action("Originate", Channel="Local/7@mine", Application="Wait", Data="2", Async="true")
            said = await ami.wait_event(lambda event: event.get("UserEvent") == "Said", 5)

    assert said["Word"] == "hello"


async def test_pbxs_side_by_side_share_no_port() -> None:
    async with Pbx(sites=1) as one, Pbx(sites=1) as other:
        ports = [port for pbx in (one, other) for port in (pbx.ami_port, pbx.sip_port)]
        ports += [endpoint.port for pbx in (one, other) for endpoint in pbx.layout.endpoints]

    assert len(set(ports)) == len(ports)


async def test_the_listeners_user_may_log_in_by_tls() -> None:
    async with Pbx(sites=1, tls=True) as pbx:
        trusted = ssl.create_default_context(cafile=str(pbx.certificate))
        reader, writer = await asyncio.open_connection("localhost", pbx.ami_tls_port, ssl=trusted)
        try:
            writer.write(f"Action: Login\r\nUsername: tracker\r\nSecret: {pbx.secret}\r\n\r\n".encode())
            async with asyncio.timeout(5):
                answer = await reader.readuntil(b"\r\n\r\n")
        finally:
            writer.transport.abort()

    assert b"Asterisk Call Manager" in answer
    assert b"Response: Success" in answer


async def test_a_broken_configuration_is_told_in_one_line() -> None:
    pbx = Pbx(sites=1, files={"modules.conf": "[modules]\nautoload = no\nrequire = nothing_like_this.so\n"})
    with pytest.raises(PbxError, match="nothing_like_this") as error:
        await pbx.start()
    await pbx.close()

    assert "\n" not in str(error.value)
