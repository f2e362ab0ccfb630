"""What is wrong with a configuration, said to the operator: from pydantic's findings to one line each, with the path.

Pure, and quick to import: `replay` needs the error only.
"""

from __future__ import annotations

from collections.abc import Collection
from difflib import get_close_matches
from typing import Any


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says what, where and what to do, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


_REQUIREMENTS = {
    "missing": "is missing",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
    "float_parsing": "must be a number",
    "float_type": "must be a number",
    "finite_number": "must be a number",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "greater_than": "must be more than {gt:g}",
    "greater_than_equal": "must be {ge:g} or more",
    "less_than_equal": "must be {le:g} or less",
    "literal_error": "must be {expected}",
    "tuple_type": "must be a list, in brackets or with a dash before each entry",
    "string_type": "must be one word or text",
    "path_type": "must be a path",
    "string_pattern_mismatch": "may hold letters, digits, - and _ only, 64 at most",
    "string_too_short": "must not be empty",
    "string_too_long": "must not be longer than {max_length} characters",
    "model_type": "must be a section: settings of its own, a line each",
    "model_attributes_type": "must be a section: settings of its own, a line each",
}
_SECRETS = {
    "pbx.secret": "pbx.secret_file, or set the variable THREERINGS_PBX_SECRET",
    "pbx.password": "pbx.secret_file, or set the variable THREERINGS_PBX_SECRET",
    "storage.password": "storage.url_file as part of the URL, or set the variable THREERINGS_DATABASE_URL",
}


def problem_text(item: dict[str, Any], names: Collection[str]) -> str:
    """One entry of `ValidationError.errors()`; `names`: of all settings there are."""
    place = _place(item["loc"])
    if item["type"] == "extra_forbidden":
        return _unknown(place, str(item["loc"][-1]), names)
    if item["type"] == "value_error":
        return f"{place or 'the file'}: {item['ctx']['error']}"
    wanted = _REQUIREMENTS.get(item["type"], str(item["msg"])).format(**item.get("ctx", {}))
    given = item.get("input")
    shown = f" (found {given!r})" if isinstance(given, str) else ""
    return f"{place}: {wanted}{shown}"


def _place(location: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in location).lstrip(".")


def _unknown(place: str, name: str, names: Collection[str]) -> str:
    if place in _SECRETS:
        return f"{place}: secrets do not belong in config.yaml; use {_SECRETS[place]}"
    near = get_close_matches(name, sorted(names), n=1)
    meant = f"; did you mean {near[0]}?" if near else "; see docs/configuration.md"
    return f"{place}: no such setting{meant}"
