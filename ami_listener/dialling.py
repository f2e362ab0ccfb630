"""Phones that are tried: dialled, ringing, picked up, stopped and why. Functions over a `Scene`. Pure.

Each real leg becomes one attempt of its call; a Local half is never one, but its end explains the ends behind it.
"""

from __future__ import annotations

from datetime import datetime

from ami_listener.live_call import LiveCall
from ami_listener.originated import originate_is_up
from ami_listener.pickups import take_over, takes_over
from ami_listener.scene import Headers, Scene
from ami_listener.topology import Channel, heard_by, known_text, outer_legs
from hotline.records import AnomalyKind, AttemptResult
from hotline.signals import (
    CallerIdentified,
    PhoneDialled,
    PhonePickedUp,
    PhoneRang,
    PhoneStopped,
    TalkBegan,
)
from pbx import causes

_RESULTS = {
    "BUSY": AttemptResult.BUSY,
    "CANCEL": AttemptResult.CANCELLED,
    "CHANUNAVAIL": AttemptResult.UNREACHABLE,
    "CONGESTION": AttemptResult.FAILED,
    "NOANSWER": AttemptResult.NO_ANSWER,
    "TIMEOUT": AttemptResult.NO_ANSWER,
}
# What the phone's own hang-up cause may correct: Asterisk reports a decline as NOANSWER or as BUSY.
_OPEN_TO_CAUSE = frozenset(
    {AttemptResult.NO_ANSWER, AttemptResult.BUSY, AttemptResult.FAILED, AttemptResult.UNREACHABLE}
)


def dial_begin(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """`Uniqueid` dials `DestUniqueid`; without the former the PBX itself calls (Originate)."""
    leg = scene.channel(headers, at, "Dest")
    if leg is None:
        scene.odd(at, AnomalyKind.MALFORMED_EVENT, "DialBegin without a destination")
        return
    leg.dial_string = headers.get("DialString", leg.dial_string)
    dialler = scene.channel(headers, at)
    if dialler is None:
        _called_by_pbx(scene, leg, at)
        return
    call = _call_of_dialler(scene, dialler)
    if call is None:
        leg.dialled_by = dialler  # whose call it is may turn out with the dial in front, see `_brings_along`
        return
    if dialler is call.origin:
        originate_is_up(scene, call, at)
    if dialler is call.caller and not (call.legs_dialled and call.caller_has_dialled):
        _correct_caller(scene, call, headers, at)
        call.caller_has_dialled = True
    if leg.picker or takes_over(leg, call):
        take_over(scene, leg, call)
    elif leg.dialled:
        _rings_on(scene, leg, at)
    else:
        _dialled_by(scene, dialler, leg, at)


def _call_of_dialler(scene: Scene, dialler: Channel) -> LiveCall | None:
    """Its own; where that is over (a consultation whose Local stayed after the transfer), the call of whom it hears."""
    if dialler.call is not None and not dialler.call.ended:
        return dialler.call
    others = (party.anchor_of for party in heard_by(dialler))
    call = next((call for call in others if call is not None and not call.ended), None)
    if call is not None:
        scene.join(dialler, call)
    return call


def _called_by_pbx(scene: Scene, leg: Channel, at: datetime | None) -> None:
    call = leg.call
    if call is None or call.ended:
        return
    if leg is call.origin:
        scene.placed_by_pbx(call, at)
    if not leg.dialled:
        _dialled(scene, call, leg, at)


def _rings_on(scene: Scene, leg: Channel, at: datetime | None) -> None:
    """A blonde transfer hands a ringing phone over: to Asterisk 13 one dial has ended and another begun."""
    if leg.stopped is None:
        return
    leg.stopped = None
    if leg.is_real and leg.call is not None and not leg.call.ended:
        scene.signals.append(PhoneDialled(leg.call.call_id, at, scene.phone(leg), leg.round))


def _dialled_by(scene: Scene, dialler: Channel, leg: Channel, at: datetime | None) -> None:
    call = dialler.call
    if call is not None:
        leg.dialled_by = dialler
        scene.join(leg, call)
        leg.round = _round(call, dialler, leg)
        _dialled(scene, call, leg, at)
        half = leg.other_half
        if half is not None and (half.call is None or half.call.ended):
            _brings_along(scene, call, half, at)


def _brings_along(scene: Scene, call: LiveCall, half: Channel, at: datetime | None) -> None:
    """The far half of a Local that was made in the name of a call that is over, and what that half dials."""
    scene.join(half, call)
    for leg in [
        leg for leg in scene.topology.channels.values() if leg.dialled_by is half and not leg.dialled
    ]:
        _dialled_by(scene, half, leg, at)


def _round(call: LiveCall, dialler: Channel, leg: Channel) -> int:
    """Legs that one Dial tries together share a round, whatever their Locals dial; the next begins when all have stopped.

    A leg that a call was forwarded to belongs to the round of the one that forwarded it.
    """
    outer = dialler.other_half
    if dialler.is_local and not dialler.dialled and outer is not None and outer.dialled:
        return outer.round
    before = call.round_legs
    if before and before[-1].stopped != "FORWARD" and all(one.stopped is not None for one in before):
        call.round += 1
        before.clear()
    before.append(leg)
    return call.round


def _correct_caller(scene: Scene, call: LiveCall, headers: Headers, at: datetime | None) -> None:
    caller = call.caller
    number, name = known_text(headers.get("CallerIDNum")), known_text(headers.get("CallerIDName"))
    if (
        caller is not None
        and "CallerIDNum" in headers
        and (number, name) != (caller.number, caller.person_name)
    ):
        caller.number, caller.person_name = number, name
        scene.signals.append(CallerIdentified(call.call_id, at, caller.name, number, name))


def _dialled(scene: Scene, call: LiveCall, leg: Channel, at: datetime | None) -> None:
    leg.dialled = True
    if not leg.is_real:
        return
    call.legs.append(leg)
    if call.caller is not None and leg is not call.origin:
        call.legs_dialled += 1
    call.last_stop_was_cancel = False
    scene.signals.append(PhoneDialled(call.call_id, at, scene.phone(leg), leg.round))
    if leg.rings:  # its states were told before the dial
        scene.signals.append(PhoneRang(call.call_id, leg.ringing_at, leg.name))
    if leg.up:
        scene.signals.append(PhonePickedUp(call.call_id, leg.up_at, leg.name))


def adopt_leg(scene: Scene, call: LiveCall, leg: Channel, at: datetime | None, *, already_told: bool) -> None:
    """A leg met while it is under way (`snapshot.py`); the tracker may know it from before."""
    leg.round = call.round
    if leg.is_real:
        call.round_legs.append(leg)
    if already_told:
        leg.dialled = True
        call.legs.append(leg)
    else:
        _dialled(scene, call, leg, at)


def dial_state(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """RINGING is a ring; PROGRESS is an announcement or the carrier's own ringing tone and never counted."""
    scene.tells_ringing = scene.tells_dial_states = True
    leg = scene.channel(headers, at, "Dest")
    if leg is None:
        return
    status = headers.get("DialStatus")
    if status == "RINGING":
        leg_rings(scene, leg, at)
    elif status == "PROGRESS":
        leg.early_media = True


def leg_rings(scene: Scene, leg: Channel, at: datetime | None) -> None:
    """The first sign of ringing counts, whichever event brings it."""
    call = leg.call
    if leg.rings or not leg.is_real or call is None or call.ended:
        return
    leg.rings, leg.ringing_at = True, at
    if leg.dialled:
        scene.signals.append(PhoneRang(call.call_id, at, leg.name))


def leg_is_up(scene: Scene, leg: Channel, at: datetime | None) -> None:
    """Somebody or something picked up: with an acceptance key that is not yet an answer."""
    call = leg.call
    leg.up, leg.up_at = True, at
    if leg.dialled and leg.is_real and call is not None and not call.ended:
        scene.signals.append(PhonePickedUp(call.call_id, at, leg.name))


def dial_end(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The dial to one leg is over; the first DialEnd of a leg counts (Queue sends a second, wrong one)."""
    leg = scene.channel(headers, at, "Dest")
    if leg is None:
        return
    status = headers.get("DialStatus", "")
    dialler = scene.channel(headers, at)
    call = None if dialler is None or leg.dialled else _call_of_dialler(scene, dialler)
    if dialler is not None and call is not None:
        if leg.picker or takes_over(leg, call):
            # Asterisk reports the end of a dial that began towards another phone: this one picked it up.
            take_over(scene, leg, call)
        else:
            _dialled_by(scene, dialler, leg, at)
    call = leg.call
    if call is None or call.ended:
        return
    if status == "ANSWER":
        _answered(scene, call, leg, at)
    elif headers.get("Forward"):
        mark_stop(scene, leg, "FORWARD", at)
    else:
        mark_stop(scene, leg, status, at)


def _answered(scene: Scene, call: LiveCall, leg: Channel, at: datetime | None) -> None:
    if leg.is_real and not leg.up:
        leg_is_up(scene, leg, at)
    if leg.is_real and leg.hangup_cause is None:
        call.answered_leg, call.answered_at = leg, at
    if leg is call.origin:
        originate_is_up(scene, call, at)


def settle_without_bridges(scene: Scene, call: LiveCall, leaving: Channel) -> None:
    """In a stream without a single bridge the end of the dial is all there will ever be of an answer."""
    leg = call.answered_leg
    if leg is None or scene.tells_bridges or leaving not in (leg, call.anchor):
        return
    if call.talking_to is None and leg is not call.anchor:
        talk_begins(scene, call, leg, call.answered_at)


def talk_begins(scene: Scene, call: LiveCall, leg: Channel, at: datetime | None) -> None:
    """Tell once that the remaining original party talks with this phone."""
    if call.talking_to is leg:
        return
    call.talking_to = leg
    call.has_talked = leg.talked = True
    scene.signals.append(
        TalkBegan(call.call_id, at, scene.phone(leg), picked_up=leg.picker and leg.call is call)
    )


def leg_is_heard(scene: Scene, leg: Channel, at: datetime | None) -> None:
    """A phone talks with somebody, be it not the caller: asked first by who transfers, third in a conference."""
    call = leg.call
    if leg.talked or not leg.dialled or not leg.is_real or call is None or call.ended:
        return
    leg.talked = True
    scene.signals.append(PhoneStopped(call.call_id, at, leg.name, AttemptResult.ANSWERED))


def mark_stop(scene: Scene, leg: Channel, status: str, at: datetime | None) -> None:
    """Remember and tell why a leg is no longer tried; what was said first stands."""
    if leg.stopped is not None or leg.talked:
        return
    leg.stopped = status
    call = leg.call
    if call is None or call.ended or not leg.dialled:
        return
    call.last_stop_was_cancel = leg.is_real and status == "CANCEL" and _status_in_front(leg) is None
    if leg.is_real:
        scene.signals.append(PhoneStopped(call.call_id, at, leg.name, _result(scene, leg)))


def leg_is_gone(scene: Scene, leg: Channel, cause: int | None, at: datetime | None) -> None:
    """The leg's channel hung up: tell its end if nothing else did, or the better reason that comes with the cause."""
    call = leg.call
    if call is None or not leg.dialled or not leg.is_real or leg.talked:
        return
    before = None if leg.stopped is None else _result(scene, leg)
    if leg.hangup_cause is None:
        leg.hangup_cause = cause
    if leg.stopped is None:
        leg.stopped = "GONE"
        if leg is not call.caller:
            call.last_stop_was_cancel = False
    after = _result(scene, leg)
    if before is None or (after is not before and before in _OPEN_TO_CAUSE):
        scene.signals.append(PhoneStopped(call.call_id, at, leg.name, after))


def stop_what_rings(scene: Scene, call: LiveCall, at: datetime | None) -> None:
    """The call is over. What still rings behind a Local is told to stop a moment later, when nobody asks any more."""
    for leg in call.legs:
        if leg.stopped is None and not leg.up and leg.call is call:
            mark_stop(scene, leg, _status_in_front(leg) or "CANCEL", at)


_STATUS_BY_CAUSE = {causes.USER_BUSY: "BUSY", causes.CALL_REJECTED: "NOANSWER"}
_BY_STATUS = {
    "CONTINUE": AttemptResult.NOT_ACCEPTED,
    "FORWARD": AttemptResult.FORWARDED,
    "TAKEN": AttemptResult.ANSWERED_ELSEWHERE,
}


def _result(scene: Scene, leg: Channel) -> AttemptResult:
    """Why a leg ended, in business words (R-LINE-4: rang out, declined, switched off are different things)."""
    if leg.up:
        return AttemptResult.NOT_ACCEPTED
    status, cause = leg.stopped or "", leg.hangup_cause
    if status in _BY_STATUS:
        return _BY_STATUS[status]
    if status == "CANCEL":
        status = _status_in_front(leg) or status
    elif status == "GONE":  # picked up elsewhere, or an Originate that nobody answered: the call decides
        status = _STATUS_BY_CAUSE.get(cause or 0, "CANCEL")
    result = _RESULTS.get(status, AttemptResult.FAILED)
    return _corrected(scene, leg, result, cause) if result in _OPEN_TO_CAUSE else result


def _corrected(scene: Scene, leg: Channel, result: AttemptResult, cause: int | None) -> AttemptResult:
    if cause == causes.CALL_REJECTED:
        return AttemptResult.DECLINED
    if cause == causes.REDIRECTED:
        return AttemptResult.FORWARDED  # to a number that nobody has
    if result is AttemptResult.NO_ANSWER or (result is AttemptResult.BUSY and cause in causes.NO_REPLY):
        return _rang_out_or_not(scene, leg, cause)  # chan_sip tells 480 as BUSY
    if result is AttemptResult.FAILED and cause in causes.UNREACHABLE:
        return AttemptResult.UNREACHABLE
    return result


def _rang_out_or_not(scene: Scene, leg: Channel, cause: int | None) -> AttemptResult:
    if cause == causes.USER_BUSY:
        return AttemptResult.BUSY
    if leg.rings:
        return AttemptResult.NO_ANSWER
    # No 180 ever came: switched off, or only an announcement (183). A stream that tells no ringing leaves it open.
    known = scene.tells_ringing or cause in causes.UNREACHABLE
    return AttemptResult.UNREACHABLE if known else AttemptResult.NO_ANSWER


def _status_in_front(leg: Channel) -> str | None:
    """Behind a Local every end looks like CANCEL; the dial towards the Local tells what it really was."""
    stops = (outer.stopped for outer in outer_legs(leg))
    return next((stopped for stopped in stops if stopped not in (None, "CANCEL")), None)


# -- call pickup ------------------------------------------------------------------------------------------------------


def pickup(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """`Channel` takes the call that was ringing at `TargetChannel` (Contract 1, rule 4)."""
    picker = scene.channel(headers, at)
    target = scene.channel(headers, at, "Target")
    if picker is None or target is None or target.call is None or target.call.ended:
        scene.odd(at, AnomalyKind.MALFORMED_EVENT, "Pickup of a call that is not known")
        return
    mark_stop(scene, target, "TAKEN", at)
    take_over(scene, picker, target.call)
