"""What to say to the PBX and how to understand its answers. Sans-IO: no socket, no clock; `listener.py` does the talking.

Filters, the heartbeat's and the reconnect's arithmetic, and the sentences for people when something is missing.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ami_listener.settings import AmiSettings
from ami_listener.translate import WANTED

EVENT_MASK = "call,user,agent,system,dialplan"

# Newexten comes with every step of the dialplan; this is the one step we read.
_FILTERED_BY_HEADER = {"Newexten": ("Application", "VoiceMail")}

NEEDED_READ = ("call", "agent", "user", "system", "dialplan")
NEEDED_WRITE = ("call", "system")


def filters() -> list[dict[str, str]]:
    """Filters of Asterisk 20 and later: one `Filter` action per event that is read, so that no other is ever sent."""
    actions = []
    for name in WANTED:
        action = {"Operation": "Add", "MatchCriteria": f"action(include),name({name})"}
        if name in _FILTERED_BY_HEADER:
            header, value = _FILTERED_BY_HEADER[name]
            action["MatchCriteria"] += f",header({header}),method(exact)"
            action["Filter"] = value
        actions.append(action)
    return actions


def legacy_filters() -> list[dict[str, str]]:
    """The one regular expression that older Asterisks understand; they match it against the whole event."""
    names = "|".join(name for name in WANTED if name not in _FILTERED_BY_HEADER)
    headers = "|".join(f"{header}: {value}" for header, value in _FILTERED_BY_HEADER.values())
    return [{"Operation": "Add", "Filter": f"Event: ({names})|{headers}"}]


def understands_new_filters(answer: Mapping[str, Any]) -> bool:
    """From the answer to CoreSettings: advanced event filters came with AMI 11 (Asterisk 22, 21.6, 20.11 say so)."""
    version = str(answer.get("amiversion", "")).partition(".")[0]
    return version.isdecimal() and int(version) >= 11


def missing_write(settings: AmiSettings, what_for: str) -> str:
    return (
        f"manager interface {settings.host}:{settings.port}: user {settings.username!r} may not {what_for}; add "
        f"`write = {','.join(NEEDED_WRITE)}` to [{settings.username}] in manager.conf and `manager reload`"
    )


def missing_read(settings: AmiSettings, what: str = "calls are under way but no events of them come") -> str:
    return (
        f"manager interface {settings.host}:{settings.port}: {what}; add "
        f"`read = {','.join(NEEDED_READ)}` to [{settings.username}] in manager.conf and `manager reload`"
    )


def missing_timestamps(settings: AmiSettings) -> str:
    return (
        f"manager interface {settings.host}:{settings.port}: events have no time, so rings are counted by this "
        "machine's clock; add `timestampevents = yes` to [general] in manager.conf and `manager reload`"
    )


@dataclass(slots=True)
class Backoff:
    """Pauses before trying again: doubled up to a limit, spread by jitter so that many services do not march in step."""

    shortest: float
    longest: float
    spread: Callable[[], float] = random.random
    _next: float = 0.0

    def pause(self) -> float:
        """Seconds to wait now; between a half and the whole of the step."""
        step = self._next or self.shortest
        self._next = min(step * 2, self.longest)
        return step * (0.5 + self.spread() / 2)

    def reset(self) -> None:
        """It worked."""
        self._next = 0.0
