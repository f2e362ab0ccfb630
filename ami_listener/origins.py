"""How calls begin and end: channels that appear, callers that become known, hang-ups. Functions over a `Scene`.
Pure."""

from __future__ import annotations

from datetime import datetime

from ami_listener.dialling import (
    leg_is_gone,
    leg_is_up,
    leg_rings,
    mark_stop,
    settle_without_bridges,
    stop_what_rings,
)
from ami_listener.live_call import LiveCall
from ami_listener.originated import name_who_was_called, originate_is_up
from ami_listener.scene import Headers, Scene
from ami_listener.topology import Channel, heard_by, known_text
from hotline.records import AnomalyKind, Side
from hotline.signals import CallerIdentified, PartyHungUp, VoicemailBegan

_DOWN, _RINGING, _UP = "0", "5", "6"
_BUSY = "7"  # the PBX told the caller "busy": what follows is no giving up


def newchannel(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """A channel appears: the first of a call (Uniqueid = Linkedid), or one more leg of a call that is there."""
    uniqueid = headers.get("Uniqueid")
    if not uniqueid or not headers.get("Channel"):
        scene.odd(at, AnomalyKind.MALFORMED_EVENT, "Newchannel without Channel or Uniqueid")
        return
    if uniqueid in scene.topology.channels or uniqueid in scene.gone:
        scene.odd(at, AnomalyKind.DUPLICATE_EVENT, "Newchannel for a channel that is there already")
        return
    channel = scene.announce(headers)
    if not (channel.is_real or channel.is_local):
        return
    channel.came_in = headers.get("ChannelState", _DOWN) != _DOWN
    if channel.linkedid == uniqueid:
        scene.open_call(channel, at)
        return
    linked = scene.known_channel(channel.linkedid)
    call = linked.call if linked is not None else scene.calls.get(channel.linkedid)
    if call is not None:
        scene.join(channel, call)
    elif channel.linkedid not in scene.gone:
        scene.open_call(channel, at, seen_from_start=False)


def newstate(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """A channel rings or is up; along the way the caller's number may have been corrected (Contract 1, rule 1)."""
    channel = scene.channel(headers, at)
    if channel is None:
        return
    scene.tells_ringing = True
    call = channel.call
    if call is None or call.ended:
        return
    if channel is call.caller:
        identify(scene, call, headers, at)
    elif call.caller is None:
        _note_number(channel, headers)
    _changes_state(scene, call, channel, headers.get("ChannelState"), at)


def _changes_state(
    scene: Scene, call: LiveCall, channel: Channel, state: str | None, at: datetime | None
) -> None:
    if state == _RINGING:
        _is_called(scene, call, channel, at)
        leg_rings(scene, channel, at)
    elif state == _UP and not channel.up:
        if not channel.came_in:
            _is_called(scene, call, channel, at)
        leg_is_up(scene, channel, at)
        if channel is call.origin:
            originate_is_up(scene, call, at)
    elif state != _DOWN:
        channel.came_in = True


def _is_called(scene: Scene, call: LiveCall, channel: Channel, at: datetime | None) -> None:
    """Nobody rings a caller, and a caller's channel is not up out of the blue: the PBX calls this one."""
    if channel is call.origin:
        scene.placed_by_pbx(call, at)


def newcallerid(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The caller ID of a channel was set; a Local half may tell so after it is gone."""
    if headers.get("Uniqueid") in scene.gone:
        return
    channel = scene.channel(headers, at)
    if channel is None:
        return
    if channel.call is not None and channel is channel.call.caller:
        identify(scene, channel.call, headers, at)
    else:
        _note_number(channel, headers)


def _note_number(channel: Channel, headers: Headers) -> None:
    if "CallerIDNum" in headers:
        channel.number = known_text(headers.get("CallerIDNum"))
        channel.person_name = known_text(headers.get("CallerIDName"))


def identify(scene: Scene, call: LiveCall, headers: Headers, at: datetime | None) -> None:
    """Take the caller ID as last set before the first phone is dialled; later ones are the dialplan's own
    business."""
    caller = call.caller
    if caller is None or call.legs_dialled:
        return
    number, name = known_text(headers.get("CallerIDNum")), known_text(headers.get("CallerIDName"))
    if "CallerIDNum" not in headers or (number, name) == (caller.number, caller.person_name):
        return
    caller.number, caller.person_name = number, name
    scene.signals.append(CallerIdentified(call.call_id, at, caller.name, number, name))


def newexten(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The caller was sent to voicemail (only such Newexten events are read, see `translate.WANTED`)."""
    channel = scene.channel(headers, at)
    call = None if channel is None else channel.call
    if call is None or call.ended or call.in_voicemail or headers.get("Application") != "VoiceMail":
        return
    if channel is call.anchor or (channel is not None and channel.is_local):
        call.in_voicemail = True
        scene.signals.append(VoicemailBegan(call.call_id, at))


def hangup_request(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """A party hangs up by itself. Those of Local halves are Asterisk's housekeeping."""
    scene.tells_hangup_requests = True
    channel = scene.channel(headers, at)
    if channel is None or not channel.is_real:
        return
    if channel.hangup_cause is None:
        channel.hangup_cause = _cause(headers)
    if channel.call is not None and not channel.call.ended:
        settle_without_bridges(scene, channel.call, channel)
    others = heard_by(channel)
    for party in (channel, *others):
        call = party.anchor_of
        if call is None and not scene.tells_bridges and channel.call is not None:
            call = channel.call if channel.call.talking_to is channel else None
        if call is not None and not call.ended:
            talking = bool(others) or (not scene.tells_bridges and call.talking_to is not None)
            told_busy = headers.get("ChannelState") == _BUSY
            _hangs_up(scene, call, channel, at, talking=talking, gives_up=not told_busy)


def _hangs_up(
    scene: Scene, call: LiveCall, channel: Channel, at: datetime | None, *, talking: bool, gives_up: bool
) -> None:
    is_anchor = channel is call.anchor
    if talking or (is_anchor and gives_up):
        side = Side.CALLER if channel is call.caller else Side.CALLEE
        scene.signals.append(PartyHungUp(call.call_id, at, side, talking))
    waiting_for = call.consultation
    if is_anchor and waiting_for is not None and waiting_for.handed_over and not waiting_for.ended:
        # It was to be connected with the phones that the transferor's second call rings (a blonde transfer).
        scene.signals.append(PartyHungUp(waiting_for.call_id, at, Side.CALLER, talking=False))


def hangup(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """A channel is gone; the call ends with its anchor, or with its last channel when it has none."""
    channel = scene.channel(headers, at)
    if channel is None:
        return
    cause = _cause(headers)
    call = channel.call
    scene.topology.remove(channel)
    scene.forget(channel.uniqueid)
    if call is None:
        return
    call.open_channels -= 1
    if not call.ended:
        settle_without_bridges(scene, call, channel)
        leg_is_gone(scene, channel, cause, at)
        waits_for_caller = call.caller is None and call.origin is None and call.call_id not in scene.gone
        if channel.anchor_of is call or (
            call.open_channels <= 0 and call.anchor is None and not waits_for_caller
        ):
            stop_what_rings(scene, call, at)
            name_who_was_called(scene, call, at)
            scene.end_call(call, at)


def queue_caller_abandon(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The queue says that the caller left; needed where no HangupRequest is told."""
    channel = scene.channel(headers, at)
    if channel is not None and channel.call is not None:
        channel.call.gave_up = True


def agent_ring_no_answer(scene: Scene, headers: Headers, at: datetime | None) -> None:
    """The queue stopped ringing a member; some Asterisks follow up with a misleading CANCEL."""
    leg = scene.known_channel(headers.get("DestUniqueid"))
    if leg is not None:
        mark_stop(scene, leg, "NOANSWER", at)


def _cause(headers: Headers) -> int | None:
    text = headers.get("Cause", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else None
