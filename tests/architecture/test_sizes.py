"""The longest file and the longest function are bounded: it is the tail that makes code hard to read, not the average."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.architecture.repository import TOP, modules

FILE_LINES = 400
BODY_LINES = 40

# (file, function) -> why it may be longer. Tables of data are the usual reason.
LONGER_BODIES: dict[tuple[str, str], str] = {}
LONGER_FILES: dict[str, str] = {}


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    sizes = {str(path): len((TOP / path).read_text().splitlines()) for path in modules()}
    too_long = {name for name, lines in sizes.items() if lines > FILE_LINES}
    assert too_long == set(LONGER_FILES), f"over {FILE_LINES} lines, or an exception that is none any more"


def test_no_function_is_longer_than_a_screen() -> None:
    too_long = {
        (str(path), name)
        for path, tree in modules().items()
        for name, lines in bodies(tree)
        if lines > BODY_LINES
    }
    assert too_long == set(LONGER_BODIES), f"over {BODY_LINES} lines, or an exception that is none any more"


def bodies(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Every function and the lines of its body, without signature and docstring."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if body:
                yield node.name, (body[-1].end_lineno or 0) - body[0].lineno + 1


def test_the_measure_leaves_signature_and_docstring_out() -> None:
    source = 'def long_name(\n    a: int,\n) -> None:\n    """Says\n    much."""\n    x = 1\n\n    y = 2\n'
    assert list(bodies(ast.parse(source))) == [("long_name", 3)]
    assert Path(__file__).relative_to(TOP) in modules()
