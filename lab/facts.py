"""What the phones themselves saw, with wall-clock times: the truth that a record of the PBX's events is held against.

Times are Unix seconds, taken at the very send or receive; the PBX runs on the same clock. `Leg` is a phone's log of one
call and grows while the call runs; `Truth` is the finished story in the shape of the `*.expect.json` files.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Leg:
    """One call as one phone saw it; `is_caller`: this phone placed it. None: did not happen."""

    phone: str
    number: str
    """The number dialled: what this phone was called as, or whom it called."""
    is_caller: bool
    invited_at: float
    voice: int = 0
    """What this phone says on this call (see `lab.rtp`): who hears it is connected with it."""
    ringing_at: float | None = None
    """180 sent, or heard by a caller."""
    progress_at: float | None = None
    """183 sent, or heard by a caller."""
    answered_at: float | None = None
    """200 sent, or received by a caller."""
    gave_up_at: float | None = None
    """CANCEL sent; callers only."""
    ended_at: float | None = None
    end: str = ""
    """`picked_up`, `cancelled`, `rejected 486`, …"""
    hung_up_itself: bool = False
    digits: list[tuple[str, float]] = field(default_factory=list)
    heard: dict[int, float] = field(default_factory=dict)
    """Voices that came, with the time of their first packet."""
    transfers: list["Transferred"] = field(default_factory=list)
    purpose: str = "call"
    """Of a placed call: `call`, `consultation`, `pickup`."""


@dataclass(frozen=True, slots=True)
class Transferred:
    """A REFER this phone sent: `kind` blind, attended or blonde; `at`: the moment it left."""

    kind: str
    by: str
    to: str
    at: float


@dataclass(frozen=True, slots=True)
class Truth:
    """One finished story. `as_dict` gives the form of the files; the attributes serve tests."""

    flow: str
    summary: dict[str, Any]
    hotline: str
    site: str
    call_ids: tuple[str, ...]
    """Linkedids of the calls this story made, in the order they began; the story's own call comes first."""
    caller: dict[str, Any]
    phones: tuple[dict[str, Any], ...]
    calls: tuple[dict[str, Any], ...]
    """Calls that phones placed besides the story's own: consultations, pickups, a second caller."""
    digits: tuple[dict[str, Any], ...]
    transfers: tuple[dict[str, Any], ...]
    talked_to: tuple[dict[str, Any], ...]
    """Whose voice the caller heard, and since when: who it was really put through to, in order."""
    answered_by: str | None
    picked_up: bool
    outcome: str
    """`answered`, `abandoned`, `not answered`."""
    hung_up_by: str | None
    """`caller`, `callee`, `pbx`, None."""

    def as_dict(self) -> dict[str, Any]:
        head = {
            "flow": self.flow,
            "truth": "logs of the SIP phones, same clock as the PBX; times are Unix seconds",
        }
        names = (
            "summary", "hotline", "site", "call_ids", "caller", "phones", "calls", "digits", "transfers", "talked_to",
            "answered_by", "picked_up", "outcome", "hung_up_by",
        )  # fmt: skip
        return {**head, **{name: getattr(self, name) for name in names}}
