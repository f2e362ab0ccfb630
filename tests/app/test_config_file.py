"""The text of config.yaml is taken as it is written; what cannot be understood is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.config_file import read_tree
from app.config_problems import ConfigError


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def problems(file: Path) -> list[str]:
    with pytest.raises(ConfigError) as raised:
        read_tree(file)
    assert all(problem.startswith(f"{file}: ") for problem in raised.value.problems)
    return [problem.removeprefix(f"{file}: ") for problem in raised.value.problems]


def test_numbers_words_and_times_stay_as_they_are_written(file: Path) -> None:
    file.write_text("lines:\n- {name: no, dids: [101, 0571, 0o17, 1_000, 12:30, 1e3, '007', 2026-11-21]}\n")

    assert read_tree(file) == {
        "lines": [
            {"name": "no", "dids": ["101", "0571", "0o17", "1_000", "12:30", "1e3", "007", "2026-11-21"]}
        ]
    }


def test_what_is_empty_is_not_given(file: Path) -> None:
    file.write_text("pbx:\nstorage:\n  url:\n  data_dir: ~\n  spool_dir: null\n  journal: {directory: }\n")

    assert read_tree(file) == {"storage": {"journal": {}}}


@pytest.mark.parametrize("text", ["", "# nothing\n", "---\n"])
def test_an_empty_file_is_the_defaults(file: Path, text: str) -> None:
    file.write_text(text)

    assert read_tree(file) == {}


def test_windows_line_ends_and_byte_order_mark_are_no_problem(file: Path) -> None:
    file.write_bytes("\ufeffpbx:\r\n  host: 電話\r\n".encode())

    assert read_tree(file) == {"pbx": {"host": "電話"}}


def test_every_setting_that_stands_twice_is_told(file: Path) -> None:
    file.write_text("pbx:\n  host: a\n  port: 1\n  host: b\nlog: {level: info, level: debug}\n")

    assert problems(file) == [
        "line 4: host stands twice in one section; remove one of them",
        "line 5: level stands twice in one section; remove one of them",
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("pbx:\n\thost: a\n", "line 2: is not YAML"),
        ("pbx: {host: a\n", "line 2: is not YAML"),
        ("pbx:\n  host: a: b\n", "line 2: is not YAML"),
        ("trunks: [*x]\n", "line 1: is not YAML"),
        ("host: @a\n", "line 1: is not YAML"),
        ("a: \0\n", "is not YAML"),
        ("- a\n", "holds no sections"),
        ("just words\n", "holds no sections"),
    ],
)
def test_what_is_no_yaml_is_told_with_its_line(file: Path, text: str, where: str) -> None:
    file.write_text(text)

    (problem,) = problems(file)

    assert problem.startswith(where)
    assert "\n" not in problem


def test_what_is_no_utf8_is_told_with_its_line(file: Path) -> None:
    file.write_bytes(b"pbx:\n  name: \xb5\xe7\n")

    assert problems(file) == ["line 2: is not UTF-8; save the file as UTF-8"]


def test_a_file_that_is_not_there_or_is_no_file(file: Path, tmp_path: Path) -> None:
    assert problems(file) == ["cannot be read (No such file or directory); name another file with --config"]
    assert problems(tmp_path) == ["cannot be read (Is a directory); name another file with --config"]
