"""Hypothesis strategies: any record and any signal that the types allow."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from hotline import records as r
from hotline import signals as s

_FIRST = datetime(2000, 1, 1, tzinfo=UTC)

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
maybe_text = st.none() | texts
times = st.timedeltas(timedelta(0), timedelta(days=36_000)).map(lambda later: _FIRST + later)
maybe_time = st.none() | times
# A double keeps whole microseconds up to some 285 years.
maybe_span = st.none() | st.timedeltas(timedelta(0), timedelta(days=400))
maybe_count = st.none() | st.integers(0, 100_000)

people = st.builds(r.Person, texts, texts, maybe_text, maybe_text, maybe_text)
attempts = st.builds(
    r.Attempt,
    channel=texts,
    endpoint=texts,
    number=maybe_text,
    role=maybe_text,
    person=maybe_text,
    dialled_at=maybe_time,
    ringing_at=maybe_time,
    ended_at=maybe_time,
    ring_time=maybe_span,
    rings=maybe_count,
    result=st.sampled_from(r.AttemptResult),
)
transfers = st.builds(r.Transfer, st.sampled_from(r.TransferKind), texts, maybe_text, maybe_time)
failovers = st.builds(r.Failover, st.booleans(), st.none() | st.sampled_from(r.FailoverReason), maybe_text)
call_records = st.builds(
    r.CallRecord,
    call_id=texts,
    pbx=texts,
    direction=st.sampled_from(r.Direction),
    line=maybe_text,
    caller=st.builds(r.Caller, maybe_text, maybe_text, maybe_text),
    arrived_at=maybe_time,
    ringing_at=maybe_time,
    answered_at=maybe_time,
    ended_at=maybe_time,
    outcome=st.sampled_from(r.Outcome),
    ring_time=maybe_span,
    rings=maybe_count,
    target_rings=st.integers(1, 20),
    within_target=st.none() | st.booleans(),
    answered_by=st.none() | people,
    hung_up_by=st.none() | st.sampled_from(r.Side),
    talk_time=maybe_span,
    attempts=st.lists(attempts, max_size=3).map(tuple),
    transfers=st.lists(transfers, max_size=3).map(tuple),
    picked_up=st.booleans(),
    failover=failovers,
    tickets=st.lists(texts, max_size=3).map(tuple),
    measurement=st.sampled_from(r.Measurement),
)

phones = st.builds(s.Phone, texts, texts, maybe_text, st.booleans())


def signals_of(
    call_ids: st.SearchStrategy[str], channels: st.SearchStrategy[str]
) -> st.SearchStrategy[s.Signal]:
    """Any signal about these calls and channels."""
    a_phone = st.builds(s.Phone, channels, channels, maybe_text, st.booleans())
    a_call = {"call_id": call_ids, "at": maybe_time}
    return st.one_of(
        st.builds(s.CallArrived, **a_call, channel=st.none() | channels, number=maybe_text, name=maybe_text,
                  dialled=maybe_text, context=maybe_text, from_outside=st.booleans(), seen_from_start=st.booleans()),
        st.builds(s.CallPlacedByPbx, **a_call),
        st.builds(s.CallerIdentified, **a_call, channel=st.none() | channels, number=maybe_text, name=maybe_text,
                  from_outside=st.booleans()),
        st.builds(s.PhoneDialled, **a_call, phone=a_phone, round=st.integers(0, 3)),
        st.builds(s.PhoneRang, **a_call, channel=channels),
        st.builds(s.PhonePickedUp, **a_call, channel=channels),
        st.builds(s.PhoneStopped, **a_call, channel=channels, result=st.sampled_from(r.AttemptResult)),
        st.builds(s.TalkBegan, **a_call, phone=a_phone, picked_up=st.booleans()),
        st.builds(s.CallTransferred, **a_call, kind=st.sampled_from(r.TransferKind), by_channel=channels,
                  to_channel=st.none() | channels),
        st.builds(s.PartyHungUp, **a_call, side=st.sampled_from(r.Side), talking=st.booleans()),
        st.builds(s.VoicemailBegan, **a_call),
        st.builds(s.CallEnded, **a_call, gave_up=st.booleans(), observed=st.booleans(), hang_ups_are_told=st.booleans()),
        st.builds(s.CallDissolved, call_id=call_ids),
        st.builds(s.Oddity, at=maybe_time, kind=st.sampled_from(r.AnomalyKind), detail=texts,
                  call_id=st.none() | call_ids),
    )  # fmt: skip
