"""The phases of a call as a diagram, made of the table itself: `python -m tests.hotline.phase_diagram`.

Comes in: `hotline.calls.TRANSITIONS`. Goes out: a page in Markdown with a Mermaid state diagram. Steps that stay in their
phase are listed below it, they would only be loops in the picture.
"""

from __future__ import annotations

import sys

from hotline.calls import TRANSITIONS
from hotline.open_call import Phase

MEANS = {
    Phase.WAITING: "The call is there; nothing rings yet.",
    Phase.RINGING: "At least one phone has rung: the caller's rings are counted from the first.",
    Phase.MESSAGE: "The caller is at the answering machine.",
    Phase.GIVEN_UP: "The caller hung up before anybody talked; what was under way runs out.",
    Phase.TALKING: "A person talks with the caller.",
    Phase.TRANSFERRED: "The call was passed on and nobody talks yet.",
}

HEAD = """# Phases of a call

Made of the table `TRANSITIONS` in `hotline/calls.py` by `python -m tests.hotline.phase_diagram`; a test compares them.
A call begins in `waiting` and may end in any phase. What is not drawn and not listed is an anomaly: it is counted and
changes nothing.

```mermaid
stateDiagram-v2
    [*] --> waiting
"""


def diagram() -> str:
    """The whole page."""
    moves: dict[tuple[Phase, Phase], list[str]] = {}
    for (phase, happening), target in TRANSITIONS.items():
        moves.setdefault((phase, target), []).append(happening.value)
    lines = [
        f"    {phase.value} --> {target.value}: {', '.join(happenings)}"
        for (phase, target), happenings in moves.items()
        if phase is not target
    ]
    rows = [
        f"| `{phase.value}` | {MEANS[phase]} | {', '.join(moves.get((phase, phase), ['-']))} |"
        for phase in Phase
    ]
    table = ["| phase | what it means | what may happen and changes nothing |", "|---|---|---|", *rows]
    return HEAD + "\n".join(lines) + "\n```\n\n" + "\n".join(table) + "\n"


if __name__ == "__main__":
    sys.stdout.write(diagram())
