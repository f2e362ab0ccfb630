"""config.yaml and docs/configuration.md name every setting there is, none that is not, and the defaults that count."""

from __future__ import annotations

import dataclasses
import itertools
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from ami_listener.settings import AmiSettings
from app.config_file import read_tree
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
from app.configuration_docs import BEGIN, PAGE, rewritten, tables, texts_of
from app.log_settings import LogSettings
from app.settings import load
from metrics.settings import MetricsSettings
from storage.settings import JournalSettings, StorageSettings

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config.yaml"
LISTS = ("lines", "phones")


def sections() -> list[type[Section]]:
    found: list[type[Section]] = [ConfigSections]
    for section in found:
        found += [inner for _, inner in settings_of(section) if inner]
    return found


def test_the_configuration_of_the_repository_is_the_defaults() -> None:
    shipped, default = load(CONFIG, {}), load(None, {})

    assert (shipped.ami, shipped.storage, shipped.metrics, shipped.log) == (
        default.ami,
        default.storage,
        default.metrics,
        default.log,
    )
    assert (shipped.directory.lines, shipped.directory.phones) == ((), ())
    assert shipped.directory.default_rule == default.directory.default_rule


def _same_names(tree: dict[str, Any], section: type[Section]) -> None:
    settings = dict(settings_of(section))
    assert tree.keys() == settings.keys()
    for name, inner in settings.items():
        if inner is not None and name not in LISTS:
            _same_names(tree[name], inner)


def test_the_configuration_of_the_repository_names_every_setting() -> None:
    _same_names(yaml.safe_load(CONFIG.read_text(encoding="utf-8")), ConfigSections)


def test_every_setting_in_it_has_a_comment() -> None:
    lines = CONFIG.read_text(encoding="utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"\s*\w+:", line) and "#" not in line and not before.lstrip().startswith("#"):
            # the second of two that belong together, as retry_seconds_min and _max
            assert line.strip().startswith("retry_"), line


def test_its_examples_are_valid(tmp_path: Path) -> None:
    text = CONFIG.read_text(encoding="utf-8")
    examples = re.findall(r"^# (?:lines|phones):\n(?:# .*\n)+", text, re.MULTILINE)
    file = tmp_path / "example.yaml"
    file.write_text("".join(line.removeprefix("# ") for line in "".join(examples).splitlines(keepends=True)))

    directory = load(file, {}).directory

    assert len(examples) == 2
    assert [(line.name, line.dids) for line in directory.lines] == [
        ("service", ("88206000", "057188206000")),
        ("repairs", ("8001",)),
    ]
    assert [phone.role for phone in directory.phones] == ["duty", "office"]


@pytest.mark.parametrize(
    ("section", "settings"),
    [
        (PbxSection, AmiSettings),
        (StorageSection, StorageSettings),
        (JournalSection, JournalSettings),
        (MetricsSection, MetricsSettings),
        (LogSection, LogSettings),
    ],
)
def test_every_setting_of_a_room_can_be_configured(section: type[Section], settings: type) -> None:
    names = {field.name for field in dataclasses.fields(settings)} - {"secret"}

    assert {name for name, _ in settings_of(section)} - {"secret_file", "url_file"} == names


def test_every_setting_is_explained() -> None:
    for section in sections():
        texts = texts_of(section)
        for name, inner in settings_of(section):
            assert name in texts or inner, f"{section.__name__}.{name}"


def test_the_page_is_fresh() -> None:
    page = PAGE.read_text(encoding="utf-8")

    assert page == rewritten(page), "run `python -m app.configuration_docs`"


def test_a_page_without_its_markers_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="needs the lines"):
        rewritten(f"{BEGIN}\n")


def test_the_tables_show_defaults_as_they_are_written_in_the_file() -> None:
    text = tables()

    assert "| `retry_seconds_max` | `30` |" in text
    assert "| `name` | **required** |" in text
    assert "| `journal.enabled` | `false` |" in text
    assert "| `secret_file` |  |" in text


def test_the_file_is_read_without_guessing() -> None:
    assert read_tree(CONFIG)["pbx"]["port"] == "5038"
