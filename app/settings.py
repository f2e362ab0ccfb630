"""config.yaml -> one typed, frozen tree. The only module that reads the environment for configuration.

Each room declares the type of its own section (`<room>/settings.py`); here they are checked, all problems at once with their
path in the file, and filled. Secrets come from the environment or from a file named by `*_file`, never from config.yaml.
The text of the file is read by `config_file.py`; docs/configuration.md is written by `configuration_docs.py`.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from ami_listener.settings import AmiSettings
from app.config_file import read_tree
from app.config_problems import ConfigError, problem_text
from app.config_sections import DATABASE_VARIABLE, SECRET_VARIABLE, ConfigSections, LineSection, names_in
from app.log_settings import LogSettings
from hotline.directory import Directory, Line, PhoneEntry
from hotline.rings import RingRule, cadence_of
from metrics.settings import MetricsSettings
from storage.settings import JournalSettings, StorageSettings

DEFAULT_PATH = Path("config.yaml")
ENVIRONMENT_PATH = "THREERINGS_CONFIG"


@dataclass(frozen=True, slots=True)
class Settings:
    """All an operator may change."""

    ami: AmiSettings
    directory: Directory
    storage: StorageSettings
    metrics: MetricsSettings
    log: LogSettings


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
    config = ConfigSections() if path is None else _read(path)
    problems: list[str] = []
    secret = _secret(config.pbx.secret_file, SECRET_VARIABLE, "pbx.secret_file", environment, problems.append)
    url = _secret(
        config.storage.url_file, DATABASE_VARIABLE, "storage.url_file", environment, problems.append
    )
    if config.pbx.tls and config.pbx.tls_ca_file is not None:
        _text_of(config.pbx.tls_ca_file, "pbx.tls_ca_file", "name a file of certificates", problems.append)
    if problems:
        raise ConfigError(problems if path is None else [f"{path}: {problem}" for problem in problems])
    return _settings(config, secret, url)


def load_directory(path: Path) -> tuple[str, Directory]:
    """The PBX's name, lines and phones: all that a replay needs, and no secrets. Raises ConfigError."""
    config = _read(path)
    return config.pbx.name, _directory(config)


def _read(path: Path) -> ConfigSections:
    try:
        return ConfigSections.model_validate(read_tree(path))
    except ValidationError as error:
        names = names_in(ConfigSections)
        problems = [problem_text(dict(item), names) for item in error.errors()]
        raise ConfigError([f"{path}: {problem}" for problem in problems]) from None


def _secret(
    file: Path | None,
    variable: str,
    setting: str,
    environment: Mapping[str, str],
    tell: Callable[[str], None],
) -> str | None:
    given = environment.get(variable)
    if given or file is None:
        return given or None
    text = _text_of(file, setting, f"create it or set {variable}", tell)
    if text == "":
        tell(f"{setting}: {file} is empty; write the secret into it, or set {variable}")
    return text


def _text_of(file: Path, setting: str, advice: str, tell: Callable[[str], None]) -> str | None:
    try:
        return file.read_text(encoding="utf-8").strip()
    except OSError as error:
        tell(f"{setting}: {file} cannot be read ({error.strerror}); {advice}")
    except UnicodeDecodeError:
        tell(f"{setting}: {file} is no text; {advice}")
    return None


def _settings(config: ConfigSections, secret: str | None, url: str | None) -> Settings:
    storage = config.storage.model_dump(exclude={"url_file", "journal"})
    storage["url"] = url or storage["url"]
    return Settings(
        ami=AmiSettings(secret=secret or "", **config.pbx.model_dump(exclude={"secret_file"})),
        directory=_directory(config),
        storage=StorageSettings(**storage, journal=JournalSettings(**config.storage.journal.model_dump())),
        metrics=MetricsSettings(**config.metrics.model_dump()),
        log=LogSettings(**config.log.model_dump()),
    )


def _directory(config: ConfigSections) -> Directory:
    default = RingRule(cadence_of(config.rings.cadence), config.rings.target)
    phones = tuple(PhoneEntry(**phone.model_dump()) for phone in config.phones)
    return Directory(tuple(_lines(config.lines, default)), phones, config.trunks, default)


def _lines(lines: Iterable[LineSection], default: RingRule) -> Iterable[Line]:
    for line in lines:
        cadence = cadence_of(line.rings.cadence) if line.rings.cadence is not None else default.cadence
        rule = RingRule(cadence, line.rings.target or default.target_rings)
        yield Line(line.name, line.dids, line.contexts, line.department, rule)
