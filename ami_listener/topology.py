"""Which channels exist, which halves belong together, who dials whom and who is in a bridge with whom. Pure.

Topology only: whether a call was answered is decided in `hotline`, from the signals that the neighbours
(`origins.py`, `dialling.py`, `talking.py`, `transfers.py`) read off here. Nothing raises: a channel nobody
announced is adopted.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from pbx.channel_names import ChannelKind, local_pair_name, split_channel_name

if TYPE_CHECKING:
    from ami_listener.live_call import LiveCall


def known_text(text: str | None) -> str | None:
    """Asterisk writes `<unknown>` where it has no caller ID."""
    return None if text in ("", "<unknown>") else text


class Channel:
    """A channel of the PBX, from Newchannel to Hangup. Identity is the Uniqueid: names are swapped by masquerades."""

    __slots__ = (
        "anchor_of",
        "bridge",
        "call",
        "came_in",
        "context",
        "dial_string",
        "dialled",
        "dialled_by",
        "early_media",
        "endpoint",
        "exten",
        "handed_on",
        "hangup_cause",
        "is_local",
        "is_real",
        "linkedid",
        "name",
        "number",
        "other_half",
        "person_name",
        "picker",
        "ringing_at",
        "rings",
        "round",
        "stopped",
        "talked",
        "tech",
        "uniqueid",
        "up",
        "up_at",
        "was_bridged",
    )

    def __init__(self, uniqueid: str, name: str, linkedid: str) -> None:
        kind, self.tech, self.endpoint = split_channel_name(name)
        self.uniqueid = uniqueid
        self.name = name
        self.linkedid = linkedid
        self.is_local = kind is ChannelKind.LOCAL
        self.is_real = kind is ChannelKind.REAL
        self.number: str | None = None
        self.person_name: str | None = None
        self.context: str | None = None
        self.exten: str | None = None
        # It called us: such a channel is in state Ring, or off the hook, before it is up.
        self.came_in = True
        self.call: LiveCall | None = None
        self.anchor_of: LiveCall | None = None
        self.bridge: Bridge | None = None
        self.was_bridged = False
        self.other_half: Channel | None = None
        # As a leg: who dialled it (None for the PBX itself), and what is known of its ringing and its end.
        self.dialled = False
        self.dialled_by: Channel | None = None
        self.dial_string: str | None = None
        self.round = 0
        self.up = False
        self.up_at: datetime | None = None
        self.rings = False
        self.early_media = False
        self.ringing_at: datetime | None = None
        self.hangup_cause: int | None = None
        self.stopped: str | None = None
        self.talked = False
        # Transferred its call away: once, whatever is repeated.
        self.handed_on = False
        # Took over a call that was ringing elsewhere.
        self.picker = False

    def __repr__(self) -> str:
        return f"<Channel {self.name} {self.uniqueid}>"


class Bridge:
    """Channels that hear each other; a holding bridge (parking, waiting) lets nobody hear anybody."""

    __slots__ = ("holding", "members", "uniqueid")

    def __init__(self, uniqueid: str, *, holding: bool) -> None:
        self.uniqueid = uniqueid
        self.members: list[Channel] = []
        self.holding = holding


class Topology:
    """The channels and bridges that exist now."""

    def __init__(self) -> None:
        self.channels: dict[str, Channel] = {}
        self._bridges: dict[str, Bridge] = {}
        self._half_waiting: dict[str, Channel] = {}

    def add(self, channel: Channel) -> None:
        """Take a new channel in; the two halves of a Local find each other by name, with or without LocalBridge."""
        self.channels[channel.uniqueid] = channel
        if channel.is_local:
            pair = local_pair_name(channel.name)
            half = self._half_waiting.pop(pair, None)
            if half is None or half.name == channel.name:
                self._half_waiting[pair] = channel
            else:
                self.join_halves(half, channel)

    @staticmethod
    def join_halves(one: Channel, two: Channel) -> None:
        one.other_half, two.other_half = two, one

    def enter(self, channel: Channel, bridge_id: str, *, swap: str | None, holding: bool) -> None:
        """`channel` joins a bridge; the channel it is swapped for leaves it, whether or not a BridgeLeave follows."""
        self.leave(channel)
        bridge = self._bridges.get(bridge_id)
        if bridge is None:
            bridge = self._bridges[bridge_id] = Bridge(bridge_id, holding=holding)
        swapped = self.channels.get(swap) if swap else None
        if swapped is not None and swapped.bridge is bridge:
            bridge.members.remove(swapped)
            swapped.bridge = None
        bridge.members.append(channel)
        channel.bridge = bridge
        channel.was_bridged = True

    def leave(self, channel: Channel, bridge_id: str | None = None) -> None:
        """`channel` leaves `bridge_id`, or whichever bridge it is in. Leaving a bridge it is not in changes
        nothing."""
        bridge = channel.bridge
        if bridge is None or bridge_id not in (None, bridge.uniqueid):
            return
        channel.bridge = None
        bridge.members.remove(channel)
        if not bridge.members:
            self._bridges.pop(bridge.uniqueid, None)

    def remove(self, channel: Channel) -> None:
        """The channel is gone. Halves stay joined: the end of one explains the ends behind the other."""
        self.leave(channel)
        self.channels.pop(channel.uniqueid, None)
        if channel.is_local:
            pair = local_pair_name(channel.name)
            if self._half_waiting.get(pair) is channel:
                del self._half_waiting[pair]


def heard_by(channel: Channel) -> list[Channel]:
    """The real channels that `channel` talks with, walking through Local pairs, nearest first; itself excluded.

    Counting the channels of one bridge is not enough: a Local half in it may lead to nobody.
    """
    start = [channel]
    if channel.is_local and channel.other_half is not None:
        start.append(channel.other_half)
    return _reached(start, set(start))


def behind(half: Channel) -> list[Channel]:
    """The real channels on the far side of a Local pair, nearest first; those that hear `half` itself are on this one."""
    far = half.other_half
    return [] if far is None else _reached([far], {half, far})


def outer_legs(leg: Channel) -> list[Channel]:
    """The Local legs in front of a leg, innermost first: what they came to explains what became of the leg."""
    found: list[Channel] = []
    dialler = leg.dialled_by
    while dialler is not None and dialler.is_local:
        outer = dialler.other_half
        if outer is None or outer in found:
            break
        found.append(outer)
        dialler = outer.dialled_by
    return found


def _reached(queue: list[Channel], seen: set[Channel]) -> list[Channel]:
    found: list[Channel] = []
    for current in queue:
        bridge = current.bridge
        if bridge is None or bridge.holding:
            continue
        for member in bridge.members:
            if member in seen:
                continue
            seen.add(member)
            if member.is_real:
                found.append(member)
            elif member.is_local and member.other_half is not None and member.other_half not in seen:
                seen.add(member.other_half)
                queue.append(member.other_half)
    return found
