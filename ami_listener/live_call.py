"""What the room remembers of a call while it lasts: which of its channels speaks for it, and how it came about.

No times and no meaning here; those are kept by the tracker in `hotline/calls.py`, which hears of this call through
signals.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from ami_listener.topology import Channel


class LiveCall:
    """One call under way.

    `caller` started it. `anchor` is the original party whose hang-up ends it: the caller, until the caller
    transfers the call away and the other party remains. `origin` is the channel it was announced with.
    """

    __slots__ = (
        "anchor",
        "answered_at",
        "answered_leg",
        "call_id",
        "caller",
        "caller_has_dialled",
        "caller_is_up",
        "consultation",
        "ended",
        "from_pbx",
        "gave_up",
        "handed_over",
        "has_talked",
        "in_voicemail",
        "last_stop_was_cancel",
        "legs",
        "legs_dialled",
        "only_locals",
        "open_channels",
        "origin",
        "round",
        "round_legs",
        "talking_to",
    )

    def __init__(self, call_id: str) -> None:
        self.call_id = call_id
        self.origin: Channel | None = None
        self.caller: Channel | None = None
        self.anchor: Channel | None = None
        self.talking_to: Channel | None = None
        self.has_talked = False
        # The dial that ended in ANSWER, which is not yet a talk.
        self.answered_leg: Channel | None = None
        self.answered_at: datetime | None = None
        self.open_channels = 0
        # A Local pair to which no phone and no caller ever came is not a call (a check, a dialplan's own doing).
        self.only_locals = True
        # Every real leg that was dialled, and how many of them on behalf of the caller.
        self.legs: list[Channel] = []
        self.legs_dialled = 0
        self.caller_has_dialled = False
        # What one Dial or one turn of a Queue tries together (a Local counts as one leg) is a round.
        self.round = 0
        self.round_legs: list[Channel] = []
        # The PBX itself called somebody: Originate, click-to-dial.
        self.from_pbx = False
        self.caller_is_up = False
        # A blonde transfer gave the ringing phones of this consultation to another caller, whose call knows it.
        self.handed_over = False
        self.consultation: LiveCall | None = None
        self.in_voicemail = False
        # For Asterisks that tell no HangupRequest: the queue, or the last ringing leg, says that the caller left.
        self.gave_up = False
        self.last_stop_was_cancel = False
        self.ended = False

    def set_anchor(self, channel: Channel | None) -> None:
        """From now on the call lasts as long as this channel."""
        if self.anchor is not None and self.anchor.anchor_of is self:
            self.anchor.anchor_of = None
        self.anchor = channel
        if channel is not None:
            channel.anchor_of = self
