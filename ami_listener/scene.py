"""The scene on which messages are read: topology, the calls under way, and the signals that came of the last
message.

The handlers next door (`origins.py`, `dialling.py`, `talking.py`, `transfers.py`) are functions over a scene;
`translate.py` picks one per message. Pure: no I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from ami_listener.live_call import LiveCall
from ami_listener.topology import Channel, Topology, known_text
from hotline.records import AnomalyKind
from hotline.signals import (
    CallArrived,
    CallDissolved,
    CallEnded,
    CallerIdentified,
    CallPlacedByPbx,
    Oddity,
    Phone,
    Signal,
)
from pbx.channel_names import (
    is_outside_context,
    looks_like_phone_number,
    looks_like_trunk,
    number_in_dial_string,
)

Headers = Mapping[str, str]
MAX_GONE = 8192  # stragglers follow within a second; at 100 calls a second this is half a minute


class Scene:
    """State shared by the handlers. `is_trunk` answers from the configuration, or None where it says nothing."""

    def __init__(self, is_trunk: Callable[[str], bool | None] = lambda _endpoint: None) -> None:
        self.topology = Topology()
        self.calls: dict[str, LiveCall] = {}
        self.signals: list[Signal] = []
        self._is_trunk = is_trunk
        # Channels and calls that are over, so that a straggler (a repeated or late event) does not bring them back.
        self.gone: dict[str, None] = {}
        # What this stream has shown so far: an Asterisk that never sends an event must not be read as if it had.
        self.tells_hangup_requests = False
        self.tells_dial_states = False
        self.tells_ringing = False
        self.tells_bridges = False

    # -- channels -------------------------------------------------------------------------------------------------

    def channel(self, headers: Headers, at: datetime | None, prefix: str = "") -> Channel | None:
        """The channel a message speaks of (`prefix` as in DestUniqueid), adopted when nobody announced it."""
        uniqueid = headers.get(prefix + "Uniqueid")
        if not uniqueid:
            return None
        channel = self.topology.channels.get(uniqueid)
        if channel is None:
            channel = self._adopt(uniqueid, headers, at, prefix)
        return channel

    def known_channel(self, uniqueid: str | None) -> Channel | None:
        return self.topology.channels.get(uniqueid) if uniqueid else None

    def announce(self, headers: Headers, prefix: str = "") -> Channel:
        """Make a channel from a message's snapshot of it."""
        uniqueid = headers[prefix + "Uniqueid"]
        name = headers.get(prefix + "Channel", "")
        channel = Channel(uniqueid, name, headers.get(prefix + "Linkedid") or uniqueid)
        channel.number = known_text(headers.get(prefix + "CallerIDNum"))
        channel.person_name = known_text(headers.get(prefix + "CallerIDName"))
        channel.context = headers.get(prefix + "Context") or None
        channel.exten = headers.get(prefix + "Exten") or None
        self.topology.add(channel)
        return channel

    def _adopt(self, uniqueid: str, headers: Headers, at: datetime | None, prefix: str) -> Channel | None:
        """The stream began in mid-call, or lost a Newchannel: what is known of the channel has to do."""
        if uniqueid in self.gone:
            self.odd(at, AnomalyKind.LATE_EVENT, f"{headers.get('Event')} after the channel's hang-up")
            return None
        if not headers.get(prefix + "Channel"):
            return None
        channel = self.announce(headers, prefix)
        channel.up = headers.get(prefix + "ChannelState") == "6"
        call = self.calls.get(channel.linkedid) or self._call_of_linked(channel)
        if call is None and (channel.is_real or channel.is_local) and channel.linkedid not in self.gone:
            self.open_call(channel, at, seen_from_start=False)
        elif call is not None:
            self.join(channel, call)
            if uniqueid == call.call_id and call.caller is None and channel.is_real:
                call.origin = channel
                self.speak_for(call, channel)
                self.identified(call, channel, at)
        return channel

    def _call_of_linked(self, channel: Channel) -> LiveCall | None:
        linked = self.topology.channels.get(channel.linkedid)
        return None if linked is None else linked.call

    # -- calls ----------------------------------------------------------------------------------------------------

    def open_call(self, channel: Channel, at: datetime | None, *, seen_from_start: bool = True) -> LiveCall:
        """A call begins with this channel. A leg met in mid-call opens its call with nobody known as the caller."""
        call = LiveCall(channel.linkedid)
        self.calls[call.call_id] = call
        self.join(channel, call)
        starts_it = channel.uniqueid == channel.linkedid
        if starts_it:
            call.origin = channel
        if starts_it and channel.is_real:
            call.caller = channel
            call.set_anchor(channel)
        caller = call.caller
        self.signals.append(
            CallArrived(
                call_id=call.call_id,
                at=at,
                channel=caller.name if caller else None,
                number=caller.number if caller else None,
                name=caller.person_name if caller else None,
                dialled=channel.exten if starts_it and channel.exten != "s" else None,
                context=channel.context if starts_it else None,
                from_outside=caller is not None and self.comes_from_outside(caller),
                seen_from_start=seen_from_start,
            )
        )
        if starts_it and channel.is_local:
            self.placed_by_pbx(call, at)
        return call

    def join(self, channel: Channel, call: LiveCall) -> None:
        """`channel` belongs to `call` from now on."""
        if channel.call is call:
            return
        if channel.call is not None:
            channel.call.open_channels -= 1
        channel.call = call
        call.open_channels += 1
        call.only_locals = call.only_locals and not channel.is_real

    def placed_by_pbx(self, call: LiveCall, at: datetime | None) -> None:
        """It turns out that nobody called us: the PBX is calling somebody."""
        if not call.from_pbx:
            call.from_pbx = True
            self.signals.append(CallPlacedByPbx(call.call_id, at))

    def speak_for(self, call: LiveCall, channel: Channel) -> None:
        """`channel` turns out to be the caller."""
        call.caller = channel
        call.set_anchor(channel)

    def identified(self, call: LiveCall, caller: Channel, at: datetime | None) -> None:
        """Tell who the caller is, where that was not known when the call arrived."""
        outside = self.comes_from_outside(caller)
        self.signals.append(
            CallerIdentified(call.call_id, at, caller.name, caller.number, caller.person_name, outside)
        )

    def end_call(self, call: LiveCall, at: datetime | None, *, observed: bool = True) -> None:
        """The call is over; its channels may linger a little."""
        if call.ended:
            return
        call.ended = True
        call.set_anchor(None)
        self.calls.pop(call.call_id, None)
        self.forget(call.call_id)
        if call.only_locals:
            self.signals.append(CallDissolved(call.call_id))
            return
        gave_up = call.gave_up or call.last_stop_was_cancel
        gave_up = gave_up and not self.tells_hangup_requests
        # An Asterisk that tells DialState tells HangupRequest too, if there is one.
        told = self.tells_hangup_requests or self.tells_dial_states
        self.signals.append(CallEnded(call.call_id, at, gave_up, observed, told))

    def forget(self, identity: str) -> None:
        """Remember that this channel or call is over; the oldest of many such memories goes."""
        self.gone[identity] = None
        if len(self.gone) > MAX_GONE:
            del self.gone[next(iter(self.gone))]

    # -- who is who -----------------------------------------------------------------------------------------------

    def comes_from_outside(self, caller: Channel) -> bool:
        """Contract 1, rule 11: the caller's channel is a trunk, or its context is named like from-trunk."""
        configured = self._is_trunk(caller.endpoint)
        if configured is not None:
            return configured
        return looks_like_trunk(caller.endpoint) or (
            caller.context is not None and is_outside_context(caller.context)
        )

    def phone(self, channel: Channel) -> Phone:
        """The phone at the other end of a channel, with the number it was called by."""
        dialled = channel.dial_string
        if dialled is None:
            number = channel.number if channel.dialled_by is None else None
            return Phone(channel.name, channel.endpoint, number or channel.endpoint)
        number = number_in_dial_string(dialled, channel.tech, channel.endpoint)
        return Phone(channel.name, channel.endpoint, number, self._leads_outside(channel, number))

    def _leads_outside(self, channel: Channel, number: str) -> bool:
        configured = self._is_trunk(channel.endpoint)
        if configured is not None:
            return configured
        if looks_like_trunk(channel.endpoint):
            return True
        return number != channel.endpoint and looks_like_phone_number(number)

    def odd(self, at: datetime | None, kind: AnomalyKind, detail: str, call: LiveCall | None = None) -> None:
        """Count something that does not fit."""
        self.signals.append(Oddity(at, kind, detail, None if call is None else call.call_id))
