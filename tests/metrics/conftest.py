"""A registry of its own for every test, and the meters of a small hotline in it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from prometheus_client import CollectorRegistry

from hotline.records import CallRecord
from metrics.meters import Meters
from tests.metrics.small_hotline import ANSWERED_CALL, Clock, MakeCall, Value


@pytest.fixture
def make_call() -> MakeCall:
    """An inbound call to "repairs", answered within the target, with any fields replaced."""

    def make(**fields: object) -> CallRecord:
        return replace(ANSWERED_CALL, **fields)  # type: ignore[arg-type]

    return make


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def meters(registry: CollectorRegistry, clock: Clock) -> Meters:
    return Meters(
        registry,
        pbxes=["campus", "branch"],
        lines=["repairs", "complaints"],
        roles=["desk", "duty"],
        anomaly_kinds=["unknown_channel"],
        version="1.2.3",
        clock=clock,
    )


@pytest.fixture
def value(registry: CollectorRegistry, meters: Meters) -> Value:
    """What Prometheus would read, for example value("spool_facts"); None where there is no such series."""

    def read(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(f"threerings_{name}", labels)

    return read
