"""From what the phones logged to what happened: who talked, who hung up, how it came out. Pure.

Comes in: the legs of one story. Goes out: a `Truth`. Nothing the PBX said is used: who was connected is known by whose
voice was heard.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lab.facts import Leg, Truth

SAME_MOMENT_SECONDS = 0.5  # a hangup and the PBX's goodbye to the other side
BEFORE_ANSWER_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Told:
    """What a story says of itself, beside the logs."""

    flow: str
    summary: dict[str, Any]
    hotline: str
    site: str
    caller_number: str
    call_ids: tuple[str, ...]
    user: str = ""
    """The phone for which the PBX placed the call (click-to-dial): its leg is the caller's."""
    ends_in: str = ""
    """A machine that takes the call when nobody does: `voicemail`."""


def truth_of(told: Told, legs: Sequence[Leg]) -> Truth:
    """Tell the story from its legs, in order of their INVITEs."""
    caller = next((leg for leg in legs if _is_callers(leg, told.user)), None)
    rung = [leg for leg in legs if not leg.is_caller and leg is not caller]
    talked = (
        _talked_to(caller, legs) if caller else [(leg, leg.answered_at) for leg in rung if leg.answered_at]
    )
    first = talked[0][0] if talked else None
    return Truth(
        flow=told.flow,
        summary=told.summary,
        hotline=told.hotline,
        site=told.site,
        call_ids=told.call_ids,
        caller=_caller_facts(caller, told),
        phones=tuple(_phone_facts(leg, told.site) for leg in rung),
        calls=tuple(_call_facts(leg, told.site) for leg in legs if leg.is_caller and leg is not caller),
        digits=tuple(_digits(legs, told.site)),
        transfers=tuple(_transfers(legs, told.site)),
        talked_to=tuple(
            {"phone": _role(leg, told.site), "number": leg.number, "at": at} for leg, at in talked
        ),
        answered_by=_role(first, told.site) if first else None,
        picked_up=first is not None and first.purpose == "pickup",
        outcome=_outcome(caller, first, told.ends_in),
        hung_up_by=_hung_up_by(caller, first, legs),
    )


def _is_callers(leg: Leg, user: str) -> bool:
    return leg.phone == user if user else leg.is_caller and leg.purpose == "call"


def _talked_to(caller: Leg, legs: Sequence[Leg]) -> list[tuple[Leg, float]]:
    """Who was connected with the caller, and since when. Early media is no talk: it counts from the phone's 200."""
    if caller.answered_at is None:
        return []
    heard = [(leg, caller.heard[leg.voice]) for leg in legs if leg.voice in caller.heard]
    talked = [(leg, max(at, leg.answered_at)) for leg, at in heard if leg.answered_at and leg is not caller]
    if not talked and not caller.heard:
        talked = [(leg, caller.answered_at) for leg in legs if _together(leg, caller)]
    return sorted(talked, key=lambda pair: pair[1])


def _together(leg: Leg, caller: Leg) -> bool:
    """For phones without media: the callee's 200 and the caller's are one moment."""
    if leg is caller or leg.is_caller or leg.answered_at is None or caller.answered_at is None:
        return False
    return 0 <= caller.answered_at - leg.answered_at < BEFORE_ANSWER_SECONDS


def _outcome(caller: Leg | None, first: Leg | None, ends_in: str) -> str:
    if first is not None:
        return "answered"
    if ends_in:
        return ends_in
    return "abandoned" if caller is not None and caller.hung_up_itself else "not answered"


def _hung_up_by(caller: Leg | None, first: Leg | None, legs: Sequence[Leg]) -> str | None:
    """Who sent the BYE (or CANCEL) that ended the call; None where nobody did and nobody talked."""
    if caller is None:
        return None
    if caller.hung_up_itself and not caller.transfers:
        return "caller"
    if first is None:
        return None
    others = [leg for leg in legs if leg is not caller and leg.answered_at and leg.ended_at]
    end = max(leg.ended_at or 0.0 for leg in others) if caller.transfers else caller.ended_at or 0.0
    ended = [
        leg for leg in others if leg.hung_up_itself and abs(end - (leg.ended_at or 0.0)) < SAME_MOMENT_SECONDS
    ]
    return "callee" if ended else "pbx"


def _role(leg: Leg, site: str) -> str:
    return leg.phone.removesuffix(site)


def _caller_facts(leg: Leg | None, told: Told) -> dict[str, Any]:
    if leg is None:
        times = dict.fromkeys(("invited_at", "heard_ringing_at", "connected_at", "gave_up_at", "ended_at"))
        return {"phone": None, **times, "number": None}
    return {
        "phone": _role(leg, told.site),
        "endpoint": leg.phone,
        "invited_at": leg.invited_at,
        "heard_ringing_at": leg.ringing_at,
        "heard_progress_at": leg.progress_at,
        "connected_at": leg.answered_at,
        "gave_up_at": leg.gave_up_at,
        "ended_at": leg.ended_at,
        "end": leg.end,
        "hung_up_itself": leg.hung_up_itself,
        "number": told.caller_number if leg.phone.startswith("trunk") else None,
    }


def _phone_facts(leg: Leg, site: str) -> dict[str, Any]:
    return {
        "phone": _role(leg, site),
        "endpoint": leg.phone,
        "number": leg.number.removesuffix(site) if leg.number == leg.phone else leg.number,
        "invited_at": leg.invited_at,
        "ringing_at": leg.ringing_at,
        "progress_at": leg.progress_at,
        "picked_up_at": leg.answered_at,
        "ended_at": leg.ended_at,
        "end": leg.end,
        "hung_up_itself": leg.hung_up_itself,
    }


def _call_facts(leg: Leg, site: str) -> dict[str, Any]:
    return {
        "phone": _role(leg, site),
        "endpoint": leg.phone,
        "purpose": leg.purpose,
        "number": leg.number,
        "invited_at": leg.invited_at,
        "heard_ringing_at": leg.ringing_at,
        "connected_at": leg.answered_at,
        "gave_up_at": leg.gave_up_at,
        "ended_at": leg.ended_at,
        "end": leg.end,
        "hung_up_itself": leg.hung_up_itself,
    }


def _digits(legs: Sequence[Leg], site: str) -> list[dict[str, Any]]:
    return [{"phone": _role(leg, site), "digit": digit, "at": at} for leg in legs for digit, at in leg.digits]


def _transfers(legs: Sequence[Leg], site: str) -> list[dict[str, Any]]:
    sent = [transfer for leg in legs for transfer in leg.transfers]
    return [{"kind": one.kind, "by": one.by.removesuffix(site), "to": one.to, "at": one.at} for one in sent]
