"""A real PostgreSQL server for tests, from Debian's package `postgresql`: started, stopped and thrown away.

It listens on a socket in its own directory only, so no port has to be free. PostgreSQL refuses to run as root; then it
runs as `postgres` or `nobody`.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

_DEADLINE_SECONDS = 30


class PostgresMissingError(Exception):
    """PostgreSQL is not installed."""


def _binaries() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not found:
        raise PostgresMissingError(
            "no PostgreSQL under /usr/lib/postgresql: run `apt-get install postgresql`"
        )
    return found[-1].parent


def _user() -> str | None:
    """Whom to run as; None for ourselves."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    raise PostgresMissingError(
        "root may not run PostgreSQL and there is neither user `postgres` nor `nobody`"
    )


class Postgres:
    """One server with trusting local access. `stop` and `start` keep the data, `remove` throws it away."""

    def __init__(self) -> None:
        self.binaries = _binaries()
        self._user = _user()
        # Short: the path of a socket has at most 107 characters.
        self.directory = Path(tempfile.mkdtemp(prefix="threerings-pg-"))
        if self._user is not None:
            account = pwd.getpwnam(self._user)
            os.chown(self.directory, account.pw_uid, account.pw_gid)
        self._server: subprocess.Popen[bytes] | None = None
        self.run(
            "initdb", "-D", str(self._data), "-U", "threerings", "-E", "UTF8", "--no-sync", "-A", "trust"
        )
        self.start()

    @property
    def _data(self) -> Path:
        return self.directory / "data"

    def run(self, program: str, *arguments: str) -> None:
        """Run one of PostgreSQL's programs as the server's user."""
        subprocess.run(
            [self.binaries / program, *arguments],
            user=self._user,
            cwd=self.directory,
            check=True,
            capture_output=True,
            timeout=_DEADLINE_SECONDS,
        )

    def start(self) -> None:
        """Returns when the server accepts connections."""
        options = {"unix_socket_directories": self.directory, "listen_addresses": "", "fsync": "off"}
        arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.directory / "log").open("ab") as log:
            self._server = subprocess.Popen(
                [self.binaries / "postgres", "-D", self._data, *arguments],
                user=self._user,
                cwd=self.directory,
                stdout=log,
                stderr=log,
            )
        self._wait_until_ready()

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + _DEADLINE_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline or self._server is None or self._server.poll() is not None:
                self.stop()
                log = (self.directory / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL did not start:\n{log[-2000:]}")
            time.sleep(0.05)

    def _is_ready(self) -> bool:
        command = [str(self.binaries / "pg_isready"), "-q", "-h", str(self.directory)]
        return subprocess.run(command, check=False, timeout=_DEADLINE_SECONDS).returncode == 0

    def stop(self) -> None:
        """Ends every session at once and the server cleanly, as `systemctl stop postgresql` does."""
        if self._server is not None:
            self._server.send_signal(signal.SIGINT)
            self._server.wait(_DEADLINE_SECONDS)
            self._server = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self.directory)

    def url(self, database: str) -> str:
        return f"postgresql://threerings@/{database}?host={self.directory}"

    def sql(self, statement: str, database: str = "postgres") -> None:
        """Run one statement as the server's owner."""
        self.run(
            "psql", "-qX", "-h", str(self.directory), "-U", "threerings", "-d", database, "-c", statement
        )
