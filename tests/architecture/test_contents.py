"""What no file may hold: addresses it should take from the machine, paths of one machine, secrets, binaries."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.repository import TOP, tracked

# Whoever is named in an address: the reserved example names, this machine, names of XML vocabularies, and licences.
KNOWN_HOSTS = re.compile(
    r"(.*\.)?example(\.com|\.org|\.net)?|localhost|127(\.0\.0\.1)?|\[::1\]|0\.0\.0\.0|HOST|[a-z]|"
    r"www\.w3\.org|www\.apache\.org"
)
ADDRESS = re.compile(r"\b(?:https?|ftp|git|ssh)://(?:[^@/\s]*@)?(\[[^]]*\]|[^\s/:\"'`)<>\\]+)")
INDEX_OPTION = re.compile(r"(?<!no-emit-)\b(?:extra-)?(?:index-url|find-links|trusted-host)\b")
MACHINE_PATH = re.compile(r"(?<![\w.}/~$-])/(?:home|root|Users|work|mnt)/\w")
SECRET = re.compile(
    r"-----BEGIN (?:\w+ )*PRIVATE KEY-----|\b(?:ghp|gho|glpat|xox[bp])[-_]\w{16,}|\bAKIA[0-9A-Z]{16}\b"
)


def lines() -> Iterator[tuple[str, str]]:
    """`file:line` and the text of every line, of this file none."""
    for path in tracked():
        if path != Path(__file__).relative_to(TOP):
            text = (TOP / path).read_bytes().decode("utf-8", errors="replace")
            for number, line in enumerate(text.split("\n"), 1):
                yield f"{path}:{number}", line


def found(pattern: re.Pattern[str]) -> list[str]:
    return [f"{place}: {line.strip()[:100]}" for place, line in lines() if pattern.search(line)]


def test_no_address_of_a_registry_or_mirror() -> None:
    unknown = [
        f"{place}: {host}"
        for place, line in lines()
        for host in ADDRESS.findall(line)
        if not KNOWN_HOSTS.fullmatch(host) and "{" not in host and "$" not in host
    ]
    assert not unknown
    assert not found(INDEX_OPTION)


def test_no_path_of_one_machine() -> None:
    assert not found(MACHINE_PATH)


def test_no_secret() -> None:
    assert not found(SECRET)


def test_no_binary() -> None:
    """Recordings of a manager interface are text, and so are pictures in SVG."""
    assert not [str(path) for path in tracked() if b"\0" in (TOP / path).read_bytes()]


def test_the_patterns_see_what_they_are_for() -> None:
    assert ADDRESS.findall("pip install --index-url https://user:word@pypi.test/simple") == ["pypi.test"]
    assert INDEX_OPTION.search("pip install --index-url x")
    assert not INDEX_OPTION.search("--no-emit-index-url")
    assert MACHINE_PATH.search("cd /home/someone/threerings")
    assert not MACHINE_PATH.search("$HOME/root/x ~/work/y a/home/b")
