"""What an operator may say about the PBX connection. Filled by `app/settings.py` from the `pbx:` part of config.yaml."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """One PBX and how to talk to its manager interface."""

    name: str = "pbx"
    """Name of the PBX in records and metrics."""
    host: str = "127.0.0.1"
    port: int = 5038
    """5038 in clear, 5039 with TLS, unless manager.conf says otherwise."""
    username: str = "threerings"
    secret: str = ""
    """Never in config.yaml: from an environment variable or a file."""
    tls: bool = False
    tls_ca_file: Path | None = None
    """Whom to believe; None: the system's authorities."""
    tls_check_hostname: bool = True
    connect_seconds: float = 5.0
    """Deadline for the connection and for the log-in, each."""
    action_seconds: float = 10.0
    """Deadline for the answer to one action; a Status of thousands of channels takes a second or two."""
    heartbeat_seconds: float = 10.0
    """Pause between pings; a PBX that does not answer within half of it is taken for gone."""
    retry_seconds_min: float = 0.5
    retry_seconds_max: float = 30.0
    """Pause before connecting again: doubled each time, with jitter, up to the second figure."""
    refused_retry_seconds: float = 60.0
    """Pause after a refused log-in: only a person can mend that."""
    filter_at_pbx: bool = True
    """Have the PBX send only the events that are read (needs `write = system`); they are dropped here in any case."""
