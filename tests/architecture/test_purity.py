"""Pure modules compute: no socket, file, clock, log or database. They see each other and the standard library only."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.architecture.repository import imported, modules, packages

# Packages that are pure as a whole; an adapter that is pure but for its shells; the pure modules of other adapters.
PURE_PACKAGES = ("hotline", "pbx")
SHELLS = {"ami_listener": ("__init__", "connection", "listener", "settings")}
PURE_MODULES = {"metrics": ("catalogue", "http1", "words"), "storage": ("errors", "fact_json", "pages")}
# Declarations of settings hold paths and nothing else; pure modules may read them.
SETTINGS = {f"{package}.settings" for package in (*SHELLS, *PURE_MODULES)}

NOT_IN_PURE_MODULES = {
    "asyncio", "concurrent", "io", "jinja2", "logging", "multiprocessing", "os", "pathlib", "rich", "select", "selectors",
    "shutil", "signal", "socket", "sqlalchemy", "sqlite3", "ssl", "structlog", "subprocess", "tempfile", "threading",
    "time", "urllib", "yaml",
}  # fmt: skip


def pure_modules() -> list[Path]:
    whole = [path for path in modules() if path.parts[0] in PURE_PACKAGES]
    inner = [path for path in modules() if path.stem not in SHELLS.get(path.parts[0], (path.stem,))]
    named = [Path(package) / f"{name}.py" for package, names in PURE_MODULES.items() for name in names]
    return sorted(whole + inner + named)


PURE = pure_modules()
PURE_NAMES = {".".join(path.with_suffix("").parts) for path in PURE}


@pytest.mark.parametrize("path", PURE, ids=str)
def test_a_pure_module_sees_pure_modules_only(path: Path) -> None:
    names = imported(modules()[path], ".".join(path.parts[:-1]))
    assert not {name for name in names if name.partition(".")[0] in NOT_IN_PURE_MODULES}
    ours = {name for name in names if name.partition(".")[0] in packages()}
    assert not {name for name in ours if not _is_pure(name)}


def _is_pure(name: str) -> bool:
    """`a.b.C`: the name of something in the module `a.b`, or itself a module."""
    parents = {name, name.rpartition(".")[0]}
    return bool(parents & (PURE_NAMES | SETTINGS)) or name.partition(".")[0] in PURE_PACKAGES


@pytest.mark.parametrize("path", [path for path in PURE if path.parts[0] in PURE_PACKAGES], ids=str)
def test_rules_and_vocabulary_need_the_standard_library_only(path: Path) -> None:
    known = sys.stdlib_module_names | {path.parts[0]}
    assert not {name for name in imported(modules()[path], "") if name.partition(".")[0] not in known}
