"""What may stand in config.yaml: every section and setting with its type, bounds and default. Pure.

`settings.py` checks a file against this and fills the rooms' own settings from it. A setting's text for people is the
docstring below it, or below the field of the same name in the room's `settings.py`; docs/configuration.md shows both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PlainValidator, model_validator

from ami_listener.settings import AmiSettings
from hotline.rings import DEFAULT_COUNTRY, DEFAULT_TARGET_RINGS, cadence_of
from metrics.settings import MetricsSettings
from storage.settings import StorageSettings

SECRET_VARIABLE = "THREERINGS_PBX_SECRET"  # noqa: S105 - the name of a variable
DATABASE_VARIABLE = "THREERINGS_DATABASE_URL"

# The defaults are documented and set in the rooms; here they are only passed on.
_AMI = AmiSettings()
_STORAGE = StorageSettings()
_METRICS = MetricsSettings()


def _without_password(url: str) -> str:
    if re.search(r"://[^/@]*:[^/@]+@", url):
        raise ValueError(
            f"a password does not belong in config.yaml; put the URL into a file and name it in url_file, or into"
            f" the variable {DATABASE_VARIABLE}"
        )
    return url


def _cadence(value: Any) -> str | tuple[int, ...]:
    if isinstance(value, str):
        cadence_of(value)
        return value
    try:
        times = tuple(int(time) for time in value)
    except (TypeError, ValueError):
        raise ValueError("must be a country code, or a list of on and off times in milliseconds") from None
    cadence_of(times)
    return times


Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Pause = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Megabytes = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=1, le=65535)]
Name = Annotated[str, Field(min_length=1, max_length=64)]
Words = Annotated[str, Field(min_length=1)]
Rings = Annotated[int, Field(ge=1, le=100)]
Cadence = Annotated[str | tuple[int, ...], PlainValidator(_cadence)]


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PbxSection(Section):
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = _AMI.name
    host: Words = _AMI.host
    port: Port = _AMI.port
    username: Words = _AMI.username
    secret_file: Path | None = None
    """A file that holds nothing but the manager user's secret. The variable `THREERINGS_PBX_SECRET` comes before it."""
    tls: bool = _AMI.tls
    tls_ca_file: Path | None = _AMI.tls_ca_file
    tls_check_hostname: bool = _AMI.tls_check_hostname
    connect_seconds: Seconds = _AMI.connect_seconds
    action_seconds: Seconds = _AMI.action_seconds
    heartbeat_seconds: Seconds = _AMI.heartbeat_seconds
    retry_seconds_min: Seconds = _AMI.retry_seconds_min
    retry_seconds_max: Seconds = _AMI.retry_seconds_max
    refused_retry_seconds: Seconds = _AMI.refused_retry_seconds
    filter_at_pbx: bool = _AMI.filter_at_pbx

    @model_validator(mode="after")
    def _pauses_grow(self) -> PbxSection:
        if self.retry_seconds_max < self.retry_seconds_min:
            raise ValueError("retry_seconds_max is shorter than retry_seconds_min")
        return self


class RingsSection(Section):
    cadence: Cadence = DEFAULT_COUNTRY
    """The rhythm of ringing, by which rings are counted: a country of Asterisk's indications.conf (`cn`: 1 s on, 4 s
    off), or on and off times in milliseconds like `[1000, 4000]`."""
    target: Rings = DEFAULT_TARGET_RINGS
    """Rings within which a call is to be answered. With `cn`, three rings end at 15 s."""


class LineRings(Section):
    cadence: Cadence | None = None
    """As in `rings`, for this line only."""
    target: Rings | None = None
    """As in `rings`, for this line only."""


class LineSection(Section):
    name: Name
    """What the line is called in records, metrics and reports. Every line has its own."""
    dids: tuple[Words, ...] = ()
    """The numbers dialled that lead here, as the PBX tells them."""
    contexts: tuple[Words, ...] = ()
    """The contexts of the dialplan in which its calls arrive; patterns like `from-campus*` are allowed. With `dids` both
    have to fit."""
    department: Words | None = None
    """Whose line it is."""
    rings: LineRings = LineRings()
    """Cadence and target of this line, where they differ."""

    @model_validator(mode="after")
    def _recognisable(self) -> LineSection:
        if not self.dids and not self.contexts:
            raise ValueError("needs `dids` or `contexts`, or no call is ever on this line")
        return self


class PhoneSection(Section):
    endpoint: Words | None = None
    """The phone's name on the PBX (`deska` of `PJSIP/deska`); patterns like `desk*` are allowed."""
    number: Words | None = None
    """The number it is called by; for mobiles, which are all behind one trunk. Comes before `endpoint`."""
    role: Name | None = None
    """In which role it answers: `office`, `duty`, `backup`, `leader` or any other word."""
    person: Words | None = None
    """Who answers there."""

    @model_validator(mode="after")
    def _recognisable(self) -> PhoneSection:
        if not self.endpoint and not self.number:
            raise ValueError("needs `endpoint` or `number`, or it fits no phone")
        return self


class JournalSection(Section):
    enabled: bool = _STORAGE.journal.enabled
    directory: Path | None = _STORAGE.journal.directory
    file_mb: Megabytes = _STORAGE.journal.file_mb
    files: Annotated[int, Field(ge=1)] = _STORAGE.journal.files


class StorageSection(Section):
    data_dir: Path = _STORAGE.data_dir
    url: Annotated[str, AfterValidator(_without_password)] | None = _STORAGE.url
    url_file: Path | None = None
    """A file that holds the URL, for one with a password. The variable `THREERINGS_DATABASE_URL` comes before it."""
    spool_dir: Path | None = _STORAGE.spool_dir
    spool_mb: Megabytes = _STORAGE.spool_mb
    memory_facts: Annotated[int, Field(ge=0)] = _STORAGE.memory_facts
    batch_facts: Annotated[int, Field(ge=1)] = _STORAGE.batch_facts
    batch_delay_seconds: Pause = _STORAGE.batch_delay_seconds
    busy_timeout_seconds: Seconds = _STORAGE.busy_timeout_seconds
    connect_timeout_seconds: Seconds = _STORAGE.connect_timeout_seconds
    command_timeout_seconds: Seconds = _STORAGE.command_timeout_seconds
    connections: Annotated[int, Field(ge=2, le=100)] = _STORAGE.connections
    retry_seconds: Seconds = _STORAGE.retry_seconds
    retry_max_seconds: Seconds = _STORAGE.retry_max_seconds
    journal: JournalSection = JournalSection()

    @model_validator(mode="after")
    def _pauses_grow(self) -> StorageSection:
        if self.retry_max_seconds < self.retry_seconds:
            raise ValueError("retry_max_seconds is shorter than retry_seconds")
        return self


class MetricsSection(Section):
    enabled: bool = _METRICS.enabled
    host: Words = _METRICS.host
    port: Annotated[int, Field(ge=0, le=65535)] = _METRICS.port


class LogSection(Section):
    format: Literal["console", "json"] = "console"
    level: Literal["debug", "info", "warning", "error"] = "info"


def _distinct_lines(lines: tuple[LineSection, ...]) -> tuple[LineSection, ...]:
    names: set[str] = set()
    taken: dict[tuple[str, tuple[str, ...]], str] = {}
    for line in lines:
        if line.name in names:
            raise ValueError(f"the name {line.name!r} stands twice; every line needs its own")
        names.add(line.name)
        for did in line.dids:
            other = taken.setdefault((did, line.contexts), line.name)
            if other != line.name:
                raise ValueError(f"{did} is on the lines {other!r} and {line.name!r}; remove it from one")
    return lines


def _distinct_phones(phones: tuple[PhoneSection, ...]) -> tuple[PhoneSection, ...]:
    seen: set[tuple[str | None, str | None]] = set()
    for phone in phones:
        key = (phone.endpoint, phone.number)
        if key in seen:
            raise ValueError(
                f"{phone.number or phone.endpoint} stands twice; the second is never used, remove it"
            )
        seen.add(key)
    return phones


class ConfigSections(Section):
    """The whole file."""

    pbx: PbxSection = PbxSection()
    """The Asterisk PBX and its manager interface (AMI)."""
    rings: RingsSection = RingsSection()
    """How rings are counted, and how many are allowed."""
    lines: Annotated[tuple[LineSection, ...], AfterValidator(_distinct_lines)] = ()
    """The lines of the hotline, a list. The first that fits a call is its line."""
    phones: Annotated[tuple[PhoneSection, ...], AfterValidator(_distinct_phones)] = ()
    """Who answers at which phone, a list. The first that fits counts."""
    trunks: tuple[Words, ...] = ()
    """Endpoints that lead outside; patterns like `trunk*` are allowed. Empty: guessed from their names and contexts."""
    storage: StorageSection = StorageSection()
    """Where calls are kept."""
    metrics: MetricsSection = MetricsSection()
    """The page for Prometheus."""
    log: LogSection = LogSection()
    """How the service speaks to its operator."""


def names_in(section: type[Section]) -> set[str]:
    """Every name of a setting in a section and the sections within it."""
    found: set[str] = set()
    for name, inner in settings_of(section):
        found.add(name)
        found |= names_in(inner) if inner else set()
    return found


def settings_of(section: type[Section]) -> Iterator[tuple[str, type[Section] | None]]:
    """The settings of a section in the order of the file; with the section it is, or is a list of."""
    for name, field in section.model_fields.items():
        kinds = (field.annotation, *getattr(field.annotation, "__args__", ()))
        inner = (kind for kind in kinds if isinstance(kind, type) and issubclass(kind, Section))
        yield name, next(inner, None)
