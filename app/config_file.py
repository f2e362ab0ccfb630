"""The text of config.yaml -> a plain tree of sections, lists and texts. What the settings mean is in `settings.py`.

Nothing is guessed: a number dialled stays as it is written (0571 is no octal number, `no` is no false), and a setting
that stands twice is a problem. A section or setting left empty counts as not given.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from app.config_problems import ConfigError

Tree = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML in which every plain word is text."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - as declared by PyYAML

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self.problems: list[str] = []

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else None
            if name in seen:
                self.problems.append(
                    f"line {key.start_mark.line + 1}: {name} stands twice in one section; remove one of them"
                )
            seen.add(name)
        return super().construct_mapping(node, deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile("(~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)


def read_tree(path: Path) -> Tree:
    """Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ConfigError(
            [f"{path}: cannot be read ({error.strerror}); name another file with --config"]
        ) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise ConfigError([f"{path}: line {line}: is not UTF-8; save the file as UTF-8"]) from None
    try:
        loader = _Loader(text)
        tree = loader.get_single_data()
    except yaml.YAMLError as error:
        raise ConfigError([f"{path}: {_complaint(error)}"]) from None
    if loader.problems:
        raise ConfigError([f"{path}: {problem}" for problem in loader.problems])
    if tree is None:
        return {}
    if not isinstance(tree, dict):
        raise ConfigError([f"{path}: holds no sections; it begins for instance with `pbx:`"])
    return _without_empty(tree)


def _complaint(error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"line {mark.line + 1}: " if mark is not None else ""
    what = getattr(error, "problem", None) or getattr(error, "reason", None) or "cannot be understood"
    return f"{where}is not YAML ({what}); indent with spaces, put values with signs like : # @ into quotes"


def _without_empty(tree: Tree) -> Tree:
    return {
        key: _without_empty(value) if isinstance(value, dict) else _entries(value)
        for key, value in tree.items()
        if value is not None
    }


def _entries(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_empty(entry) if isinstance(entry, dict) else entry for entry in value]
    return value
