"""What documents say of the program is so: words, log lines, rights, commands, examples of the configuration."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import typer

from ami_listener.session import EVENT_MASK, NEEDED_READ, NEEDED_WRITE
from app.cli import cli
from app.settings import load
from tests.architecture.repository import modules, packages, text_of


def test_words_of_the_glossary_are_in_the_code() -> None:
    named = re.findall(r"(?m)\| `([\w.]+)` \|$", text_of("docs/glossary.md"))
    assert len(named) > 40
    assert not [name for name in named if not _exists(name)]


def _exists(name: str) -> bool:
    parts = name.split(".")
    for length in range(len(parts), 0, -1):
        try:
            found: object = importlib.import_module(".".join(parts[:length]))
        except ModuleNotFoundError:
            continue
        for part in parts[length:]:
            if not hasattr(found, part) and part not in getattr(found, "__dataclass_fields__", {}):
                return False
            found = getattr(found, part, None)
        return True
    return False


def test_the_runbook_quotes_what_the_log_says() -> None:
    code = "".join(text_of(str(path)) for path in modules() if path.parts[0] in packages())
    said = re.sub(r'"\s*\n\s*f?"', "", code)
    quoted = re.findall(r"\*\*`([^`]+)`\*\*", text_of("docs/runbook.md"))
    assert len(quoted) > 10
    assert not [line for line in quoted if line not in said and line != "like this"]


def test_the_rights_to_give_are_those_that_are_needed() -> None:
    section = text_of("docs/installation.md").partition("[threerings]")[2].partition("```")[0]
    given = {
        name: set(rights.split(",")) for name, rights in re.findall(r"(?m)^(read|write) = (\S+)$", section)
    }
    assert given["read"] == set(NEEDED_READ) | set(EVENT_MASK.split(","))
    assert given["write"] == set(NEEDED_WRITE)


def test_the_commands_of_the_contract_are_those_of_the_program() -> None:
    rows = re.findall(r"(?m)^\| (`threerings .*?) \| .* \| ([\w.]+) \|$", text_of("docs/contracts.md"))
    promised = {name for cells, since in rows if since != "planned" for name in _commands(cells)}
    assert promised == _program()


def _commands(cells: str) -> set[str]:
    return set(re.findall(r"`threerings ((?:db )?[a-z]+)", cells))


def _program() -> set[str]:
    top = typer.main.get_group(cli)
    groups = {
        name: command for name, command in top.commands.items() if isinstance(command, typer.core.TyperGroup)
    }
    nested = {f"{name} {inner}" for name, group in groups.items() for inner in group.commands}
    return (top.commands.keys() - groups.keys()) | nested


def test_examples_of_the_configuration_are_valid(tmp_path: Path) -> None:
    for example in re.findall(r"```yaml\n(.*?)```", text_of("docs/installation.md"), re.DOTALL):
        file = tmp_path / "config.yaml"
        file.write_text(example, encoding="utf-8")
        load(file, {"THREERINGS_PBX_SECRET": "x", "THREERINGS_DATABASE_URL": "sqlite:///x"})
