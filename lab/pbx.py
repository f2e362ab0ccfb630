"""A real Asterisk for one test, demo or benchmark: started from the cache, in folders and on ports of its own.

Comes in: what to add to the configuration of `lab/conf`. Goes out: a running PBX with its ports, log, command line and
ledger. `lab.packages` fetches it, `lab.configuration` writes its files, `lab.phones` are the phones on it.
"""

import asyncio
import contextlib
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from lab.ami import AmiClient
from lab.configuration import DESKS, TRUNKS, Layout, endpoints_of, render
from lab.errors import LabUnavailable, PbxError
from lab.packages import Unpacked, asterisk
from lab.ports import BLOCK, PortBlock, media_ports

BOOT_DEADLINE_SECONDS = 30
STOP_DEADLINE_SECONDS = 5
PHONES_PER_SITE = len(DESKS) + len(TRUNKS)
MOST_SITES = (BLOCK - 3) // PHONES_PER_SITE
RTP_PORTS = 2000  # two per channel
FOLDERS = ("etc", "lib", "db", "keys", "agi-bin", "spool/outgoing", "run", "log/cel-custom", "log/cdr-custom")


class Pbx:
    """One Asterisk process. `async with Pbx() as pbx:` or `start()` and `stop()`; it dies with its starter."""

    def __init__(
        self,
        *,
        suite: str = "sid",
        driver: str = "pjsip",
        sites: int = 6,
        timestamps: bool = True,
        tls: bool = False,
        dialplan: str = "",
        manager_users: str = "",
        files: Mapping[str, str] | None = None,
        modules: tuple[str, ...] = (),
    ) -> None:
        """Describe a PBX; nothing runs yet.

        sites: independent sets of phones (see `lab.configuration.DESKS`, `TRUNKS`), so that calls can run side by side;
        at most `MOST_SITES`.
        timestamps: `timestampevents` of AMI. tls: a second AMI port with a self-signed certificate.
        dialplan, manager_users: text added to extensions.conf and manager.conf. files: added to or replacing the lab's
        own, by name. modules: more to load than `lab/conf/modules.conf` has.
        """
        if not 1 <= sites <= MOST_SITES:
            raise ValueError(f"sites: {sites} is not between 1 and {MOST_SITES}")
        self._suite = suite
        self._driver = driver
        self._site_names = tuple("" if number == 1 else str(number) for number in range(1, sites + 1))
        self._timestamps = timestamps
        self._tls = tls
        self._dialplan = dialplan
        self._manager_users = manager_users
        self._files = dict(files or {})
        self._modules = modules
        self._tree: Unpacked | None = None
        self._layout: Layout | None = None
        self._ports: PortBlock | None = None
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> Self:
        try:
            await self.start()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def layout(self) -> Layout:
        """Ports, folders, phones and secret; fixed at the first start, the same after a restart."""
        if self._layout is None:
            raise PbxError("this PBX was never started")
        return self._layout

    @property
    def directory(self) -> Path:
        return self.layout.home

    @property
    def ami_port(self) -> int:
        return self.layout.ami_port

    @property
    def ami_tls_port(self) -> int | None:
        return self.layout.ami_tls_port

    @property
    def sip_port(self) -> int:
        return self.layout.sip_port

    @property
    def secret(self) -> str:
        """Of every manager user."""
        return self.layout.secret

    @property
    def ledger(self) -> Path:
        """The CEL rows, one JSON object per line (Asterisk 22)."""
        return self.directory / "log/cel-custom/hotline.json"

    @property
    def agi_bin(self) -> Path:
        """Where classic AGI scripts are looked for; they run with the host's interpreters."""
        return self.directory / "agi-bin"

    @property
    def certificate(self) -> Path:
        """Of the AMI's TLS port, self-signed for localhost."""
        return self.directory / "keys/ami.crt"

    @property
    def pid(self) -> int:
        if self._process is None:
            raise PbxError("this PBX is not running")
        return self._process.pid

    @property
    def is_running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    @property
    def messages(self) -> str:
        """What the PBX logged so far; over several starts, if there were."""
        path = self.directory / "log/messages.log"
        return path.read_text(errors="replace") if path.exists() else ""

    async def start(self) -> None:
        """Start and wait until it is fully booted; raises `LabUnavailable` or `PbxError`."""
        if self._layout is None:
            await asyncio.to_thread(self._settle)
        command = self._command("-f", "-C", str(self.directory / "etc/asterisk.conf"))
        with (self.directory / "log/console").open("ab") as console:
            # the kernel ends the PBX with us, however we end; setpriv keeps the pid
            self._process = await asyncio.create_subprocess_exec(
                "setpriv", "--pdeathsig", "KILL", *command,
                stdin=asyncio.subprocess.DEVNULL, stdout=console, stderr=console, start_new_session=True,
            )  # fmt: skip
        try:
            async with asyncio.timeout(BOOT_DEADLINE_SECONDS):
                await self._booted()
        except TimeoutError:
            await self.kill()
            raise PbxError(
                f"Asterisk did not boot in {BOOT_DEADLINE_SECONDS} s: {self._log_tail()}"
            ) from None
        except BaseException:
            await self.kill()
            raise

    async def stop(self) -> None:
        """End it in order (AMI sends Shutdown); then by SIGTERM, then by SIGKILL. The folders stay for a new start."""
        if not self.is_running:
            return
        with contextlib.suppress(PbxError):
            await self.cli("core stop now")
        for ending in (None, signal.SIGTERM, signal.SIGKILL):
            if ending is not None and self._process is not None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.send_signal(ending)
            if await self._ended(STOP_DEADLINE_SECONDS):
                return
        raise PbxError(f"Asterisk {self.pid} does not end")

    async def kill(self) -> None:
        """SIGKILL: what a power cut of the PBX looks like to everybody else."""
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()

    async def restart(self) -> None:
        """Stop and start again on the same ports, with the same folders and configuration."""
        await self.stop()
        await self.start()

    async def close(self) -> None:
        """Stop, remove the folders, give the ports back."""
        await self.stop()
        if self._layout is not None:
            await asyncio.to_thread(shutil.rmtree, self.directory, ignore_errors=True)
        if self._ports is not None:
            self._ports.release()

    async def cli(self, command: str, deadline: float = 10) -> str:
        """Run a console command and return what it prints."""
        arguments = self._command("-C", str(self.directory / "etc/asterisk.conf"), "-rx", command)
        process = await asyncio.create_subprocess_exec(
            *arguments,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(deadline):
                output, _ = await process.communicate()
        except TimeoutError:
            raise PbxError(f"asterisk -rx {command!r}: no end within {deadline} s") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0:
            raise PbxError(f"asterisk -rx {command!r}: {output.decode(errors='replace').strip()}")
        return output.decode(errors="replace")

    async def reload(self) -> None:
        """Make it read its configuration again."""
        await self.cli("core reload")

    def write(self, name: str, text: str) -> None:
        """Replace a configuration file; `reload()` or `restart()` makes it count."""
        (self.directory / "etc" / name).write_text(text)

    def ami(self, user: str = "all", *, events: bool = False) -> AmiClient:
        """A manager session to enter with `async with`."""
        return AmiClient(self.ami_port, user, self.secret, events=events)

    def _command(self, *arguments: str) -> list[str]:
        if self._tree is None:
            raise PbxError("this PBX was never started")
        return self._tree.command(*arguments)

    def _settle(self) -> None:
        """Fetch if need be, choose folders and ports, write the configuration."""
        self._tree = asterisk(self._suite)
        _require_host_name()
        home = Path(tempfile.mkdtemp(prefix="threerings-pbx-"))
        for folder in FOLDERS:
            (home / folder).mkdir(parents=True)
        rtp = media_ports(RTP_PORTS)
        self._ports = ports = PortBlock()
        self._layout = Layout(
            home=home,
            modules=self._tree.modules,
            data=self._tree.data,
            secret=secrets.token_hex(8),
            ami_port=ports.take(),
            ami_tls_port=ports.take() if self._tls else None,
            sip_port=ports.take(),
            rtp_first=rtp,
            rtp_last=rtp + RTP_PORTS - 1,
            endpoints=endpoints_of(self._site_names, ports.take(len(self._site_names) * PHONES_PER_SITE)),
            sites=self._site_names,
            driver=self._driver,
            timestamps=self._timestamps,
            release=self._tree.release,
            dialplan=self._dialplan,
            manager_users=self._manager_users,
            extra_modules=self._modules,
        )
        for name, text in {**render(self._layout), **self._files}.items():
            self.write(name, text)
        if self._tls:
            _self_signed(home / "keys")

    async def _booted(self) -> None:
        while True:
            if not self.is_running:
                raise PbxError(f"Asterisk ended while starting: {self._log_tail()}")
            with contextlib.suppress(OSError, PbxError):
                async with self.ami(events=True) as ami:
                    await ami.wait_event(lambda event: event["Event"] == "FullyBooted", BOOT_DEADLINE_SECONDS)
                    return
            await asyncio.sleep(0.05)

    async def _ended(self, within: float) -> bool:
        if self._process is None:
            return True
        try:
            async with asyncio.timeout(within):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    def _log_tail(self, lines: int = 8) -> str:
        console = (self.directory / "log/console").read_text(errors="replace")
        return " | ".join((self.messages or console).splitlines()[-lines:])


def _require_host_name() -> None:
    name = socket.gethostname()
    try:
        socket.gethostbyname(name)
    except OSError:
        raise LabUnavailable(
            f"the name of this machine, {name}, does not resolve and every call would wait for it: "
            "give it a line in /etc/hosts"
        ) from None


def _self_signed(folder: Path) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        raise LabUnavailable("the lab needs openssl for a PBX with TLS: install the package openssl")
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30", "-subj", "/CN=localhost",
            "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", str(folder / "ami.key"), "-out", str(folder / "ami.crt"),
        ],
        check=True, capture_output=True, stdin=subprocess.DEVNULL,
    )  # fmt: skip
