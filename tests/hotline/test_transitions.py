"""The table of steps: every entry can be reached by signals, everything else changes nothing, and the diagram shows it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import pytest

from hotline.calls import TRANSITIONS, Happening
from hotline.open_call import Phase
from hotline.records import Side, TransferKind
from tests.hotline.phase_diagram import diagram
from tests.hotline.told import DESK, MOBILE, Told

DIAGRAM = Path(__file__).parents[2] / "docs" / "diagrams" / "call-phases.md"

# How a call comes to each phase.
WAYS: dict[Phase, Callable[[], Told]] = {
    Phase.WAITING: lambda: Told().arrived().dialled(0.1),
    Phase.RINGING: lambda: Told().arrived().dialled(0.1).rang(0.2),
    Phase.MESSAGE: lambda: Told().arrived().dialled(0.1).voicemail(0.3),
    Phase.GIVEN_UP: lambda: Told().arrived().dialled(0.1).rang(0.2).hung_up(0.3, Side.CALLER),
    Phase.TALKING: lambda: Told().arrived().dialled(0.1).talk(0.3),
    Phase.TRANSFERRED: lambda: Told().arrived().dialled(0.1).talk(0.3).transferred(0.4, TransferKind.BLIND),
}

HAPPENS: dict[Happening, Callable[[Told], Told]] = {
    Happening.DIALLED: lambda told: told.dialled(1, MOBILE),
    Happening.RANG: lambda told: told.dialled(1, MOBILE).rang(1.1, MOBILE),
    Happening.TALK: lambda told: told.talk(1, MOBILE),
    Happening.TRANSFER: lambda told: told.transferred(1, TransferKind.BLIND, DESK),
    Happening.VOICEMAIL: lambda told: told.voicemail(1),
    Happening.CALLER_LEFT: lambda told: told.hung_up(1, Side.CALLER),
}


def phase_of(told: Told) -> Phase:
    return told.tracker.open_calls[told.call_id].phase


@pytest.mark.parametrize("phase", Phase)
def test_every_phase_can_be_reached(phase: Phase) -> None:
    assert phase_of(WAYS[phase]()) is phase


@pytest.mark.parametrize(("phase", "happening"), TRANSITIONS, ids=str)
def test_every_step_of_the_table_can_be_taken(phase: Phase, happening: Happening) -> None:
    told = HAPPENS[happening](WAYS[phase]())
    assert phase_of(told) is TRANSITIONS[phase, happening]
    assert not told.anomalies


@pytest.mark.parametrize(
    ("phase", "happening"), [pair for pair in product(Phase, Happening) if pair not in TRANSITIONS], ids=str
)
def test_a_step_that_is_not_in_the_table_changes_nothing(phase: Phase, happening: Happening) -> None:
    told = HAPPENS[happening](WAYS[phase]())
    expected = Phase.WAITING if (phase, happening) == (Phase.MESSAGE, Happening.RANG) else phase
    assert phase_of(told) is expected
    if phase is not Phase.GIVEN_UP:  # what was under way when the caller left still runs out
        assert [anomaly.kind for anomaly in told.anomalies] == ["unexpected_step"]
        assert told.anomalies[0].detail == f"{happening.value} while {phase.value}"


def test_the_diagram_shows_the_table() -> None:
    assert DIAGRAM.read_text(encoding="utf-8") == diagram(), (
        "write it anew: python -m tests.hotline.phase_diagram > docs/diagrams/call-phases.md"
    )
