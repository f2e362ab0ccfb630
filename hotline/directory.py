"""Which line a call came in on, and whose phone was rung: what the configuration knows of numbers and endpoints.

Pure look-ups over frozen entries, filled by `app/settings.py` from config.yaml. Endpoint and context patterns are
shell patterns (`desk*`), compared case-sensitively; a DID is compared exactly. The first entry that fits wins, in
the order of the file.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import lru_cache

from hotline.rings import RingRule


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the hotline (R-LINE-1), known by the numbers dialled, by the context the call arrives in, or by
    both."""

    name: str
    dids: tuple[str, ...] = ()
    contexts: tuple[str, ...] = ()
    department: str | None = None
    rule: RingRule = field(default_factory=RingRule)


@dataclass(frozen=True, slots=True)
class PhoneEntry:
    """Who sits behind an endpoint or a number, and in which role (office, duty, backup, leader, ...)."""

    endpoint: str | None = None
    number: str | None = None
    role: str | None = None
    person: str | None = None


class Directory:
    """Look-ups by what the PBX tells. An unknown number is on no line, an unknown phone has no role."""

    def __init__(
        self,
        lines: tuple[Line, ...] = (),
        phones: tuple[PhoneEntry, ...] = (),
        trunks: tuple[str, ...] = (),
        default_rule: RingRule | None = None,
    ) -> None:
        self.lines = lines
        self.phones = phones
        self.default_rule = default_rule or RingRule()
        self._trunks = trunks
        self._is_trunk = lru_cache(maxsize=4096)(self._match_trunk)
        self._phone = lru_cache(maxsize=4096)(self._match_phone)

    def line(self, dialled: str | None, context: str | None) -> Line | None:
        """By number dialled and context; a line that names only contexts takes every number in them."""
        for line in self.lines:
            by_did = bool(line.dids) and dialled in line.dids
            by_context = context is not None and any(fnmatchcase(context, p) for p in line.contexts)
            if (by_did or not line.dids) and (by_context or not line.contexts) and (by_did or by_context):
                return line
        return None

    def phone(self, endpoint: str, number: str | None) -> PhoneEntry | None:
        """By number first: many mobiles are reached through one trunk endpoint."""
        return self._phone(endpoint, number)

    def is_trunk(self, endpoint: str) -> bool | None:
        """Whether an endpoint leads outside; None when no trunks are configured at all."""
        return self._is_trunk(endpoint) if self._trunks else None

    def _match_trunk(self, endpoint: str) -> bool:
        return any(fnmatchcase(endpoint, pattern) for pattern in self._trunks)

    def _match_phone(self, endpoint: str, number: str | None) -> PhoneEntry | None:
        by_number = (entry for entry in self.phones if entry.number is not None and entry.number == number)
        by_endpoint = (
            entry
            for entry in self.phones
            if entry.endpoint is not None and fnmatchcase(endpoint, entry.endpoint)
        )
        return next(by_number, None) or next(by_endpoint, None)
