"""The repository's own files as the tests of this folder read them: tracked by git, parsed once.

Goes out: paths relative to the top folder. Files that are not committed yet are nobody's business here.
"""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

TOP = Path(__file__).parents[2]


@cache
def tracked() -> tuple[Path, ...]:
    """Every file git knows and that is there."""
    command = ["git", "-c", "core.quotepath=off", "ls-files", "-z"]
    names = subprocess.run(command, cwd=TOP, check=True, capture_output=True, text=True).stdout
    return tuple(Path(name) for name in names.split("\0") if name and (TOP / name).is_file())


@cache
def modules() -> dict[Path, ast.Module]:
    """Every Python module, parsed."""
    return {path: ast.parse((TOP / path).read_text()) for path in tracked() if path.suffix == ".py"}


@cache
def packages() -> tuple[str, ...]:
    """The packages on the top level that make up the product and its lab."""
    found = {path.parts[0] for path in modules() if path.name == "__init__.py" and len(path.parts) == 2}
    return tuple(sorted(found - {"tests"}))


def text_of(name: str) -> str:
    """A file of the repository, which must be there."""
    return (TOP / name).read_text(encoding="utf-8")


def imported(tree: ast.Module, package: str) -> set[str]:
    """Dotted names of all modules that are imported anywhere in it, imports within functions included.

    `from a import b` counts as `a.b`: whether b is a module or a name in it, its parent is named too.
    """
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parent = node.module if node.level == 0 else f"{package}.{node.module or ''}".rstrip(".")
            found |= {f"{parent}.{alias.name}" for alias in node.names}
    return found
