"""What a scripted phone does, as data: when it rings, picks up, refuses, presses keys, transfers, hangs up.

All times are seconds. `lab.phone` plays these; `lab.scenarios` writes stories with them.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Transfer:
    """A transfer by REFER. `after`: seconds of talk before it begins.

    blind: at once. attended: a second call to `to`, REFER with Replaces `consult` seconds after its answer.
    blonde: the same REFER while the second call still rings, `consult` seconds after its 180.
    semi: the second call is cancelled after `consult` seconds of ringing, then blind.
    """

    kind: str
    to: str
    after: float = 1.0
    consult: float = 1.0


@dataclass(frozen=True, slots=True)
class Talk:
    """What a party does once it is in a call; `hangs_up_after` counts from its own 200. None: waits for the others."""

    hangs_up_after: float | None = None
    keys: str = ""
    keys_after: float = 0.6
    transfer: Transfer | None = None
    has_media: bool = True


@dataclass(frozen=True, slots=True)
class Answering:
    """What a called phone does. `ends_after` counts from its 180, or from the INVITE where it sends none.

    At that time it picks up, or refuses with `refuses` (486, 603, 480; 302 with `forwards_to`). None: rings until the
    PBX gives up. `rings_after` None: no 180. `early_media_after` None: no 183.
    """

    ends_after: float | None = None
    refuses: int = 0
    forwards_to: str = ""
    rings_after: float | None = 0.0
    early_media_after: float | None = None
    talk: Talk = Talk()


@dataclass(frozen=True, slots=True)
class Calling:
    """A call that a phone places. `gives_up_after`: CANCEL so long after the INVITE, unless answered before."""

    number: str
    gives_up_after: float | None = None
    talk: Talk = Talk()
    name: str = ""
    """Display name in From."""
    from_number: str = ""
    """User in From; empty: the stage's own number, or the desk's name."""
    purpose: str = "call"
    """`call` for the story's own; others are told apart in `Truth.calls`."""


def rings(talk: Talk | None = None) -> Answering:
    """A phone that rings and is never answered."""
    return Answering(talk=talk or Talk())


def picks_up(after: float, **talk: float | str | bool | Transfer | None) -> Answering:
    """A phone that is picked up after so many seconds of ringing; keywords are those of `Talk`."""
    return Answering(after, talk=Talk(**talk))  # type: ignore[arg-type]


def refuses(status: int, after: float = 0.0) -> Answering:
    """A phone that answers with 486, 603 or 480; at once it does not even ring."""
    return Answering(after, refuses=status, rings_after=0.0 if after else None)
