"""A configuration is filled into the rooms' settings, or refused with every problem at once, each with its place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.config_problems import ConfigError
from app.settings import configured_path, load, load_directory


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "config.yaml"


def problems(file: Path, text: str, environment: dict[str, str] | None = None) -> list[str]:
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        load(file, environment or {})
    assert all(problem.startswith(f"{file}: ") for problem in raised.value.problems)
    return [problem.removeprefix(f"{file}: ") for problem in raised.value.problems]


WHOLE = """\
pbx: {name: hz, host: pbx.example, port: 5039, username: me, tls: yes, heartbeat_seconds: 5, filter_at_pbx: no}
rings: {cadence: us, target: 4}
lines:
- {name: 報修熱線, dids: [0571, 8000], department: 後勤, rings: {target: 5}}
- {name: campus, contexts: [from-campus*], rings: {cadence: [1000, 3000]}}
phones:
- {number: 13800000000, role: duty, person: 李四}
- {endpoint: desk*, role: office}
trunks: [trunk*]
storage: {data_dir: /data, url: postgresql://me@db/calls, journal: {enabled: true, file_mb: 1.5}}
metrics: {enabled: off}
log: {format: json, level: debug}
"""

WRONG = """\
pbx: {port: 50x38, heartbeat_seconds: 0, tls: perhaps, nmae: x, name: 'a b', secret: hunter2, host: ''}
rings: {cadence: [0], target: 0}
lines:
- {name: a}
- {dids: [1], colour: red}
- {name: '', dids: 5}
phones: [{role: duty}, 7]
trunks: trunk
storage: {connections: 1, spool_mb: inf, journal: yes, retry_seconds: .5h}
metrics: {port: 65536}
log: {level: loud}
webb: {}
"""


def test_a_whole_configuration(file: Path) -> None:
    file.write_text(WHOLE, encoding="utf-8")

    settings = load(file, {"THREERINGS_PBX_SECRET": "s3cret"})

    ami, directory = settings.ami, settings.directory
    assert (ami.name, ami.host, ami.port, ami.username, ami.secret) == (
        "hz",
        "pbx.example",
        5039,
        "me",
        "s3cret",
    )
    assert (ami.tls, ami.heartbeat_seconds, ami.filter_at_pbx) == (True, 5.0, False)
    line = directory.line("0571", None)
    assert line is not None and (line.name, line.department) == ("報修熱線", "後勤")
    assert (line.rule.cadence.cycle, line.rule.target_rings) == (timedelta(seconds=6), 5)
    campus = directory.line("1", "from-campus-2")
    assert campus is not None and (campus.rule.cadence.pattern_ms, campus.rule.target_rings) == (
        (1000, 3000),
        4,
    )
    phone = directory.phone("trunk", "13800000000")
    assert phone is not None and phone.person == "李四"
    assert (directory.is_trunk("trunk2"), directory.is_trunk("deska")) == (True, False)
    assert settings.storage.database_url() == "postgresql://me@db/calls"
    assert (settings.storage.data_dir, settings.storage.journal.file_mb) == (Path("/data"), 1.5)
    assert (settings.metrics.enabled, settings.log.format, settings.log.level) == (False, "json", "debug")


def test_every_problem_is_told_at_once(file: Path) -> None:
    assert problems(
        file,
        WRONG,
    ) == [
        "pbx.name: may hold letters, digits, - and _ only, 64 at most (found 'a b')",
        "pbx.host: must not be empty (found '')",
        "pbx.port: must be a whole number (found '50x38')",
        "pbx.tls: must be true or false (found 'perhaps')",
        "pbx.heartbeat_seconds: must be more than 0 (found '0')",
        "pbx.nmae: no such setting; did you mean name?",
        "pbx.secret: secrets do not belong in config.yaml; use pbx.secret_file, or set the variable THREERINGS_PBX_SECRET",
        "rings.cadence: a ring cadence needs on and off times in milliseconds, not (0,)",
        "rings.target: must be 1 or more (found '0')",
        "lines[0]: needs `dids` or `contexts`, or no call is ever on this line",
        "lines[1].name: is missing",
        "lines[1].colour: no such setting; see docs/configuration.md",
        "lines[2].name: must not be empty (found '')",
        "lines[2].dids: must be a list, in brackets or with a dash before each entry (found '5')",
        "phones[0]: needs `endpoint` or `number`, or it fits no phone",
        "phones[1]: must be a section: settings of its own, a line each (found '7')",
        "trunks: must be a list, in brackets or with a dash before each entry (found 'trunk')",
        "storage.spool_mb: must be a number (found 'inf')",
        "storage.connections: must be 2 or more (found '1')",
        "storage.retry_seconds: must be a number (found '.5h')",
        "storage.journal: must be a section: settings of its own, a line each (found 'yes')",
        "metrics.port: must be 65535 or less (found '65536')",
        "log.level: must be 'debug', 'info', 'warning' or 'error' (found 'loud')",
        "webb: no such setting; see docs/configuration.md",
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "rings: {cadence: [0, 0]}",
            "rings.cadence: a ring cadence needs on and off times in milliseconds, not (0, 0)",
        ),
        (
            "rings: {cadence: [1 s, 4 s]}",
            "rings.cadence: must be a country code, or a list of on and off times in milliseconds",
        ),
        (
            "lines: [{name: a, dids: [1]}, {name: a, dids: [2]}]",
            "lines: the name 'a' stands twice; every line needs its own",
        ),
        (
            "lines: [{name: a, dids: [1, 2]}, {name: b, dids: [2]}]",
            "lines: 2 is on the lines 'a' and 'b'; remove it from one",
        ),
        (
            "phones: [{number: 1}, {number: 1, role: duty}]",
            "phones: 1 stands twice; the second is never used, remove it",
        ),
        (
            "pbx: {retry_seconds_min: 5, retry_seconds_max: 1}",
            "pbx: retry_seconds_max is shorter than retry_seconds_min",
        ),
        ("storage: {retry_max_seconds: 0.1}", "storage: retry_max_seconds is shorter than retry_seconds"),
        (
            "storage: {url: 'postgresql://me:pw@db/calls'}",
            (
                "storage.url: a password does not belong in config.yaml; put the URL into a file and name it in url_file, or"
                " into the variable THREERINGS_DATABASE_URL"
            ),
        ),
        (
            "storage: {password: pw}",
            (
                "storage.password: secrets do not belong in config.yaml; use storage.url_file as part of the URL, or set the"
                " variable THREERINGS_DATABASE_URL"
            ),
        ),
        ("lines: [~]", "lines[0]: must be a section: settings of its own, a line each"),
        ("pbx: []", "pbx: must be a section: settings of its own, a line each"),
        ("log: {levle: info}", "log.levle: no such setting; did you mean level?"),
    ],
)
def test_a_problem_says_where_and_what_to_do(file: Path, text: str, problem: str) -> None:
    assert problems(file, text) == [problem]


def test_an_unknown_country_is_told_with_the_known_ones(file: Path) -> None:
    (problem,) = problems(file, "rings: {cadence: atlantis}")

    assert problem.startswith("rings.cadence: no ring cadence for country 'atlantis'; known are at, au, ")


def test_the_same_number_may_be_on_two_lines_in_different_contexts(file: Path) -> None:
    file.write_text("lines: [{name: a, dids: [1], contexts: [x]}, {name: b, dids: [1], contexts: [y]}]")

    line = load(file, {}).directory.line("1", "y")

    assert line is not None and line.name == "b"


def test_secrets_come_from_files_or_from_the_environment(file: Path, tmp_path: Path) -> None:
    secret, url = tmp_path / "secret", tmp_path / "url"
    secret.write_text("from file\n")
    url.write_text("postgresql://me:pw@db/calls\n")
    file.write_text(f"pbx: {{secret_file: {secret}}}\nstorage: {{url_file: {url}}}\n")

    by_file = load(file, {})
    by_variable = load(
        file, {"THREERINGS_PBX_SECRET": "given", "THREERINGS_DATABASE_URL": "sqlite:////x/y.db"}
    )

    assert (by_file.ami.secret, by_file.storage.url) == ("from file", "postgresql://me:pw@db/calls")
    assert (by_variable.ami.secret, by_variable.storage.url) == ("given", "sqlite:////x/y.db")
    assert "from file" not in repr(by_file)
    assert "pw" not in repr(by_file)


def test_files_that_cannot_be_read_are_told_together(file: Path, tmp_path: Path) -> None:
    empty, binary = tmp_path / "empty", tmp_path / "binary"
    empty.touch()
    binary.write_bytes(b"\xff\xfe")
    text = f"pbx: {{secret_file: {empty}, tls: true, tls_ca_file: {tmp_path}/no}}\nstorage: {{url_file: {binary}}}\n"

    assert problems(file, text) == [
        f"pbx.secret_file: {empty} is empty; write the secret into it, or set THREERINGS_PBX_SECRET",
        f"storage.url_file: {binary} is no text; create it or set THREERINGS_DATABASE_URL",
        f"pbx.tls_ca_file: {tmp_path}/no cannot be read (No such file or directory); name a file of certificates",
    ]


def test_a_replay_needs_no_secret(file: Path, tmp_path: Path) -> None:
    file.write_text(f"pbx: {{name: hz, secret_file: {tmp_path}/no}}\nlines: [{{name: a, dids: [101]}}]\n")

    name, directory = load_directory(file)

    assert (name, directory.lines[0].name) == ("hz", "a")


def test_which_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    given, named = Path("given.yaml"), {"THREERINGS_CONFIG": "named.yaml"}

    assert configured_path(None, {}) is None
    assert configured_path(None, named) == Path("named.yaml")
    assert configured_path(given, named) == given
    (tmp_path / "config.yaml").touch()
    assert configured_path(None, {}) == Path("config.yaml")
    assert configured_path(None, named) == Path("named.yaml")
