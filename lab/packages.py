"""An unpacked Asterisk in the user's cache: fetched with apt, verified by apt's signatures, installed nowhere.

Comes in: the name of a Debian suite. Goes out: an `Unpacked` tree that `lab.pbx` starts through its own dynamic loader.
Nothing here needs root: every directory of apt is redirected into the cache. Next door: `lab.sources` finds the mirror.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from lab.errors import LabUnavailable
from lab.sources import debian_mirror, kept_apt_settings

STAMP = "threerings-lab.json"
LAYOUT = 3  # raised when what is unpacked changes: older trees are fetched anew
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
FETCH_DEADLINE_SECONDS = 1800
SUITES = {"sid": "Asterisk 22", "bullseye": "Asterisk 16, which still has chan_sip"}
PACKAGES = {"sid": ("asterisk",), "bullseye": ("asterisk", "asterisk-voicemail")}

Report = Callable[[float, str], None]
"""Told how far a step is: percent, and what is being done."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """An Asterisk tree that can be run by any user."""

    root: Path
    suite: str
    version: str

    @property
    def release(self) -> int:
        """Asterisk's major version; Debian's may have an epoch: `1:22.10.1+…`."""
        return int(self.version.rpartition(":")[2].partition(".")[0])

    @property
    def modules(self) -> Path:
        return next(self.root.glob("usr/lib/**/asterisk/modules"))

    @property
    def data(self) -> Path:
        """Sounds and the XML documentation without which modules refuse to load."""
        return self.root / "usr/share/asterisk"

    def command(self, *arguments: str) -> list[str]:
        """The command line that runs this Asterisk on a host with other libraries (or none of its own)."""
        search = ("usr/lib/*-linux-gnu*", "lib/*-linux-gnu*", "usr/lib", "usr/lib/*-linux-gnu*/asterisk")
        library_path = ":".join(str(path) for pattern in search for path in self.root.glob(pattern))
        binary = self.root / "usr/sbin/asterisk"
        return [str(self._loader()), "--library-path", library_path, str(binary), *arguments]

    def _loader(self) -> Path:
        for pattern in ("lib/*-linux-gnu*/ld-linux-*.so.*", "lib/*-linux-gnu*/ld-[0-9]*.so"):
            for found in sorted(self.root.glob("usr/" + pattern)) + sorted(self.root.glob(pattern)):
                if found.is_file():  # a link that leads outside the tree is not
                    return found
        raise LabUnavailable(f"{self.root}: no dynamic loader in it; delete that folder and fetch again")


def cache_folder() -> Path:
    """`THREERINGS_CACHE`, else the user's cache folder."""
    if chosen := os.environ.get("THREERINGS_CACHE"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "threerings"


def asterisk(suite: str = "sid") -> Unpacked:
    """Return the unpacked Asterisk of `suite`; fetch it first where the cache has none (minutes, with progress).

    Several processes may ask at once: one fetches, the others wait for it. Raises `LabUnavailable` with one line.
    """
    cache = cache_folder()
    root = cache / f"asterisk-{suite}"
    if found := _unpacked(root, suite):
        return found
    _require_tools()
    cache.mkdir(parents=True, exist_ok=True)
    with _only_one(cache / f"asterisk-{suite}.lock"):
        return _unpacked(root, suite) or _fetch(cache, root, suite)


def _unpacked(root: Path, suite: str) -> Unpacked | None:
    try:
        stamp = json.loads((root / STAMP).read_text())
    except (OSError, ValueError):
        return None
    if stamp.get("layout") != LAYOUT or stamp.get("suite") != suite:
        return None
    return Unpacked(root, suite, stamp["packages"]["asterisk"])


def _require_tools() -> None:
    for tool in ("apt-get", "apt-config", "dpkg", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise LabUnavailable(
                f"the lab needs {tool} to fetch Asterisk: run it on Debian or a relative of it"
            )
    if not KEYRING.exists():
        raise LabUnavailable(
            f"{KEYRING} is missing, Debian's signatures cannot be checked: "
            "install the package debian-archive-keyring"
        )


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetch(cache: Path, root: Path, suite: str) -> Unpacked:
    for left in cache.glob(f"asterisk-{suite}.part-*"):  # by a fetch that was killed; we hold the lock
        shutil.rmtree(left, ignore_errors=True)
    work = Path(tempfile.mkdtemp(prefix=f"asterisk-{suite}.part-", dir=cache))
    try:
        with _progress(suite) as step:
            environment = _write_apt_config(work, suite)
            _apt(environment, ["update"], step("package lists"), suite)
            wanted = PACKAGES.get(suite, ("asterisk",))
            _apt(environment, ["install", "--download-only", "--yes", *wanted], step("packages"), suite)
            versions = _unpack(work, step("unpacking"))
        tree = work / "root"
        stamp = {"layout": LAYOUT, "suite": suite, "packages": versions}
        (tree / STAMP).write_text(json.dumps(stamp, indent=1))
        shutil.rmtree(root, ignore_errors=True)  # a tree of an older layout
        tree.rename(root)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return Unpacked(root, suite, versions["asterisk"])


def _write_apt_config(work: Path, suite: str) -> dict[str, str]:
    """Redirect every folder of apt into `work`; return the environment that makes apt read it so."""
    for folder in ("state/lists/partial", "cache/archives/partial", "log", "root"):
        (work / folder).mkdir(parents=True)
    (work / "status").touch()  # nothing is installed: the whole dependency closure is fetched
    (work / "sources.list").write_text(f"deb [signed-by={KEYRING}] {debian_mirror()} {suite} main\n")
    settings = {
        "Dir::State": work / "state",
        "Dir::State::Lists": work / "state/lists",
        "Dir::State::status": work / "status",
        "Dir::Cache": work / "cache",
        "Dir::Cache::archives": work / "cache/archives",
        "Dir::Log": work / "log",
        "Dir::Etc::sourcelist": work / "sources.list",
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": "/dev/null",
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": "/dev/null",  # the host's hooks must not run for us
        "APT::Install-Recommends": "false",
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::http::Timeout": "20",
        "Acquire::Retries": "2",
    }
    lines = [*kept_apt_settings(), *(f'{name} "{value}";' for name, value in settings.items())]
    config = work / "apt.conf"
    config.write_text("\n".join(lines) + "\n")
    return {**os.environ, "APT_CONFIG": str(config), "LC_ALL": "C"}


def _apt(environment: dict[str, str], action: list[str], report: Report, suite: str) -> None:
    """Run one apt-get; its status lines drive the progress, its errors become one line."""
    read, write = os.pipe()
    with tempfile.TemporaryFile("w+") as output:
        command = ["apt-get", "-qq", "-o", f"APT::Status-Fd={write}", *action]
        process = subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, pass_fds=[write]
        )
        os.close(write)
        watchdog = threading.Timer(FETCH_DEADLINE_SECONDS, process.kill)
        watchdog.start()
        try:
            with os.fdopen(read) as status:
                for line in status:
                    if percent := re.match(r"dlstatus:[^:]*:([\d.]+):", line):
                        report(float(percent[1]), "")
            code = process.wait()
        finally:
            watchdog.cancel()
            process.kill()
            process.wait()
        output.seek(0)
        errors = [line[2:].strip() for line in output if line.startswith(("E:", "W:"))]
    if code != 0 or any(line.startswith("Failed to fetch") for line in errors):
        reason = errors[0] if errors else f"exit {code}"
        raise LabUnavailable(
            f"apt-get {action[0]} for the suite {suite} failed ({reason}): "
            "check the network, or name another mirror in THREERINGS_MIRROR"
        )
    report(100, "")


def _unpack(work: Path, report: Report) -> dict[str, str]:
    archives = sorted((work / "cache/archives").glob("*.deb"))
    versions: dict[str, str] = {}
    for number, archive in enumerate(archives, 1):
        subprocess.run(["dpkg", "-x", str(archive), str(work / "root")], check=True, stdin=subprocess.DEVNULL)
        shown = ["dpkg-deb", "--show", "--showformat", "${Package} ${Version}", str(archive)]
        name, version = subprocess.run(shown, check=True, capture_output=True, text=True).stdout.split()
        versions[name] = version
        report(100 * number / len(archives), name)
    sounds = work / "root/usr/share/asterisk/sounds"
    if not (sounds / "en").exists():  # made by a maintainer script in an installation
        (sounds / "en").symlink_to(next(sounds.glob("en_*")).name)
    return versions


@contextlib.contextmanager
def _progress(suite: str) -> Iterator[Callable[[str], Report]]:
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bars:

        def step(name: str) -> Report:
            task = bars.add_task(f"Asterisk ({suite}): {name}", total=100)
            return lambda percent, _what: bars.update(task, completed=percent)

        yield step
