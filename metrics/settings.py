"""The `metrics` section of the configuration: where the page for Prometheus is shown.

Filled from YAML by `app/settings.py`; every field is documented once, here. What is counted is not configurable.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MetricsSettings:
    """Raises ValueError for a port that is none and for an empty host, which would mean every address."""

    enabled: bool = True
    """Show /metrics and /health over HTTP; false opens no port at all."""

    host: str = "127.0.0.1"
    """Address to listen on. The page asks for no password: the loopback or the monitoring network, never a public one."""

    port: int = 9733
    """TCP port of the page; 0 lets the system choose one (for tests)."""

    def __post_init__(self) -> None:
        if not self.host:
            raise ValueError("metrics.host: is empty; name the address to listen on, for example 127.0.0.1")
        if not 0 <= self.port <= 65535:
            raise ValueError(f"metrics.port: {self.port} is no TCP port; choose one from 0 to 65535")
