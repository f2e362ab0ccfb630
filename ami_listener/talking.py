"""Who talks with whom: bridges entered and left, walked through Local pairs to the real channels. Functions over a
`Scene`. Pure. "Answered" is decided in `hotline/calls.py`: the first talk of a call.
"""

from __future__ import annotations

from datetime import datetime

from ami_listener.dialling import leg_is_heard, talk_begins
from ami_listener.live_call import LiveCall
from ami_listener.pickups import take_over
from ami_listener.scene import Headers, Scene
from ami_listener.topology import Channel, heard_by


def local_bridge(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The two halves of a Local channel."""
    one = scene.channel(headers, at, "LocalOne")
    two = scene.channel(headers, at, "LocalTwo")
    if one is None or two is None:
        return
    scene.topology.join_halves(one, two)
    if one.call is not None and two.call is None:
        scene.join(two, one.call)


def bridge_enter(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """A channel joins a bridge; whoever can now hear an original party, talks with it."""
    scene.tells_bridges = True
    channel = scene.channel(headers, at)
    bridge_id = headers.get("BridgeUniqueid")
    if channel is None or not bridge_id:
        return
    holding = headers.get("BridgeTechnology") == "holding_bridge"
    scene.topology.enter(channel, bridge_id, swap=headers.get("SwapUniqueid"), holding=holding)
    others = heard_by(channel)
    if channel.is_real:
        others.append(channel)
    if len(others) > 1:
        people_connected(scene, others, at)


def bridge_leave(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """A channel leaves a bridge."""
    channel = scene.channel(headers, at)
    bridge_id = headers.get("BridgeUniqueid")
    if channel is None or not bridge_id:
        return
    if channel.was_bridged:
        scene.topology.leave(channel, bridge_id)
        return
    # Met in mid-call: who leaves the same bridge was talking with it, since nobody knows when.
    channel.talked = channel.is_real
    scene.topology.enter(channel, bridge_id, swap=None, holding=False)
    parties = heard_by(channel)
    if channel.is_real:
        parties.append(channel)
    if len(parties) > 1:
        people_connected(scene, parties, None)


def people_connected(scene: Scene, parties: list[Channel], at: datetime | None) -> None:
    """Real channels that hear each other now; tell every call whose remaining original party is among them."""
    anchors = [party for party in parties if party.anchor_of is not None and not party.anchor_of.ended]
    if len(anchors) > 1:
        anchors = _without_pickers(scene, anchors)
    for anchor in anchors:
        call = anchor.anchor_of
        other = next((party for party in parties if party is not anchor), None)
        if call is None or other is None or _already_talking(call, parties):
            continue
        talk_begins(scene, call, other, at)
        if other.call is not None and other.call.handed_over:
            _consultation_reached(scene, other.call, other, anchor, at)
    for party in parties:
        leg_is_heard(scene, party, at)


def _already_talking(call: LiveCall, parties: list[Channel]) -> bool:
    return call.talking_to is not None and call.talking_to in parties


def _consultation_reached(
    scene: Scene, consultation: LiveCall, phone: Channel, transferee: Channel, at: datetime | None
) -> None:
    """The phone of a blonde transfer talks at last: it lasts as long as the consultation that rang it."""
    consultation.handed_over = False
    consultation.caller = transferee
    consultation.set_anchor(phone)
    talk_begins(scene, consultation, phone, at)


def _without_pickers(scene: Scene, anchors: list[Channel]) -> list[Channel]:
    """Two callers in one bridge and one of them still waits: the other, which called nobody, picked it up."""
    waiting = [a for a in anchors if a.anchor_of is not None and _waits(a.anchor_of)]
    idle = [a for a in anchors if a.anchor_of is not None and _called_nobody(a.anchor_of)]
    if len(anchors) != 2 or len(waiting) != 1 or len(idle) != 1 or waiting[0].anchor_of is None:
        return anchors
    take_over(scene, idle[0], waiting[0].anchor_of)
    return waiting


def _waits(call: LiveCall) -> bool:
    return call.talking_to is None and call.legs_dialled > 0


def _called_nobody(call: LiveCall) -> bool:
    return call.talking_to is None and not call.legs_dialled and not call.from_pbx
