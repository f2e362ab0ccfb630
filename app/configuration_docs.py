"""Writes the tables of docs/configuration.md from the settings themselves: `python -m app.configuration_docs`.

Comes in: the sections of `config_sections.py`, the docstrings below their settings or below those of the rooms, and the
page's text with its two markers. Goes out: the same text with fresh tables between them.
"""

from __future__ import annotations

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from ami_listener.settings import AmiSettings
from app.config_sections import (
    ConfigSections,
    JournalSection,
    LogSection,
    MetricsSection,
    PbxSection,
    Section,
    StorageSection,
    settings_of,
)
from app.log_settings import LogSettings
from metrics.settings import MetricsSettings
from storage.settings import JournalSettings, StorageSettings

PAGE = Path(__file__).parents[1] / "docs" / "configuration.md"
BEGIN = "<!-- written by python -m app.configuration_docs: begin -->"
END = "<!-- end -->"

_ROOMS: dict[type[Section], type] = {
    PbxSection: AmiSettings,
    StorageSection: StorageSettings,
    JournalSection: JournalSettings,
    MetricsSection: MetricsSettings,
    LogSection: LogSettings,
}


def tables() -> str:
    """One table for each section of the file, in its order."""
    docs = texts_of(ConfigSections)
    parts = []
    for name, inner in settings_of(ConfigSections):
        rows = list(_rows(inner, "")) if inner else []
        parts.append(f"## {name}\n\n{docs[name]}")
        if rows:
            head = ["| setting | default | what it does |", "| --- | --- | --- |"]
            parts.append("\n".join([*head, *(f"| {' | '.join(row)} |" for row in rows)]))
    return "\n\n".join(parts)


def _rows(section: type[Section], prefix: str) -> Iterator[tuple[str, str, str]]:
    docs = texts_of(section)
    for name, inner in settings_of(section):
        if inner is not None:
            yield from _rows(inner, f"{prefix}{name}.")
            continue
        field = section.model_fields[name]
        default = "**required**" if field.is_required() else _shown(field.default)
        yield f"`{prefix}{name}`", default, docs[name].replace("|", "\\|")


def _shown(default: Any) -> str:
    if default is None:
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if isinstance(default, tuple):
        return "`[]`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def texts_of(section: type[Section]) -> dict[str, str]:
    """The docstring of each setting, from the room's settings where the section has none of its own."""
    room = _ROOMS.get(section)
    return (attribute_docs(room) if room is not None else {}) | attribute_docs(section)


def attribute_docs(kind: type) -> dict[str, str]:
    """Docstrings that stand below the attributes of a class, on one line each."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    docs: dict[str, str] = {}
    for here, below in pairwise(ast.iter_child_nodes(definition)):
        if not (isinstance(here, ast.AnnAssign) and isinstance(here.target, ast.Name)):
            continue
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            docs[here.target.id] = " ".join(str(below.value.value).split())
    return docs


def rewritten(page: str) -> str:
    """Raises ValueError where the page has not exactly one pair of markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"{PAGE.name}: needs the lines {BEGIN!r} and {END!r}, once each and in this order")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
