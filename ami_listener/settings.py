"""What an operator may say about the PBX connection. Filled by `app/settings.py` from the `pbx:` part of config.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class AmiSettings:
    """One PBX and how to talk to its manager interface."""

    name: str = "pbx"
    """Name of the PBX in records and metrics: letters, digits, `-` and `_`."""

    host: str = "127.0.0.1"
    """Where the manager interface listens. Best on the PBX itself: then nothing crosses a network."""

    port: int = 5038
    """5038 in clear, 5039 with TLS, unless manager.conf says otherwise."""

    username: str = "threerings"
    """The section of manager.conf to log in as. It needs `read = call,agent,user,system,dialplan` and `write =
    call,system`."""

    secret: str = field(default="", repr=False)
    """Never in config.yaml: from an environment variable or a file."""

    tls: bool = False
    """Encrypt the connection. Needed as soon as the PBX is another machine: secret and caller numbers are in it."""

    tls_ca_file: Path | None = None
    """Certificates to believe, for a PBX with a self-made one; default: the system's authorities."""

    tls_check_hostname: bool = True
    """False accepts a certificate made out to another name: only together with `tls_ca_file`."""

    connect_seconds: float = 5.0
    """Seconds for the connection and for the log-in, each. A PBX that is up answers in milliseconds."""

    action_seconds: float = 10.0
    """Seconds for the answer to one action; the state of thousands of channels takes one or two."""

    heartbeat_seconds: float = 10.0
    """Seconds between pings; a PBX that leaves one unanswered for half of that is taken for gone."""

    retry_seconds_min: float = 0.5
    """Seconds before connecting again for the first time, with jitter; doubled with each further try."""

    retry_seconds_max: float = 30.0
    """The longest such pause."""

    refused_retry_seconds: float = 60.0
    """Seconds after a refused log-in: only a person can mend that, and a PBX may lock out who tries too often."""

    filter_at_pbx: bool = True
    """Have the PBX send only the events that are read (needs `write = system`). Otherwise all come and are dropped here."""
