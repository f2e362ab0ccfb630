"""Where this machine gets its Debian packages from: its own apt sources, in either format.

Comes in: `/etc/apt` and `THREERINGS_MIRROR`. Goes out: one mirror address and the settings (proxy and the like) to keep.
No address is written in this repository. Next door: `lab.packages` fetches from there.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabUnavailable

# A source of one of these suites, with the component main, is a Debian mirror that carries the other suites too.
_SUITES = {
    "bullseye", "bookworm", "trixie", "forky", "sid",
    "oldoldstable", "oldstable", "stable", "testing", "unstable",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Source:
    """One entry of apt's sources: where, which suites, which components."""

    uris: tuple[str, ...]
    suites: tuple[str, ...]
    components: tuple[str, ...]


def debian_mirror(apt_folder: Path = Path("/etc/apt")) -> str:
    """`THREERINGS_MIRROR`, else the first Debian mirror of this machine's apt sources; raises `LabUnavailable`."""
    if chosen := os.environ.get("THREERINGS_MIRROR"):
        return chosen
    for source in configured_sources(apt_folder):
        if _SUITES.intersection(source.suites) and "main" in source.components:
            return source.uris[0]
    raise LabUnavailable(f"{apt_folder} names no Debian mirror: set THREERINGS_MIRROR to the address of one")


def configured_sources(apt_folder: Path) -> Iterator[Source]:
    """Yield the enabled `deb` entries, sources.list first, then sources.list.d by name."""
    parts = sorted((apt_folder / "sources.list.d").glob("*"))
    for path in (apt_folder / "sources.list", *parts):
        if path.suffix not in {".list", ".sources"} or not path.is_file():
            continue
        text = path.read_text(errors="replace")
        yield from parse_deb822(text) if path.suffix == ".sources" else parse_one_line(text)


def parse_one_line(text: str) -> Iterator[Source]:
    """Parse `deb [options] uri suite component…` lines."""
    for line in text.splitlines():
        words = re.sub(r"\[[^]]*\]", "", line.partition("#")[0]).split()
        if len(words) >= 3 and words[0] == "deb":
            yield Source((words[1],), (words[2],), tuple(words[3:]))


def parse_deb822(text: str) -> Iterator[Source]:
    """Parse stanzas of `Types:`, `URIs:`, `Suites:`, `Components:`; continuation lines and comments included."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
        fields: dict[str, list[str]] = {}
        name = ""
        for line in stanza.splitlines():
            if not line.startswith((" ", "\t")):
                name, _, line = line.partition(":")  # noqa: PLW2901
                name = name.strip().lower()
            fields.setdefault(name, []).extend(line.split())
        enabled = fields.get("enabled", ["yes"])[0].lower() not in {"no", "false", "0"}
        if enabled and "deb" in fields.get("types", []) and fields.get("uris"):
            suites, components = fields.get("suites", []), fields.get("components", [])
            yield Source(tuple(fields["uris"]), tuple(suites), tuple(components))


def kept_apt_settings() -> list[str]:
    """The host's own `Acquire` settings (proxies, timeouts, validity), as lines of an apt.conf."""
    command = ["apt-config", "dump", "Acquire"]
    shown = subprocess.run(
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    ).stdout
    dropped = ("Acquire::IndexTargets", "Acquire::Languages", "Acquire::Changelogs")
    return [
        line for line in shown.splitlines() if line.startswith("Acquire::") and not line.startswith(dropped)
    ]
