"""What happened on a line, in business words: the only thing the rules ever hear of a PBX.

`ami_listener` makes these from AMI messages, a ledger or another PBX could make them as well; `calls.py` turns them
into facts. `at` is the PBX's time as aware UTC, or None where the stream has no times. A phone is named by its
channel, a call by its `call_id`; both are unique on one PBX.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from hotline.records import AnomalyKind, AttemptResult, Side, TransferKind


@dataclass(frozen=True, slots=True)
class Phone:
    """A phone that is called. `number` is the number it was called by, `outside` means "through a trunk"."""

    channel: str
    endpoint: str
    number: str | None = None
    outside: bool = False


@dataclass(frozen=True, slots=True)
class CallArrived:
    """A call began. `from_outside`: through a trunk. Not `seen_from_start`: the observation began in mid-call."""

    call_id: str
    at: datetime | None
    channel: str | None
    number: str | None
    name: str | None
    dialled: str | None
    context: str | None
    from_outside: bool
    seen_from_start: bool = True


@dataclass(frozen=True, slots=True)
class CallPlacedByPbx:
    """The call is the PBX's own: an Originate. Its first phone that is picked up is the caller (Contract 1, rules
    5, 6)."""

    call_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CallerIdentified:
    """The caller became known, or the dialplan corrected number and name before the first phone was dialled.

    `from_outside`: it turns out that the call came through a trunk.
    """

    call_id: str
    at: datetime | None
    channel: str | None
    number: str | None
    name: str | None
    from_outside: bool = False


@dataclass(frozen=True, slots=True)
class PhoneDialled:
    """`round`: phones that are tried together share one; the next begins when all before have stopped in vain."""

    call_id: str
    at: datetime | None
    phone: Phone
    round: int = 0


@dataclass(frozen=True, slots=True)
class PhoneRang:
    call_id: str
    at: datetime | None
    channel: str


@dataclass(frozen=True, slots=True)
class PhonePickedUp:
    """Somebody or something picked up. It is an answer only when `TalkBegan` follows."""

    call_id: str
    at: datetime | None
    channel: str


@dataclass(frozen=True, slots=True)
class PhoneStopped:
    """The phone is no longer being tried. `CANCELLED` leaves open why: the call decides.

    `ANSWERED`: its person talks with somebody of the call, though the caller does not hear it (a consultation).
    """

    call_id: str
    at: datetime | None
    channel: str
    result: AttemptResult


@dataclass(frozen=True, slots=True)
class TalkBegan:
    """The caller (or whoever is left of the original parties) and this phone can hear each other."""

    call_id: str
    at: datetime | None
    phone: Phone
    picked_up: bool = False


@dataclass(frozen=True, slots=True)
class CallTransferred:
    """`to_channel` is None until the target talks; `TalkBegan` then names it."""

    call_id: str
    at: datetime | None
    kind: TransferKind
    by_channel: str
    to_channel: str | None


@dataclass(frozen=True, slots=True)
class PartyHungUp:
    """A person put the phone down (R-RING-4). `talking`: while connected to another person."""

    call_id: str
    at: datetime | None
    side: Side
    talking: bool


@dataclass(frozen=True, slots=True)
class VoicemailBegan:
    call_id: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over. `gave_up`: a PBX that tells no hang-ups let us conclude that the caller gave up.

    `observed` is False where the end was only found out later; `at` is then the last instant known.
    `hang_ups_are_told`: on this PBX a person's hang-up is always told, so an answered call without one was ended by
    the PBX.
    """

    call_id: str
    at: datetime | None
    gave_up: bool = False
    observed: bool = True
    hang_ups_are_told: bool = False


@dataclass(frozen=True, slots=True)
class CallDissolved:
    """It was no call: the phone only picked up another one's, or no phone was ever in it."""

    call_id: str


@dataclass(frozen=True, slots=True)
class Oddity:
    """The PBX said something that does not fit. Becomes a counted anomaly."""

    at: datetime | None
    kind: AnomalyKind
    detail: str
    call_id: str | None = None


Signal = (
    CallArrived
    | CallPlacedByPbx
    | CallerIdentified
    | PhoneDialled
    | PhoneRang
    | PhonePickedUp
    | PhoneStopped
    | TalkBegan
    | CallTransferred
    | PartyHungUp
    | VoicemailBegan
    | CallEnded
    | CallDissolved
    | Oddity
)
