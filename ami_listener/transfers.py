"""Transfers: blind, attended, and "blonde" (the transferor leaves while the target still rings). Functions over a
`Scene`. Pure.

The transferred call stays one call with its first answerer; when the caller itself transfers, the other original
party carries it on (Contract 1, rules 2 and 3).
"""

from __future__ import annotations

from datetime import datetime

from ami_listener.dialling import settle_without_bridges, talk_begins
from ami_listener.live_call import LiveCall
from ami_listener.scene import Headers, Scene
from ami_listener.topology import Channel, behind, heard_by
from hotline.records import AnomalyKind, TransferKind
from hotline.signals import CallTransferred

_RINGING_APPS = ("Dial", "Queue", "RetryDial", "FollowMe")


def blind_transfer(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The transferor sends the other party to an extension; the same channel will dial there."""
    transferor = _person(scene.channel(headers, at, "Transferer"))
    if transferor is None or transferor.handed_on or headers.get("Result", "Success") != "Success":
        return
    transferee = _real(scene.channel(headers, at, "Transferee"), besides=(transferor,))
    call = _call_carried_by(transferor, transferee)
    if call is None:
        scene.odd(at, AnomalyKind.UNEXPECTED_TRANSFER, "BlindTransfer outside a known call")
        return
    _leaves_talk(scene, call, transferor, transferee)
    _carry_on(scene, call, transferor, transferee)
    call.talking_to = None
    scene.signals.append(CallTransferred(call.call_id, at, TransferKind.BLIND, transferor.name, None))


def attended_transfer(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The transferor connects two calls of its own and leaves: the first goes on with the second one's party."""
    first = _person(scene.channel(headers, at, "OrigTransferer"))
    second = _person(scene.channel(headers, at, "SecondTransferer"))
    if first is None or second is None or headers.get("Result", "Success") != "Success" or first.handed_on:
        return
    transferee = _real(scene.channel(headers, at, "Transferee"), besides=(first,))
    call = _call_carried_by(first, transferee)
    if call is None:
        scene.odd(at, AnomalyKind.UNEXPECTED_TRANSFER, "AttendedTransfer outside a known call")
        return
    _leaves_talk(scene, call, first, transferee)
    target = _real(scene.channel(headers, at, "TransferTarget"), besides=(second, transferee))
    if target is None and headers.get("DestType") != "App" and call.talking_to is not first:
        target = call.talking_to
    if target is not None and not (target.up or target.bridge):
        target = None
    # The transferor left while the target still rings; to an announcement or a message box it did not.
    blonde = target is None and (not second.up or headers.get("DestApp", "Dial") in _RINGING_APPS)
    _carry_on(scene, call, first, transferee)
    consultation = second.anchor_of or second.call
    if consultation is not None and consultation is not call and not consultation.ended:
        _leave_consultation(consultation, second, call, blonde=blonde)
    call.talking_to = target
    if target is not None:
        target.talked = True
        if target.anchor_of is None:
            scene.join(target, call)
    kind = TransferKind.BLONDE if blonde else TransferKind.ATTENDED
    to_channel = None if target is None else target.name
    scene.signals.append(CallTransferred(call.call_id, at, kind, first.name, to_channel))


def _leaves_talk(scene: Scene, call: LiveCall, transferor: Channel, transferee: Channel | None) -> None:
    """Who transfers a call has talked: in a stream that began later, or tells no bridges, that is how we know."""
    transferor.handed_on = True
    settle_without_bridges(scene, call, transferor)
    other = transferee if transferor is call.anchor else transferor
    if not call.has_talked and other is not None:
        talk_begins(scene, call, other, None)


def _leave_consultation(
    consultation: LiveCall, transferor: Channel, transferred: LiveCall, *, blonde: bool
) -> None:
    if blonde and consultation.anchor is transferor:
        # Its phones ring on for the transferred caller; it ends when the last of them has stopped or talked.
        consultation.set_anchor(None)
        consultation.handed_over = True
        transferred.consultation = consultation


def _carry_on(scene: Scene, call: LiveCall, transferor: Channel, transferee: Channel | None) -> None:
    """If the original party leaves the call, the other one carries it from here."""
    if call.anchor is not transferor:
        return
    remaining = transferee or call.talking_to
    if remaining is not None:
        call.set_anchor(remaining)
        scene.join(remaining, call)


def _call_carried_by(transferor: Channel, transferee: Channel | None) -> LiveCall | None:
    """The call that is transferred: the transferor's own, else the one it is a phone of, else the transferee's."""
    candidates = (
        transferor.anchor_of,
        transferee.anchor_of if transferee is not None else None,
        transferor.call,
        transferee.call if transferee is not None else None,
    )
    return next((call for call in candidates if call is not None and not call.ended), None)


def _person(channel: Channel | None) -> Channel | None:
    """Who transfers. Where a key is heard behind a Local that stayed, the PBX names the Local's half."""
    return _real(channel, besides=()) or channel


def _real(channel: Channel | None, *, besides: tuple[Channel | None, ...]) -> Channel | None:
    """Behind a Local half that was not optimised away stands the real party."""
    if channel is None or channel.is_real:
        return channel
    return next((party for party in [*behind(channel), *heard_by(channel)] if party not in besides), None)
