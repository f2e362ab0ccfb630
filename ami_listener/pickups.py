"""Who takes a call that rings elsewhere (Contract 1, rule 4): no call and no attempt of its own. Pure.

With a Pickup event it is said (`dialling.pickup`); without one it shows in a dial or a bridge that leads to a phone which
called nobody.
"""

from __future__ import annotations

from ami_listener.live_call import LiveCall
from ami_listener.scene import Scene
from ami_listener.topology import Channel
from hotline.signals import CallDissolved


def takes_over(leg: Channel, call: LiveCall) -> bool:
    """Without a Pickup event: a dial leads to a phone that started a call of its own and reached nobody with it."""
    own = leg.anchor_of
    return (
        own is not None
        and own is not call
        and not own.from_pbx
        and not own.legs_dialled
        and call.talking_to is None
    )


def take_over(scene: Scene, picker: Channel, call: LiveCall) -> None:
    """What looked like a call of the picker's own is none; the picker joins the call it took."""
    own = picker.anchor_of
    if own is not None and own is not call:
        own.ended = True
        own.set_anchor(None)
        scene.calls.pop(own.call_id, None)
        scene.signals.append(CallDissolved(own.call_id))
    scene.join(picker, call)
    picker.picker = True
