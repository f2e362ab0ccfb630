"""How often a phone rang: the cadence of a line and the count that follows from it (R-RING-1).

Ring n starts at (n-1) x cycle after alerting began, cycle = the sum of the cadence. A phone makes its own cadence,
so this is a computed count and is called so wherever it is shown. When alerting begins and ends is decided in
`calls.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

DEFAULT_COUNTRY = "cn"
DEFAULT_TARGET_RINGS = 3

_PLAIN = (1000, 4000)
_DOUBLE = (400, 200, 400, 2000)

# Ringing cadences by the country codes of Asterisk's indications.conf; tests/lab compares them with the real file.
COUNTRY_CADENCES_MS: dict[str, tuple[int, ...]] = {
    **dict.fromkeys(
        ("bg br ch cn cz de dk ee fi gr id it lt nl no ph pl ru th tw ve").split(),
        _PLAIN,
    ),
    **dict.fromkeys("au in nz sg uk za".split(), _DOUBLE),
    **dict.fromkeys("mx my us us-old".split(), (2000, 4000)),
    **dict.fromkeys("at pt se".split(), (1000, 5000)),
    **dict.fromkeys("be cl il".split(), (1000, 3000)),
    "es": (1500, 3000),
    "fr": (1500, 3500),
    "hu": (1250, 3750),
    "jp": (1000, 2000),
}


@dataclass(frozen=True, slots=True)
class Cadence:
    """On and off times of a ringing tone in milliseconds; their sum, one cycle, is always positive.

    Raises ValueError for an empty cadence, a negative time or a cycle of zero.
    """

    pattern_ms: tuple[int, ...]

    def __post_init__(self) -> None:
        if not self.pattern_ms or min(self.pattern_ms) < 0 or sum(self.pattern_ms) <= 0:
            raise ValueError(
                f"a ring cadence needs on and off times in milliseconds, not {self.pattern_ms!r}"
            )

    @property
    def cycle(self) -> timedelta:
        return timedelta(milliseconds=sum(self.pattern_ms))


def cadence_of(spec: str | Sequence[int]) -> Cadence:
    """A country code of Asterisk's indications ("cn") or explicit on/off times in milliseconds.

    Raises ValueError for an unknown country or times that are no cadence.
    """
    if not isinstance(spec, str):
        return Cadence(tuple(spec))
    try:
        return Cadence(COUNTRY_CADENCES_MS[spec.lower()])
    except KeyError:
        known = ", ".join(sorted(COUNTRY_CADENCES_MS))
        raise ValueError(f"no ring cadence for country {spec!r}; known are {known}") from None


@dataclass(frozen=True, slots=True)
class RingRule:
    """The cadence of a line and the number of rings within which it is to be picked up (R-RING-1)."""

    cadence: Cadence = Cadence(_PLAIN)
    target_rings: int = DEFAULT_TARGET_RINGS

    @property
    def limit(self) -> timedelta:
        """The instant, counted from the start of alerting, at which the ring after the target begins."""
        return self.cadence.cycle * self.target_rings

    def rings(self, ring_time: timedelta) -> int:
        """floor(t / cycle) + 1: at exactly the end of the third cycle the fourth ring has begun.

        A negative time (a clock that was set back) counts as the first ring.
        """
        return max(ring_time // self.cadence.cycle, 0) + 1

    def is_within(self, ring_time: timedelta) -> bool:
        """Half-open: exactly on the limit is too late."""
        return ring_time < self.limit
