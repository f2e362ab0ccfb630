"""Records held against the phones' own logs: every disagreement as a sentence; none is what a test wants.

Comes in: records in the form of Contract 1 and a truth in the form of `lab.facts.Truth.as_dict()` or of the older
captures. Goes out: a list of sentences. Where the log leaves more than one result open, each of them is agreed to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]

RING_TOLERANCE_SECONDS = 0.05
CYCLE_SECONDS = 5.0  # the Chinese cadence
SAME_MOMENT_SECONDS = 0.4
NOT_ANSWERED = {"no_answer", "busy", "declined", "unreachable", "failed"}
REFUSALS = {"486": "busy", "603": "declined", "302": "forwarded", "404": "unreachable"}


@dataclass(frozen=True, slots=True)
class Stream:
    """What the stream cannot tell: a comparison leaves that out. `site`: suffix of the lab's set of phones."""

    tells_time: bool = True
    tells_hangups: bool = True
    site: str = ""


def disagreements(records: list[Json], truth: Json, stream: Stream | None = None) -> list[str]:
    """Sentences, empty where the records say what the phones saw."""
    stream = stream or Stream(site=truth.get("site", ""))
    main = main_record(records, truth)
    if main is None:
        return ["no record of the story's own call"]
    found = [*_of_call(main, truth, stream), *_of_phones(records, truth, stream)]
    return [f"{truth['flow']}: {sentence}" for sentence in found]


def main_record(records: list[Json], truth: Json) -> Json | None:
    """The story's own call: by its id, or by its caller's number, or the first that began."""
    by_id = [record for record in records if record["call_id"] in truth.get("call_ids", ())[:1]]
    number = truth["caller"].get("number")
    by_number = [r for r in records if number and (r["caller"]["number"] or "").endswith(number)]
    candidates = by_id or by_number or sorted(records, key=lambda r: r["arrived_at"] or "")
    return candidates[0] if candidates else None


def _of_call(record: Json, truth: Json, stream: Stream) -> Iterable[str]:
    outcome, meant = record["outcome"], truth["outcome"]
    if not (outcome in NOT_ANSWERED if meant == "not answered" else outcome == meant):
        yield f"outcome {outcome}, the phones saw {meant}"
    by = (record["answered_by"] or {}).get("endpoint", "").removesuffix(stream.site) or None
    if by != truth["answered_by"]:
        yield f"answered by {by}, the phones saw {truth['answered_by']}"
    told = truth["hung_up_by"] if stream.tells_hangups else None
    if record["hung_up_by"] != told:
        yield f"hung up by {record['hung_up_by']}, the phones saw {truth['hung_up_by']}"
    if record["picked_up"] != truth.get("picked_up", record["picked_up"]):
        yield f"picked_up is {record['picked_up']}"
    kinds = [transfer["kind"] for transfer in record["transfers"]]
    seen = [transfer["kind"] for transfer in truth.get("transfers", ())]
    # Of a transfer by keys the phone knows nothing; the older logs hold none at all.
    if kinds != seen and "transfers" in truth and not (truth["digits"] and not seen):
        yield f"transfers {kinds}, the phones saw {truth['transfers']}"


def _of_phones(records: list[Json], truth: Json, stream: Stream) -> Iterable[str]:
    """Every phone that was called is one attempt of some call, with its ring time, ring count and result."""
    attempts = [attempt for record in records for attempt in record["attempts"]]
    for phone in truth["phones"]:
        name = phone["phone"]
        same = [a for a in attempts if a["endpoint"].removesuffix(stream.site) == name]
        results = results_of(phone, truth)
        fitting = [a for a in same if a["result"] in results and _rang_alike(a, phone, stream)]
        if not fitting:
            saw = [(a["ring_seconds"], a["rings"], a["result"]) for a in same]
            yield f"{name} rang {_ring_seconds(phone)} s, {phone['end']} ({results}); attempts {saw}"
        else:
            attempts.remove(fitting[0])
    for attempt in attempts:
        yield f"an attempt at {attempt['endpoint']} that no phone saw"


def _ring_seconds(phone: Json) -> float | None:
    if phone["ringing_at"] is None:
        return None
    end: float = phone["picked_up_at"] or phone["ended_at"]
    return float(end - phone["ringing_at"])


def _rang_alike(attempt: Json, phone: Json, stream: Stream) -> bool:
    true = _ring_seconds(phone)
    if not stream.tells_time:
        return attempt["ring_seconds"] is None and attempt["rings"] is None
    if true is None or attempt["ring_seconds"] is None:
        return attempt["ring_seconds"] is None and true is None and attempt["rings"] == 0
    is_near = abs(attempt["ring_seconds"] - true) <= RING_TOLERANCE_SECONDS
    return bool(is_near and attempt["rings"] == true // CYCLE_SECONDS + 1)


def results_of(phone: Json, truth: Json) -> set[str]:
    """The results that fit what the phone logged."""
    end = phone["end"]
    if end == "picked_up":
        return _picked_up(phone, truth)
    if end.startswith("rejected"):
        rang = phone["ringing_at"] is not None
        return {REFUSALS.get(end.split()[1], "no_answer" if rang else "unreachable")}
    return _cancelled(phone, truth)


def _picked_up(phone: Json, truth: Json) -> set[str]:
    """`talked_to` are those the caller heard; in a consultation, or after the caller transferred, others talk too."""
    talked = [one["phone"] for one in truth.get("talked_to", ())]
    if phone["phone"] in talked:
        # A phone that was called twice may have been connected once only.
        times = sum(p["phone"] == phone["phone"] and p["end"] == "picked_up" for p in truth["phones"])
        return {"answered"} if times == talked.count(phone["phone"]) else {"answered", "not_accepted"}
    if truth.get("transfers") or "talked_to" not in truth or truth["digits"]:
        return {"answered", "not_accepted"}
    return {"not_accepted"}


def _cancelled(phone: Json, truth: Json) -> set[str]:
    """The phone rang and was told to stop: because the caller left, because another took the call, or it rang out."""
    ended = phone["ended_at"]

    def with_it(at: float | None) -> bool:
        return at is not None and abs(at - ended) < SAME_MOMENT_SECONDS

    callers = [truth["caller"], *truth.get("calls", ())]
    if any(one.get("gave_up_at") and with_it(one["gave_up_at"]) for one in callers):
        return {"cancelled"}
    taken = [p["picked_up_at"] for p in truth["phones"]] + [one["at"] for one in truth.get("talked_to", ())]
    taken += [call["connected_at"] for call in truth.get("calls", ()) if call["purpose"] == "pickup"]
    taken += [truth["caller"].get("connected_at")]
    if any(with_it(at) for at in taken):
        # Somebody else picked up; where nobody accepted in the end, it may as well be said to have rung out.
        return {"answered_elsewhere"} if truth["answered_by"] else {"answered_elsewhere", "no_answer"}
    if truth["caller"].get("hung_up_itself") and with_it(truth["caller"]["ended_at"]):
        return {"cancelled"}
    if "calls" not in truth and truth["answered_by"]:
        return {"answered_elsewhere", "no_answer"}
    return {"no_answer" if phone["ringing_at"] is not None else "unreachable"}
