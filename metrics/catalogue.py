"""Every metric of the service as data: name, type, labels, help and the rule it serves.

`meters.py` makes the collectors from this table and `documentation.py` writes docs/metrics.md from it, so
that neither can tell another story. The words a label may hold are in `words.py`. Names follow Prometheus'
conventions.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Metric:
    """`rule` is a key of the requirements (R-RING-1 ...); `buckets` are upper bounds, +Inf is added."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str
    rule: str = ""
    buckets: tuple[float, ...] = ()


CALLS = Metric(
    "threerings_calls_total",
    Kind.COUNTER,
    ("line", "direction", "outcome"),
    "Calls that ended.",
    "R-LINE-3",
)
MEASUREMENTS = Metric(
    "threerings_call_measurements_total",
    Kind.COUNTER,
    ("measurement",),
    "Calls that ended, by how completely they were observed.",
    "R-REPORT-3",
)
RINGS = Metric(
    "threerings_answer_rings",
    Kind.HISTOGRAM,
    ("line",),
    "Rings that the callers of answered calls heard, computed from the line's cadence; 0 where nothing rang.",
    "R-RING-1",
    tuple(float(ring) for ring in range(1, 13)),
)
ANSWER_SECONDS = Metric(
    "threerings_answer_seconds",
    Kind.HISTOGRAM,
    ("line",),
    "Ringing before a person talked, of answered calls in which a phone rang.",
    "R-RING-1",
    (1, 2.5, 5, 10, 15, 20, 30, 45, 60, 90, 120),
)
WITHIN_TARGET = Metric(
    "threerings_calls_within_target_total",
    Kind.COUNTER,
    ("line",),
    "Answered calls that were picked up within the line's target of rings; exactly on the limit is too late.",
    "R-RING-1",
)
BEYOND_TARGET = Metric(
    "threerings_calls_beyond_target_total",
    Kind.COUNTER,
    ("line",),
    "Answered calls that were picked up after the line's target of rings.",
    "R-RING-1",
)
TALK_SECONDS = Metric(
    "threerings_talk_seconds",
    Kind.HISTOGRAM,
    ("line",),
    "Talk of answered calls, from the first answer to the end, transfers included.",
    "R-RING-3",
    (30, 60, 90, 120, 180, 240, 300, 600, 1800),
)
HUNG_UP = Metric(
    "threerings_calls_hung_up_total",
    Kind.COUNTER,
    ("line", "side"),
    "Answered calls by who ended them.",
    "R-RING-4",
)
ATTEMPTS = Metric(
    "threerings_attempts_total",
    Kind.COUNTER,
    ("line", "role", "result"),
    "Phones that were tried, by the role of the person behind them and by what became of it.",
    "R-LINE-4",
)
FAILOVERS = Metric(
    "threerings_failovers_total",
    Kind.COUNTER,
    ("line", "reason"),
    "Calls that went on to the next place of the chain.",
    "R-LINE-3",
)
OPEN_CALLS = Metric(
    "threerings_open_calls",
    Kind.GAUGE,
    ("pbx", "line"),
    "Calls that are going on now.",
)
ANOMALIES = Metric(
    "threerings_anomalies_total",
    Kind.COUNTER,
    ("kind",),
    "Things the PBX said that did not fit.",
    "R-REPORT-3",
)
BLIND_SECONDS = Metric(
    "threerings_blind_seconds_total",
    Kind.COUNTER,
    ("pbx",),
    "Time in which the PBX was not observed (not measured); grows while such a time lasts.",
    "R-REPORT-3",
)
AMI_CONNECTED = Metric(
    "threerings_ami_connected",
    Kind.GAUGE,
    ("pbx",),
    "1 while logged in at the PBX's manager interface, else 0.",
    "R-REPORT-3",
)
AMI_RECONNECTS = Metric(
    "threerings_ami_reconnects_total",
    Kind.COUNTER,
    ("pbx",),
    "Logins at the PBX after the first one.",
    "R-REPORT-3",
)
LAST_EVENT_AGE = Metric(
    "threerings_ami_last_event_age_seconds",
    Kind.GAUGE,
    ("pbx",),
    "Time since an event of the PBX was last handled, since the start of the service while there was none.",
    "R-REPORT-3",
)
EVENTS_HANDLED = Metric(
    "threerings_ami_events_handled_total",
    Kind.COUNTER,
    ("pbx",),
    "Events of the PBX that were handled.",
)
EVENTS_DROPPED = Metric(
    "threerings_ami_events_dropped_total",
    Kind.COUNTER,
    ("pbx",),
    "Events of the PBX that were lost on our side.",
    "R-REPORT-3",
)
EVENT_LAG = Metric(
    "threerings_event_lag_seconds",
    Kind.HISTOGRAM,
    ("pbx",),
    "From the PBX's timestamp of an event until it was handled here; events without one are left out.",
    "",
    (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60),
)
EVENTS_AHEAD = Metric(
    "threerings_events_ahead_total",
    Kind.COUNTER,
    ("pbx",),
    "Events stamped later than our own clock: the two clocks differ, their lag was taken as 0.",
)
FACTS = Metric(
    "threerings_facts_total",
    Kind.COUNTER,
    ("fate",),
    "Facts (calls, anomalies, blind times) by what became of them.",
    "R-REPORT-3",
)
SPOOL_FACTS = Metric(
    "threerings_spool_facts",
    Kind.GAUGE,
    (),
    "Facts that wait on disk for the database.",
)
SPOOL_AGE = Metric(
    "threerings_spool_oldest_age_seconds",
    Kind.GAUGE,
    (),
    "How long the oldest fact has been waiting on disk, 0 when none is.",
)
STORAGE_AVAILABLE = Metric(
    "threerings_storage_available",
    Kind.GAUGE,
    ("part",),
    "0 while this part of the store is out of order, else 1.",
    "R-REPORT-3",
)
BUILD_INFO = Metric(
    "threerings_build_info",
    Kind.GAUGE,
    ("version",),
    "Always 1; the label names the running version.",
)

METRICS = (
    CALLS,
    MEASUREMENTS,
    RINGS,
    ANSWER_SECONDS,
    WITHIN_TARGET,
    BEYOND_TARGET,
    TALK_SECONDS,
    HUNG_UP,
    ATTEMPTS,
    FAILOVERS,
    OPEN_CALLS,
    ANOMALIES,
    BLIND_SECONDS,
    AMI_CONNECTED,
    AMI_RECONNECTS,
    LAST_EVENT_AGE,
    EVENTS_HANDLED,
    EVENTS_DROPPED,
    EVENT_LAG,
    EVENTS_AHEAD,
    FACTS,
    SPOOL_FACTS,
    SPOOL_AGE,
    STORAGE_AVAILABLE,
    BUILD_INFO,
)
