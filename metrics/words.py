"""The words that labels may hold: closed sets, fixed when the service starts.

Comes in: names from the configuration. Goes out: one tuple of words per label, so that every series exists
from the first scrape and no caller number or call id can become a label (R-RING-7). What is not listed
counts as "other".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from hotline.records import AttemptResult, Direction, FailoverReason, Measurement, Outcome, Side

OTHER = "other"
UNKNOWN = "unknown"

# For the table of labels in docs/metrics.md.
LABELS = {
    "line": "the configured lines; `other`: outbound calls and numbers that are no configured line",
    "direction": "which way the call went",
    "outcome": "what became of the call",
    "measurement": "`live`, `resumed` (reconnected in mid-call), `backfilled` (from the ledger), `partial`",
    "side": "who ended the call; `unknown` where the PBX does not tell",
    "role": "the roles of the configuration; `other`: a phone without one",
    "result": "what became of one phone that was tried",
    "reason": "why the call went on; `other`: not told",
    "pbx": "the configured PBXs",
    "kind": "the known kinds of anomaly; `other`: any other",
    "fate": "`stored` in the database, `rejected` by it and set aside, `refused` (everything full) and lost",
    "part": "`database`, `spool` (facts that wait for it), `open_calls` (calls under way), `journal` (raw bytes)",
    "version": "the running version",
}


class Fate(StrEnum):
    """What became of a fact on its way to the database."""

    STORED = "stored"
    REJECTED = "rejected"
    REFUSED = "refused"


class StorePart(StrEnum):
    """What can be out of order by itself: each is told lost and back once per outage."""

    DATABASE = "database"
    SPOOL = "spool"
    OPEN_CALLS = "open_calls"
    JOURNAL = "journal"


def closed_words(
    *,
    pbxes: Iterable[str],
    lines: Iterable[str],
    roles: Iterable[str],
    anomaly_kinds: Iterable[str],
    version: str,
) -> Mapping[str, tuple[str, ...]]:
    """Label -> every word it may hold, for each label of `LABELS`; repeated names count once."""
    return {
        "line": _with(OTHER, lines),
        "direction": tuple(Direction),
        "outcome": tuple(Outcome),
        "measurement": tuple(Measurement),
        "side": _with(UNKNOWN, Side),
        "role": _with(OTHER, roles),
        "result": tuple(AttemptResult),
        "reason": _with(OTHER, FailoverReason),
        "pbx": tuple(dict.fromkeys(pbxes)),
        "kind": _with(OTHER, anomaly_kinds),
        "fate": tuple(Fate),
        "part": tuple(StorePart),
        "version": (version,),
    }


def _with(rest: str, words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*words, rest)))
