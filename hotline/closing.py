"""What a call amounted to: the record of a call that is over. Contract 1 and its rules, one function each. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from hotline.open_call import OpenAttempt, OpenCall, Phase
from hotline.records import (
    Attempt,
    AttemptResult,
    CallRecord,
    Direction,
    Failover,
    FailoverReason,
    Measurement,
    Outcome,
    Side,
    Transfer,
)
from hotline.rings import RingRule
from hotline.signals import CallEnded

# Rule 9: any of these among several different ends makes an unanswered call `no_answer`.
_TRIED_IN_VAIN = frozenset({AttemptResult.NO_ANSWER, AttemptResult.DECLINED, AttemptResult.NOT_ACCEPTED})

_OUTCOMES = {
    AttemptResult.NO_ANSWER: Outcome.NO_ANSWER,
    AttemptResult.NOT_ACCEPTED: Outcome.NO_ANSWER,
    AttemptResult.BUSY: Outcome.BUSY,
    AttemptResult.DECLINED: Outcome.DECLINED,
    AttemptResult.UNREACHABLE: Outcome.UNREACHABLE,
    AttemptResult.CANCELLED: Outcome.ABANDONED,
}


def record_of(call: OpenCall, pbx: str, end: CallEnded) -> CallRecord:
    """The record of a call that is over."""
    ended_at = end.at
    if call.gave_up_at is not None and not call.is_answered:
        # Rule 7: the call and every ring still running end when the caller gives up.
        ended_at = call.gave_up_at
    ended_at = _later(ended_at, call.answered_at)
    # What still rings when the caller leaves is cancelled, also while a transfer is under way.
    caller_left = call.phase is Phase.GIVEN_UP or call.hung_up_by is Side.CALLER or end.gave_up
    attempts = tuple(_attempt(call, attempt, ended_at, caller_left=caller_left) for attempt in call.attempts)
    ring_time = _ring_time(call, ended_at)
    return CallRecord(
        call_id=call.call_id,
        pbx=pbx,
        direction=_direction(call),
        line=_line(call),
        caller=call.caller,
        arrived_at=call.arrived_at,
        ringing_at=call.ringing_at,
        answered_at=call.answered_at,
        ended_at=ended_at,
        outcome=_outcome(call, attempts),
        ring_time=ring_time,
        rings=_rings(call, ring_time),
        target_rings=call.rule.target_rings,
        within_target=_within_target(call, ring_time),
        answered_by=call.answered_by,
        hung_up_by=_hung_up_by(call, end),
        talk_time=_between(call.answered_at, ended_at),
        attempts=attempts,
        transfers=tuple(Transfer(t.kind, t.by_channel, t.to_channel, t.at) for t in call.transfers),
        picked_up=call.picked_up,
        failover=_failover(call, attempts),
        measurement=call.measurement,
    )


def _between(start: datetime | None, end: datetime | None) -> timedelta | None:
    """Never negative: a clock that is set back in mid-call must not make a time of less than nothing."""
    if start is None or end is None:
        return None
    return max(end - start, timedelta())


def _ring_time(call: OpenCall, ended_at: datetime | None) -> timedelta | None:
    """What the caller heard, one continuous ring across all phones until a person talked or the call ended."""
    return _between(call.ringing_at, call.answered_at if call.is_answered else ended_at)


def _rings(call: OpenCall, ring_time: timedelta | None) -> int | None:
    """Rule 10: 0 where nothing rang, None where that is not known."""
    if ring_time is not None:
        return call.rule.rings(ring_time)
    silent = call.timed and call.ringing_at is None and call.measurement is not Measurement.PARTIAL
    return 0 if silent else None


def _within_target(call: OpenCall, ring_time: timedelta | None) -> bool | None:
    if not call.is_answered:
        return None if ring_time is None or call.rule.is_within(ring_time) else False
    if ring_time is not None:
        return call.rule.is_within(ring_time)
    # Answered though no phone said that it rang: inside the target if the whole wait was.
    dialled_at = next((a.dialled_at for a in call.attempts if a.dialled_at is not None), call.arrived_at)
    wait = _between(dialled_at, call.answered_at)
    return True if wait is not None and call.rule.is_within(wait) else None


def _outcome(call: OpenCall, attempts: tuple[Attempt, ...]) -> Outcome:
    if call.is_answered:
        return Outcome.ANSWERED
    if call.phase is Phase.MESSAGE:
        return Outcome.VOICEMAIL
    if call.phase is Phase.GIVEN_UP:
        return Outcome.ABANDONED
    sought = {attempt.channel for attempt in call.sought}
    results = [a.result for a in attempts if a.channel in sought and a.result is not AttemptResult.FORWARDED]
    if len(set(results)) > 1 and _TRIED_IN_VAIN & set(results):
        return Outcome.NO_ANSWER
    return _OUTCOMES.get(results[-1], Outcome.FAILED) if results else Outcome.FAILED


def _hung_up_by(call: OpenCall, end: CallEnded) -> Side | None:
    """Rule 8: the first person who hung up while talking; nobody did, then the PBX; rule 5 knows no sides."""
    if call.by_caller_only:
        return None
    if call.hung_up_by is None and call.is_answered and end.observed and end.hang_ups_are_told:
        return Side.PBX
    return call.hung_up_by


def _direction(call: OpenCall) -> Direction:
    if call.from_outside:
        return Direction.INBOUND
    if call.sought and call.sought[0].outside:
        return Direction.OUTBOUND
    return Direction.INTERNAL


def _line(call: OpenCall) -> str | None:
    if call.line is not None:
        return call.line.name
    if call.from_pbx and call.sought:
        return call.sought[0].number
    return call.dialled


def _attempt(
    call: OpenCall, attempt: OpenAttempt, call_ended_at: datetime | None, *, caller_left: bool
) -> Attempt:
    result = _result(call, attempt, caller_left=caller_left)
    answered_at = call.answered_at if call.is_answered and attempt.towards_answer else None
    ended_at = attempt.stopped_at or answered_at or call_ended_at
    if call.gave_up_at is not None and ended_at is not None and not attempt.picked_up:
        ended_at = min(ended_at, call.gave_up_at)
    ended_at = _later(ended_at, attempt.ringing_at)
    ring_time = _between(attempt.ringing_at, ended_at)
    return Attempt(
        channel=attempt.channel,
        endpoint=attempt.endpoint,
        number=attempt.number,
        role=attempt.role,
        person=attempt.person,
        dialled_at=_earlier(attempt.dialled_at, attempt.ringing_at),
        ringing_at=attempt.ringing_at,
        ended_at=ended_at,
        ring_time=ring_time,
        rings=_attempt_rings(call.rule, attempt, ring_time, timed=call.timed),
        result=result,
    )


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    """No end before its beginning, whatever order a PBX tells them in."""
    return max(one, other) if one is not None and other is not None else one


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Asterisk may tell a phone's ringing before its being dialled (after a blind transfer)."""
    return min(one, other) if one is not None and other is not None else one


def _attempt_rings(
    rule: RingRule, attempt: OpenAttempt, ring_time: timedelta | None, *, timed: bool
) -> int | None:
    if ring_time is not None:
        return rule.rings(ring_time)
    return 0 if timed and not attempt.rang else None


def _result(call: OpenCall, attempt: OpenAttempt, *, caller_left: bool) -> AttemptResult:
    if attempt.talked or attempt.result is AttemptResult.ANSWERED:
        return AttemptResult.ANSWERED
    if attempt.picked_up:
        return AttemptResult.NOT_ACCEPTED
    if attempt.result not in (None, AttemptResult.CANCELLED):
        return attempt.result or AttemptResult.FAILED
    if caller_left:
        return AttemptResult.CANCELLED
    if attempt.result is None:
        return AttemptResult.FAILED  # its end was not observed
    # Stopped by the PBX although nobody answered and the caller stayed: it rang out, or could not be reached.
    return AttemptResult.NO_ANSWER if attempt.rang or not call.timed else AttemptResult.UNREACHABLE


def _failover(call: OpenCall, attempts: tuple[Attempt, ...]) -> Failover:
    """The line moved on to somebody else: another phone was tried after all of the first round had stopped in vain."""
    tried = [
        (o, a) for o, a in zip(call.attempts, attempts, strict=True) if o.towards_answer and not o.for_caller
    ]
    if not tried:
        return Failover()
    first = [(o, a) for o, a in tried if o.round == tried[0][0].round]
    known = {(a.endpoint, a.number) for _, a in first}
    later = [(o, a) for o, a in tried if o.round != tried[0][0].round and (a.endpoint, a.number) not in known]
    if not later:
        return Failover()
    last = [o for o, _ in later if o.round == later[-1][0].round]
    target = next((o for o in last if o.talked), last[0])
    return Failover(happened=True, reason=_reason({a.result for _, a in first}), to_role=target.role)


def _reason(results: set[AttemptResult]) -> FailoverReason:
    if results == {AttemptResult.BUSY}:
        return FailoverReason.BUSY
    if results <= {AttemptResult.UNREACHABLE, AttemptResult.FAILED, AttemptResult.FORWARDED}:
        return FailoverReason.UNREACHABLE
    return FailoverReason.NO_ANSWER
