"""What reading gives back besides records: a page of calls, the place where the next begins, and how much there is."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from hotline.record_json import time_from, time_text
from hotline.records import CallRecord


@dataclass(frozen=True, slots=True)
class CallPage:
    """Calls in order. `next`: hand it back as `cursor` to get the following page; None when this is the last."""

    calls: tuple[CallRecord, ...]
    next: str | None


@dataclass(frozen=True, slots=True)
class Counts:
    """How many of each are kept. `calls_without_arrival`: those that no period contains."""

    calls: int
    calls_without_arrival: int
    attempts: int
    transfers: int
    blind_intervals: int
    anomalies: int


class Place(NamedTuple):
    """A call's place in the order of pages."""

    arrived_at: datetime
    call_id: str
    pbx: str


def cursor_at(place: Place) -> str:
    content = json.dumps([time_text(place.arrived_at), place.call_id, place.pbx])
    return base64.urlsafe_b64encode(content.encode("ascii")).decode("ascii")


def place_of(cursor: str) -> Place:
    """Raises ValueError for anything that did not come from `cursor_at`."""
    try:
        text, call_id, pbx = json.loads(base64.urlsafe_b64decode(cursor.encode("ascii")))
        arrived_at = time_from(text)
    except (ValueError, TypeError) as error:
        raise ValueError(f"not a cursor: {cursor!r}") from error
    if arrived_at is None or not isinstance(call_id, str) or not isinstance(pbx, str):
        raise ValueError(f"not a cursor: {cursor!r}")
    return Place(arrived_at, call_id, pbx)
