"""The PBX's state after a time of not looking: from the answer to `Action: Status` to the same scene that events make.

Pure. What rings since when is in there: the ring of a phone began at its CDR's start plus the caller's RINGTIME_MS, which is
the delay until the first 180, not a length of ringing. `listener.py` asks and calls `resume`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ami_listener.dialling import adopt_leg, leg_is_gone, leg_is_up, leg_rings
from ami_listener.live_call import LiveCall
from ami_listener.message import timestamp_of
from ami_listener.originated import originate_is_up
from ami_listener.scene import Scene
from ami_listener.talking import people_connected
from ami_listener.topology import heard_by

STATUS_VARIABLES = "RINGTIME_MS,CDR(start,u),CDR(answer,u),DIALEDPEERNUMBER"


@dataclass(frozen=True, slots=True)
class ChannelState:
    """One row of the answer. Times are the PBX's, aware UTC; None where they are not known."""

    headers: Mapping[str, str]
    uniqueid: str
    linkedid: str
    state: str
    bridge: str | None
    is_called: bool
    started_at: datetime | None
    answered_at: datetime | None
    ring_delay: timedelta | None
    dial_string: str | None
    dials: tuple[str, ...] = ()
    """What the Dial on this channel tries just now."""
    waits: bool = False
    """In a bridge in which nobody hears anybody."""


@dataclass(frozen=True, slots=True)
class KnownCall:
    """A call that the tracker still holds as open: what the scene has to know of it."""

    call_id: str
    phones: frozenset[str]
    from_pbx: bool = False
    round: int = 0
    """Of the phone that was dialled last."""


def channel_states(rows: Iterable[Mapping[str, Any]]) -> list[ChannelState]:
    """Rows of a Status answer; what is no channel is left out."""
    states = []
    for row in rows:
        headers = {
            _HEADER_NAMES.get(key.lower(), key): value for key, value in row.items() if isinstance(value, str)
        }
        if not headers.get("Uniqueid") or not headers.get("Channel"):
            continue
        variables = _variables(row)
        delay = variables.get("RINGTIME_MS", "")
        states.append(
            ChannelState(
                headers=headers,
                uniqueid=headers["Uniqueid"],
                linkedid=headers.get("Linkedid") or headers["Uniqueid"],
                state=headers.get("ChannelState", ""),
                bridge=headers.get("BridgeID") or None,
                is_called=headers.get("Application", "") in ("AppDial", "AppDial2", "AppQueue"),
                started_at=timestamp_of(variables.get("CDR(start,u)", "")),
                answered_at=timestamp_of(variables.get("CDR(answer,u)", "")),
                ring_delay=timedelta(milliseconds=int(delay))
                if delay.isdecimal() and len(delay) < 9
                else None,
                dial_string=variables.get("DIALEDPEERNUMBER") or None,
                dials=_targets(headers) if headers.get("Application") == "Dial" else (),
                waits=headers.get("Application", "") in _HOLDING,
            )
        )
    return states


# Applications whose channels wait in one bridge with others.
_HOLDING = ("Park", "BridgeWait", "AgentLogin")


def _targets(headers: Mapping[str, str]) -> tuple[str, ...]:
    """`PJSIP/deska&Local/501@targets/n,20,tT` as the legs name it: `deska`, `501@targets/n`."""
    dialled = headers.get("Data", "").partition(",")[0]
    return tuple(target.partition("/")[2] for target in dialled.split("&"))


_HEADER_NAMES = {
    name.lower(): name
    for name in (
        "Channel", "ChannelState", "CallerIDNum", "CallerIDName", "Context", "Exten", "Uniqueid", "Linkedid",
        "BridgeID", "Application", "Data",
    )
}  # fmt: skip


def _variables(row: Mapping[str, Any]) -> dict[str, str]:
    lines = row.get("variable") or row.get("Variable") or []
    pairs = (str(line).partition("=") for line in ([lines] if isinstance(lines, str) else lines))
    return {name: value for name, _, value in pairs if value != "(null)"}


def resume(scene: Scene, states: list[ChannelState], known: Collection[KnownCall]) -> frozenset[str]:
    """Bring the scene up to the PBX's state; the signals of what happened meanwhile are left in it, as with an event.

    Returns the ids of the calls that are still under way; the tracker's `resync` closes the others.
    """
    _remove_vanished(scene, {state.uniqueid for state in states})
    phones: set[str] = set()
    for call in known:
        phones |= call.phones
        _restore(scene, call)
    callers_first = sorted(states, key=lambda state: state.uniqueid != state.linkedid)
    for state in callers_first:
        _take_in(scene, state, phones)
    for state in callers_first:
        _catch_up_leg(scene, state, _dialler_of(state, states))
    for state in callers_first:
        _catch_up_bridge(scene, state)
    answers = {state.uniqueid: state.answered_at for state in states}
    for state in callers_first:
        _catch_up_talk(scene, state, answers)
    alive = {channel.call.call_id for channel in scene.topology.channels.values() if channel.call is not None}
    for call_id in [call_id for call_id in scene.calls if call_id not in alive]:
        scene.calls.pop(call_id).ended = True
        scene.forget(call_id)
    return frozenset(alive)


def _remove_vanished(scene: Scene, present: set[str]) -> None:
    """Hang-ups that were not observed. Of a phone that was tried, all we know is that it is no longer."""
    for channel in [c for c in scene.topology.channels.values() if c.uniqueid not in present]:
        scene.topology.remove(channel)
        scene.forget(channel.uniqueid)
        if channel.call is not None and not channel.call.ended:
            channel.call.open_channels -= 1
            leg_is_gone(scene, channel, None, None)


def _restore(scene: Scene, call: KnownCall) -> None:
    if call.call_id in scene.calls:
        return
    live = scene.calls[call.call_id] = LiveCall(call.call_id)
    live.legs_dialled = len(call.phones)
    live.only_locals = False
    live.from_pbx = call.from_pbx
    live.round = call.round


def _take_in(scene: Scene, state: ChannelState, phones_known: set[str]) -> None:
    """A channel that came while nobody looked, or that an earlier process knew."""
    if state.uniqueid in scene.topology.channels:
        return
    channel = scene.announce(state.headers)
    if not (channel.is_real or channel.is_local):
        return
    call = scene.calls.get(channel.linkedid)
    if call is None:
        call = scene.open_call(channel, state.started_at)
        if state.is_called and call.origin is channel:
            scene.placed_by_pbx(call, state.started_at)
    else:
        scene.join(channel, call)
        if channel.uniqueid == call.call_id and channel.is_real and not state.is_called:
            scene.speak_for(call, channel)
    if call.anchor is None and channel.is_real and not state.is_called:
        call.set_anchor(channel)
    if state.is_called:
        channel.dial_string = state.dial_string
        adopt_leg(scene, call, channel, state.started_at, already_told=channel.name in phones_known)


def _dialler_of(leg: ChannelState, states: list[ChannelState]) -> ChannelState | None:
    """Whose Dial rings this leg: the caller's, or that of the Local half in front of it."""
    same_call = (state for state in states if state.linkedid == leg.linkedid)
    return next((state for state in same_call if leg.dial_string in state.dials), None)


def _catch_up_leg(scene: Scene, state: ChannelState, dialler: ChannelState | None) -> None:
    channel = scene.topology.channels.get(state.uniqueid)
    if channel is None or not channel.dialled:
        return
    if dialler is not None and channel.dialled_by is None:
        channel.dialled_by = scene.topology.channels.get(dialler.uniqueid)
    delay = None if dialler is None else dialler.ring_delay
    if state.state in ("5", "6") and state.started_at is not None and delay is not None:
        leg_rings(scene, channel, state.started_at + delay)
    elif state.state == "5":
        leg_rings(scene, channel, None)
    if state.state == "6" and not channel.up:
        leg_is_up(scene, channel, state.answered_at)
        if channel.call is not None and channel is channel.call.origin:
            originate_is_up(scene, channel.call, state.answered_at)


def _catch_up_bridge(scene: Scene, state: ChannelState) -> None:
    channel = scene.topology.channels.get(state.uniqueid)
    if channel is None:
        return
    channel.up = channel.up or state.state == "6"
    if state.bridge is None:
        scene.topology.leave(channel)
    elif channel.bridge is None or channel.bridge.uniqueid != state.bridge:
        scene.topology.enter(channel, state.bridge, swap=None, holding=state.waits)


def _catch_up_talk(scene: Scene, state: ChannelState, answers: Mapping[str, datetime | None]) -> None:
    """Whoever is bridged now talks since the later of both answers: the key of an acceptance is pressed between."""
    channel = scene.topology.channels.get(state.uniqueid)
    if channel is None or channel.anchor_of is None:
        return
    others = heard_by(channel)
    if not others:
        return
    known = [
        answer for answer in (answers.get(c.uniqueid) for c in (channel, others[0])) if answer is not None
    ]
    people_connected(scene, [channel, *others], max(known, default=None))
