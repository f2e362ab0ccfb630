"""Documents lead where they say, name commands that exist, and leave out nothing they promise to list."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.repository import TOP, packages, text_of, tracked

PAGES = [path for path in tracked() if path.suffix == ".md" and path.parts[0] != "tests"]
LINK = re.compile(r"!?\[[^]]*\]\(([^)\s]+)\)|<img[^>]*src=\"([^\"]+)\"")
DECISIONS = Path("docs/decisions")


def without_code(text: str) -> str:
    return re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)


def anchors(text: str) -> set[str]:
    """As the usual viewers make them of headings."""
    titles = re.findall(r"(?m)^#+ +(.*?)\s*$", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return {
        re.sub(r"[^\w\- ]", "", title.replace("`", "")).strip().lower().replace(" ", "-") for title in titles
    }


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_links_lead_somewhere(page: Path) -> None:
    for first, second in LINK.findall(without_code(text_of(str(page)))):
        target, _, anchor = (first or second).partition("#")
        if "://" in target:
            continue
        there = (TOP / page.parent / target) if target else TOP / page
        assert there.exists(), f"{page}: {target}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there.read_text(encoding="utf-8")), f"{page}: {target}#{anchor}"


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_make_targets_exist(page: Path) -> None:
    code = " ".join(re.findall(r"```.*?```|`[^`\n]*`", text_of(str(page)), flags=re.DOTALL))
    targets = set(re.findall(r"(?m)^([a-z]+):", text_of("Makefile")))
    assert set(re.findall(r"\bmake ([a-z]+)\b", code)) <= targets


def test_the_two_commands_are_in_the_readme() -> None:
    readme = text_of("README.md")
    assert "make demo" in readme
    assert "make test" in readme


def test_every_package_is_described() -> None:
    described = set(re.findall(r"(?m)^\| `(\w+)/?` \|", text_of("docs/architecture.md")))
    assert set(packages()) <= described


def test_every_decision_is_in_the_index() -> None:
    decisions = {
        path.name for path in tracked() if path.parent == DECISIONS and re.match(r"\d{4}-", path.name)
    }
    index = text_of(str(DECISIONS / "README.md"))
    assert decisions == set(re.findall(r"\]\((\d{4}-[^)]+)\)", index))
    numbers = sorted(int(name[:4]) for name in decisions)
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_decision_has_its_four_parts_and_fits_a_page() -> None:
    for path in (path for path in tracked() if path.parent == DECISIONS and re.match(r"\d{4}-", path.name)):
        text = text_of(str(path))
        assert re.findall(r"(?m)^## (.*)$", text) == ["Context", "Options", "Choice", "Consequences"], path
        assert len(text.splitlines()) <= 60, path


def test_the_documents_hold_no_foreign_picture_or_font() -> None:
    for path in (path for path in tracked() if path.suffix == ".svg"):
        assert not re.search(r"(?i)(?:href=|src:|url\()\s*[\"']?https?:", text_of(str(path))), path
