"""Where the machine's packages come from, in both formats of apt, and what is said when nothing can be had."""

from pathlib import Path

import pytest

from lab.errors import LabUnavailable
from lab.packages import asterisk
from lab.sources import debian_mirror, parse_deb822, parse_one_line

DEB822 = """
# the mirror of this house
Types: deb deb-src
URIs: https://mirror.example/debian
Suites: trixie
 trixie-updates
Components: main
# a comment in between
 contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Enabled: no
Types: deb
URIs: https://other.example/debian
Suites: trixie
Components: main
"""


@pytest.fixture(autouse=True)
def _no_override(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("THREERINGS_MIRROR", raising=False)


def _apt_folder(tmp_path: Path, *, one_line: str = "", deb822: str = "") -> Path:
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list").write_text(one_line)
    (tmp_path / "sources.list.d/debian.sources").write_text(deb822)
    return tmp_path


def test_reads_the_one_line_format() -> None:
    lines = "deb [arch=amd64 signed-by=/x y.gpg] http://a.example/debian bookworm main contrib # why\n#deb http://b c d\n"

    (source,) = parse_one_line(lines)

    assert source.uris == ("http://a.example/debian",)
    assert source.suites == ("bookworm",)
    assert source.components == ("main", "contrib")


def test_reads_deb822_with_continuations_and_leaves_out_what_is_disabled() -> None:
    (source,) = parse_deb822(DEB822)

    assert source.uris == ("https://mirror.example/debian",)
    assert source.suites == ("trixie", "trixie-updates")
    assert source.components == ("main", "contrib")


def test_takes_debians_main_archive_not_its_security_archive(tmp_path: Path) -> None:
    other = "deb http://s.example/debian-security bookworm-security main\ndeb http://x.example/pg bookworm-pgdg main\n"

    assert (
        debian_mirror(_apt_folder(tmp_path, one_line=other, deb822=DEB822)) == "https://mirror.example/debian"
    )


def test_the_environment_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREERINGS_MIRROR", "http://chosen.example/debian")

    assert debian_mirror(_apt_folder(tmp_path, deb822=DEB822)) == "http://chosen.example/debian"


def test_says_in_one_line_that_no_mirror_is_known(tmp_path: Path) -> None:
    with pytest.raises(LabUnavailable) as error:
        debian_mirror(_apt_folder(tmp_path))

    assert "THREERINGS_MIRROR" in str(error.value)
    assert "\n" not in str(error.value)


def test_says_in_one_line_that_apt_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("THREERINGS_CACHE", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(LabUnavailable, match="apt-get") as error:
        asterisk()

    assert "\n" not in str(error.value)


def test_says_in_one_line_that_the_mirror_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("THREERINGS_CACHE", str(tmp_path))
    monkeypatch.setenv("THREERINGS_MIRROR", (tmp_path / "nowhere").as_uri())

    with pytest.raises(LabUnavailable, match="apt-get update") as error:
        asterisk()

    assert "\n" not in str(error.value)
    assert not list(tmp_path.glob("asterisk-sid.part-*"))
