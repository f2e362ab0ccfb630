"""A fact as one line of JSON and back: what the spool holds.

`{"taken": time, "kind": "call" | "anomaly" | "blind_interval", "fact": {...}}`; calls have the form of the public
contract (`hotline/record_json.py`). ASCII only, so that odd text cannot make a line unreadable.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from hotline.record_json import Json, call_from_json, call_to_json, time_from, time_text
from hotline.records import Anomaly, BlindInterval, CallRecord, Fact


class TakenFact(NamedTuple):
    taken: datetime
    fact: Fact


def fact_line(fact: Fact, taken: datetime) -> bytes:
    """One line without its newline. `taken`: when the fact was handed over, aware UTC."""
    kind, body = _parts(fact)
    envelope = {"taken": time_text(taken), "kind": kind, "fact": body}
    return json.dumps(envelope, separators=(",", ":")).encode("ascii")


def _parts(fact: Fact) -> tuple[str, Json]:
    match fact:
        case CallRecord():
            return "call", call_to_json(fact)
        case Anomaly(kind, at, detail, call_id):
            return "anomaly", {"kind": kind, "at": time_text(at), "detail": detail, "call_id": call_id}
        case BlindInterval(pbx, since, until, reason):
            return "blind_interval", {
                "pbx": pbx,
                "since": time_text(since),
                "until": time_text(until),
                "reason": reason,
            }


def fact_from_line(line: bytes) -> TakenFact:
    """The inverse of `fact_line`. Raises ValueError for anything else."""
    try:
        envelope = json.loads(line)
        taken = _time(envelope["taken"])
        return TakenFact(taken, _fact(envelope["kind"], envelope["fact"]))
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"no fact: {error!r}") from error


def _fact(kind: str, body: Json) -> Fact:
    match kind:
        case "call":
            return call_from_json(body)
        case "anomaly":
            return Anomaly(body["kind"], time_from(body["at"]), body["detail"], body["call_id"])
        case "blind_interval":
            return BlindInterval(body["pbx"], _time(body["since"]), time_from(body["until"]), body["reason"])
        case _:
            raise ValueError(f"unknown kind of fact: {kind!r}")


def _time(text: str) -> datetime:
    at = time_from(text)
    if at is None:
        raise ValueError("a time is missing")
    return at
