"""Messages of the manager interface -> signals in business words. Pure: no socket, no clock, no logging.

One table says which events are read and by whom; everything else is dropped by `protocol.py` before it is parsed.
What a signal means for the call is decided next door in `hotline/calls.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from ami_listener import dialling, origins, talking, transfers
from ami_listener.message import Message, timestamp_of
from ami_listener.protocol import MALFORMED, OVERSIZED
from ami_listener.scene import Headers, Scene
from ami_listener.topology import Topology
from hotline.records import AnomalyKind
from hotline.signals import Signal

Handler = Callable[[Scene, Headers, datetime | None], None]

HANDLERS: dict[str, Handler] = {
    "Newchannel": origins.newchannel,
    "Newstate": origins.newstate,
    "NewCallerid": origins.newcallerid,
    "Newexten": origins.newexten,
    "HangupRequest": origins.hangup_request,
    "Hangup": origins.hangup,
    "QueueCallerAbandon": origins.queue_caller_abandon,
    "AgentRingNoAnswer": origins.agent_ring_no_answer,
    "DialBegin": dialling.dial_begin,
    "DialState": dialling.dial_state,
    "DialEnd": dialling.dial_end,
    "Pickup": dialling.pickup,
    "LocalBridge": talking.local_bridge,
    "BridgeEnter": talking.bridge_enter,
    "BridgeLeave": talking.bridge_leave,
    "BlindTransfer": transfers.blind_transfer,
    "AttendedTransfer": transfers.attended_transfer,
}

# Event -> bytes without which it is not worth reading: one VoiceMail among thousands of dialplan steps.
WANTED: dict[str, bytes] = {
    **dict.fromkeys(HANDLERS, b""),
    "Newexten": b"\r\nApplication: VoiceMail\r\n",
    "FullyBooted": b"",
}

_READER_ODDITIES = {
    OVERSIZED: (AnomalyKind.OVERSIZED_MESSAGE, "a message or a line too long to be one"),
    MALFORMED: (AnomalyKind.MALFORMED_MESSAGE, "bytes that are no manager message"),
}


class Translator:
    """Feed it messages in order; it returns what happened. Never raises on anything a PBX may say.

    `is_trunk` answers for an endpoint from the configuration, None where it says nothing.
    """

    def __init__(self, is_trunk: Callable[[str], bool | None] = lambda _endpoint: None) -> None:
        self.scene = Scene(is_trunk)
        self.last_at: datetime | None = None
        self.tells_time = False
        self.at: datetime | None = None  # the PBX's time of the last message
        self._stamp: str | None = None
        self._stamp_at: datetime | None = None
        self._boot: tuple[timedelta, datetime] | None = None
        self._uptime_before: timedelta | None = None

    def feed(self, message: Message, received_at: datetime | None = None) -> list[Signal]:
        """The signals that come of one message, in order.

        `received_at` is this machine's time; it counts only while the PBX has never told its own.
        """
        scene = self.scene
        headers = message.headers
        at = self.at = self._time(headers)
        if at is None and received_at is not None and not self.tells_time:
            at = received_at
        handler = HANDLERS.get(message.name)
        if handler is not None:
            if self._boot is not None:
                self._check_boot(at)
            handler(scene, headers, at)
        elif message.name in _READER_ODDITIES:
            scene.odd(received_at or self.last_at, *_READER_ODDITIES[message.name])
        elif message.name == "FullyBooted":
            self._booted(_uptime(headers))
        if not scene.signals:
            return []
        signals, scene.signals = scene.signals, []
        return signals

    def feed_all(self, messages: Iterable[Message]) -> list[Signal]:
        """As `feed`, for many."""
        signals: list[Signal] = []
        for message in messages:
            signals += self.feed(message)
        return signals

    def _time(self, headers: Headers) -> datetime | None:
        stamp = headers.get("Timestamp")
        if stamp is None:
            return None
        if stamp == self._stamp:
            return self._stamp_at
        self._stamp = stamp
        self._stamp_at = at = timestamp_of(stamp)
        if at is None:
            self.scene.odd(None, AnomalyKind.BAD_TIMESTAMP, "an event's Timestamp is no time")
        elif self.last_at is None or at > self.last_at:
            self.last_at = at
            self.tells_time = True
        return at

    def _booted(self, uptime: timedelta | None) -> None:
        """It comes with every log-in. A PBX that is up for less than it was before was started anew."""
        if uptime is None:
            return
        if self._uptime_before is not None and uptime < self._uptime_before:
            self.end_all(self.last_at)
        self._uptime_before = uptime
        if self.last_at is not None:
            self._boot = (uptime, self.last_at)

    def _check_boot(self, at: datetime | None) -> None:
        """FullyBooted has no time of its own: the next event's tells whether the PBX was restarted since the last."""
        boot, self._boot = self._boot, None
        if boot is None or at is None:
            return
        uptime, before = boot
        if at - uptime > before:
            self.end_all(before)

    def end_all(self, at: datetime | None) -> None:
        """The PBX was restarted: every call that was under way is dead, its end was not observed."""
        scene = self.scene
        for call in list(scene.calls.values()):
            scene.end_call(call, at, observed=False)
        scene.topology = Topology()


def _uptime(headers: Headers) -> timedelta | None:
    text = headers.get("Uptime", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 10 else None
