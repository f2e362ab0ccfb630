"""A module says what it is for, by its name and in its first lines."""

from __future__ import annotations

import ast

from tests.architecture.repository import modules

EMPTY_NAMES = {
    "base", "common", "core", "data", "handler", "handlers", "helper", "helpers", "manager", "managers", "misc", "stuff",
    "tools", "types", "util", "utils",
}  # fmt: skip
DOCSTRING_LINES = 20  # two to six are enough; a tree of errors or a protocol may need more


def test_every_module_opens_with_what_it_is() -> None:
    docstrings = {str(path): ast.get_docstring(tree) for path, tree in modules().items()}
    assert not [name for name, text in docstrings.items() if not text]
    assert not [
        name for name, text in docstrings.items() if text and len(text.splitlines()) > DOCSTRING_LINES
    ]


def test_an_init_holds_a_docstring_only() -> None:
    """Importing a module runs its package's `__init__`: an import in there would make every pure module impure."""
    assert not [
        str(path) for path, tree in modules().items() if path.name == "__init__.py" and len(tree.body) > 1
    ]


def test_names_say_something() -> None:
    assert not [str(path) for path in modules() if path.stem.strip("_") in EMPTY_NAMES]
