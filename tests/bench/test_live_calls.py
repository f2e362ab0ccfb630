"""What a call weighs while it lasts, with fewer calls than `python -m bench memory` holds."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.live_calls import Core, Service, hold, unfinished
from bench.memory import MOST_BYTES_PER_CALL, Memory
from bench.report import memory_table, memory_values, memory_verdict
from bench.stories import load_stories

CUTS = unfinished(load_stories())


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def test_a_live_call_weighs_at_most_ten_kibibytes(service: Service) -> None:
    """All that the service keeps of it, the log of open calls included."""
    held = hold(service, CUTS, 2000, trace=True)
    service.close()
    assert held.calls >= 2000
    assert held.ringing > 500 < held.talking
    assert held.traced_per_call is not None
    assert 1000 < held.traced_per_call <= MOST_BYTES_PER_CALL


def test_more_memory_for_more_bytes_is_told() -> None:
    held = hold(Core(), CUTS, 20, trace=False)
    flat = Memory({10_000_000: 18_000_000, 100_000_000: 20_000_000}, held, held)
    growing = Memory({10_000_000: 18_000_000, 100_000_000: 60_000_000}, held, held)
    assert flat.growth == pytest.approx(1.11, abs=0.01)
    assert not memory_verdict(growing).reached
    assert "3.33 times" in memory_verdict(growing).text
    assert memory_table(flat).row_count == 4
    assert memory_values(flat)["core"]["calls"] == held.calls
