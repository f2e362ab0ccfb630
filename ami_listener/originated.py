"""Calls that the PBX itself places: a spot check, click-to-dial (Contract 1, rules 5 and 6). Functions over a `Scene`.
Pure.

An Originate rings one phone, or several behind a Local channel. Who picks up, and accepts where that is asked, is the
caller of whatever is dialled next. The signals of the phones themselves are made in `dialling.py`.
"""

from __future__ import annotations

from datetime import datetime

from ami_listener.live_call import LiveCall
from ami_listener.scene import Scene
from ami_listener.topology import Channel, outer_legs
from hotline.signals import CallerIdentified, TalkBegan


def originate_is_up(scene: Scene, call: LiveCall, at: datetime | None) -> None:
    """The channel the PBX called is up: the caller is known, and nobody else is there, so picking up is talking.

    Whom the caller dials later takes over.
    """
    if not call.from_pbx or call.caller_is_up or call.ended:
        return
    if call.caller is None:
        _becomes_caller(scene, call, _who_picked_up(call), at)
    if call.caller is not None and call.talking_to is None:
        call.caller_is_up = True
        scene.signals.append(TalkBegan(call.call_id, at, scene.phone(call.caller)))


def name_who_was_called(scene: Scene, call: LiveCall, at: datetime | None) -> None:
    """The call ends before its Originate came up: the only phone that was called is the caller, else nobody is."""
    if call.from_pbx and call.caller is None:
        picked_up = [leg for leg in call.legs if leg.up] or call.legs
        if len(picked_up) == 1:
            _identified(scene, call, picked_up[0], at)


def _who_picked_up(call: LiveCall) -> Channel | None:
    """Of several phones that picked up: the one that was not refused, nor let go for another."""
    candidates = [leg for leg in call.legs if leg.up and not _is_out(leg)]
    return call.answered_leg if call.answered_leg in candidates else next(iter(candidates), None)


def _is_out(leg: Channel) -> bool:
    gone = leg.stopped is not None or leg.hangup_cause is not None
    return gone or any(outer.stopped is not None for outer in outer_legs(leg))


def _becomes_caller(scene: Scene, call: LiveCall, phone: Channel | None, at: datetime | None) -> None:
    if phone is not None:
        scene.speak_for(call, phone)
        call.round_legs.clear()
        _identified(scene, call, phone, at)


def _identified(scene: Scene, call: LiveCall, phone: Channel, at: datetime | None) -> None:
    # Not "from outside" though the phone be a mobile: the PBX called it.
    scene.signals.append(CallerIdentified(call.call_id, at, phone.name, phone.number, phone.person_name))
