"""config.yaml -> one typed, frozen tree. The only module that reads YAML and the environment for configuration.

Each room declares the type of its own section (`<room>/settings.py`); here they are checked, all problems at once with their
path in the file, and filled. Secrets come from the environment or from a file named by `*_file`, never from config.yaml.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from ami_listener.settings import AmiSettings
from hotline.directory import Directory, Line, PhoneEntry
from hotline.rings import DEFAULT_COUNTRY, DEFAULT_TARGET_RINGS, RingRule, cadence_of
from metrics.settings import MetricsSettings
from storage.settings import JournalSettings, StorageSettings

DEFAULT_PATH = Path("config.yaml")
ENVIRONMENT_PATH = "THREERINGS_CONFIG"
SECRET_VARIABLE = "THREERINGS_PBX_SECRET"  # noqa: S105 - the name of a variable
DATABASE_VARIABLE = "THREERINGS_DATABASE_URL"

# The defaults are documented and set in the rooms; here they are only passed on.
_AMI = AmiSettings()
_STORAGE = StorageSettings()
_METRICS = MetricsSettings()

Seconds = Annotated[float, Field(gt=0)]
Port = Annotated[int, Field(ge=1, le=65535)]


class ConfigError(Exception):
    """The configuration cannot be used; `problems` says what, where and what to do, one line each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class LogSettings:
    """How the service speaks to its operator."""

    format: str = "console"
    level: str = "info"


@dataclass(frozen=True, slots=True)
class Settings:
    """All an operator may change."""

    ami: AmiSettings
    directory: Directory
    storage: StorageSettings
    metrics: MetricsSettings
    log: LogSettings


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Pbx(_Section):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = "pbx"
    host: str = "127.0.0.1"
    port: Port = 5038
    username: str = "threerings"
    secret_file: Path | None = None
    tls: bool = False
    tls_ca_file: Path | None = None
    tls_check_hostname: bool = True
    connect_seconds: Seconds = _AMI.connect_seconds
    action_seconds: Seconds = _AMI.action_seconds
    heartbeat_seconds: Seconds = _AMI.heartbeat_seconds
    retry_seconds_min: Seconds = _AMI.retry_seconds_min
    retry_seconds_max: Seconds = _AMI.retry_seconds_max
    refused_retry_seconds: Seconds = _AMI.refused_retry_seconds
    filter_at_pbx: bool = True


class _Rings(_Section):
    cadence: str | tuple[Annotated[int, Field(ge=0)], ...] = DEFAULT_COUNTRY
    target: Annotated[int, Field(ge=1, le=100)] = DEFAULT_TARGET_RINGS

    @field_validator("cadence")
    @classmethod
    def _known(cls, value: str | tuple[int, ...]) -> str | tuple[int, ...]:
        cadence_of(value)
        return value

    def rule(self) -> RingRule:
        return RingRule(cadence_of(self.cadence), self.target)


class _Line(_Section):
    name: Annotated[str, Field(min_length=1, max_length=64)]
    dids: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    department: str | None = None
    rings: _Rings | None = None

    @model_validator(mode="after")
    def _recognisable(self) -> _Line:
        if not self.dids and not self.contexts:
            raise ValueError("needs `dids` or `contexts`, or no call is ever on this line")
        return self


class _Phone(_Section):
    endpoint: str | None = None
    number: str | None = None
    role: str | None = None
    person: str | None = None

    @model_validator(mode="after")
    def _recognisable(self) -> _Phone:
        if not self.endpoint and not self.number:
            raise ValueError("needs `endpoint` or `number`, or it fits no phone")
        return self


class _Journal(_Section):
    enabled: bool = _STORAGE.journal.enabled
    directory: Path | None = None
    file_mb: Annotated[float, Field(gt=0)] = _STORAGE.journal.file_mb
    files: Annotated[int, Field(ge=1)] = _STORAGE.journal.files


class _Storage(_Section):
    data_dir: Path = _STORAGE.data_dir
    url: str | None = None
    url_file: Path | None = None
    spool_dir: Path | None = None
    spool_mb: Annotated[float, Field(gt=0)] = _STORAGE.spool_mb
    busy_timeout_seconds: Seconds = _STORAGE.busy_timeout_seconds
    connect_timeout_seconds: Seconds = _STORAGE.connect_timeout_seconds
    command_timeout_seconds: Seconds = _STORAGE.command_timeout_seconds
    connections: Annotated[int, Field(ge=1, le=100)] = _STORAGE.connections
    journal: _Journal = _Journal()


class _Metrics(_Section):
    enabled: bool = _METRICS.enabled
    host: str = _METRICS.host
    port: Annotated[int, Field(ge=0, le=65535)] = _METRICS.port


class _Log(_Section):
    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


class _Config(_Section):
    pbx: _Pbx = _Pbx()
    rings: _Rings = _Rings()
    lines: tuple[_Line, ...] = ()
    phones: tuple[_Phone, ...] = ()
    trunks: tuple[str, ...] = ()
    storage: _Storage = _Storage()
    metrics: _Metrics = _Metrics()
    log: _Log = _Log()

    @field_validator("lines")
    @classmethod
    def _distinct(cls, lines: tuple[_Line, ...]) -> tuple[_Line, ...]:
        names = [line.name for line in lines]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the name {name!r} stands twice; every line needs its own")
        return lines


def configured_path(given: Path | None, environment: Mapping[str, str] = os.environ) -> Path | None:
    """The file to read: as given, else by THREERINGS_CONFIG, else ./config.yaml if it is there, else none."""
    if given is not None:
        return given
    named = environment.get(ENVIRONMENT_PATH)
    if named:
        return Path(named)
    return DEFAULT_PATH if DEFAULT_PATH.exists() else None


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Settings:
    """Read, check and fill. None: the defaults. Raises ConfigError with every problem at once."""
    problems: list[str] = []
    config = _read(path) if path is not None else _Config()
    secret = _secret(config.pbx.secret_file, SECRET_VARIABLE, "pbx.secret_file", environment, problems)
    url = _secret(config.storage.url_file, DATABASE_VARIABLE, "storage.url_file", environment, problems)
    if problems:
        raise ConfigError([_in(path, problem) for problem in problems])
    return _settings(config, secret, url)


def _in(path: Path | None, problem: str) -> str:
    return problem if path is None else f"{path}: {problem}"


def _read(path: Path) -> _Config:
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            [f"{path}: cannot be read ({error.strerror}); name another file with --config"]
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark is not None else ""
        what = getattr(error, "problem", None) or "is no UTF-8 text"
        raise ConfigError([f"{path}{where}: {what}; config.yaml must be YAML"]) from None
    if data is None:
        data = {}
    try:
        return _Config.model_validate(data)
    except ValidationError as error:
        raise ConfigError([f"{path}: {_problem(dict(item))}" for item in error.errors()]) from None


def _problem(item: dict[str, Any]) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).lstrip(".")
    if item["type"] == "extra_forbidden":
        return f"{place}: no such setting; see docs/configuration.md"
    message = str(item["msg"]).removeprefix("Value error, ")
    given = item.get("input")
    shown = "" if isinstance(given, dict | list | tuple) else f" (found {given!r})"
    return f"{place or 'the file'}: {message}{shown}"


def _secret(
    file: Path | None, variable: str, setting: str, environment: Mapping[str, str], problems: list[str]
) -> str | None:
    if environment.get(variable):
        return environment[variable]
    if file is None:
        return None
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        problems.append(f"{setting}: {file} cannot be read ({error.strerror}); create it or set {variable}")
        return None


def _settings(config: _Config, secret: str | None, url: str | None) -> Settings:
    pbx = config.pbx.model_dump(exclude={"secret_file"})
    storage = config.storage.model_dump(exclude={"url_file", "journal"})
    storage["url"] = url or storage["url"]
    default = config.rings.rule()
    lines = tuple(
        Line(
            line.name, line.dids, line.contexts, line.department, line.rings.rule() if line.rings else default
        )
        for line in config.lines
    )
    phones = tuple(PhoneEntry(**phone.model_dump()) for phone in config.phones)
    return Settings(
        ami=AmiSettings(secret=secret or "", **pbx),
        directory=Directory(lines, phones, config.trunks, default),
        storage=StorageSettings(**storage, journal=JournalSettings(**config.storage.journal.model_dump())),
        metrics=MetricsSettings(**config.metrics.model_dump()),
        log=LogSettings(**config.log.model_dump()),
    )
