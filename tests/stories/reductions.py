"""Streams as poorer PBXs send them: whole kinds of events, or all times, taken out of a recording.

Comes in: the bytes of a story. Goes out: the bytes another PBX would have sent of the same calls. Every message is kept
as it is or left out; only `without_times` removes a line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial

END = b"\r\n\r\n"
_NAME = re.compile(rb"(?:^|\n)Event: (\w+)")

# A hosted PBX on Asterisk 13 to 16 with chan_sip.
HOSTED = ("HangupRequest", "SoftHangupRequest", "DialState", "Pickup")

CLASSES: dict[str, tuple[str, ...]] = {
    "without HangupRequest": ("HangupRequest",),
    "without Pickup": ("Pickup",),
    "without DialState": ("DialState",),
    "without LocalBridge": ("LocalBridge",),
    "without queue events": (
        "QueueCallerJoin", "QueueCallerLeave", "QueueCallerAbandon", "AgentCalled", "AgentConnect", "AgentComplete",
        "AgentRingNoAnswer", "UserEvent",
    ),
}  # fmt: skip


def name_of(message: bytes) -> str:
    """The event's name, empty for what is none."""
    found = _NAME.search(message)
    return found.group(1).decode() if found else ""


def split(raw: bytes) -> list[bytes]:
    """The messages of a stream, each with its end; a truncated last one too."""
    return [message + END for message in raw.split(END) if message]


def without(raw: bytes, names: Iterable[str]) -> bytes:
    left_out = set(names)
    return b"".join(message for message in split(raw) if name_of(message) not in left_out)


def without_times(raw: bytes) -> bytes:
    return re.sub(rb"\r\nTimestamp: [\d.]+(?=\r\n)", b"", raw)


def hosted(raw: bytes) -> bytes:
    """As a hosted PBX sends it: no times, and nobody says who hung up, who rings, or who picked up whose call."""
    return without_times(without(raw, HOSTED))


REDUCTIONS: dict[str, Callable[[bytes], bytes]] = {
    "hosted": hosted,
    "without times": without_times,
    **{name: partial(without, names=names) for name, names in CLASSES.items()},
}
