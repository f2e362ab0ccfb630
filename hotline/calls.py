"""CallTracker: signals in, facts out. One record per call, when it ends; one anomaly for everything that does not
fit.

Where a call is and what may happen next is the table below; what is remembered meanwhile is `open_call.py`; what it
amounted to is decided in `closing.py`. No clock: the shell asks for `next_deadline` and tells the time by `tick`.
Nothing raises on signals that are lost, repeated or out of order: the phase stays and the oddity is counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Set
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from hotline import signals as s
from hotline.closing import record_of
from hotline.directory import Directory
from hotline.open_call import OpenAttempt, OpenCall, OpenTransfer, Phase
from hotline.records import Anomaly, AnomalyKind, AttemptResult, Caller, Fact, Measurement, Person, Side

MAX_CALL_AGE = timedelta(hours=24)


class Happening(StrEnum):
    """What moves a call from phase to phase."""

    DIALLED = "phone dialled"
    RANG = "phone rang"
    TALK = "talk began"
    TRANSFER = "transferred"
    VOICEMAIL = "voicemail"
    CALLER_LEFT = "caller left"


_P, _H = Phase, Happening

# Every step a call can take; what is not in here is an anomaly and changes nothing.
TRANSITIONS: dict[tuple[Phase, Happening], Phase] = {
    (_P.WAITING, _H.DIALLED): _P.WAITING,
    (_P.WAITING, _H.RANG): _P.RINGING,
    (_P.WAITING, _H.TALK): _P.TALKING,
    (_P.WAITING, _H.VOICEMAIL): _P.MESSAGE,
    (_P.WAITING, _H.CALLER_LEFT): _P.GIVEN_UP,
    (_P.RINGING, _H.DIALLED): _P.RINGING,
    (_P.RINGING, _H.RANG): _P.RINGING,
    (_P.RINGING, _H.TALK): _P.TALKING,
    (_P.RINGING, _H.VOICEMAIL): _P.MESSAGE,
    (_P.RINGING, _H.CALLER_LEFT): _P.GIVEN_UP,
    # A message box may hand the caller on to a person, and hanging up after the tone is no giving up.
    (_P.MESSAGE, _H.DIALLED): _P.WAITING,
    (_P.MESSAGE, _H.RANG): _P.RINGING,
    (_P.MESSAGE, _H.TALK): _P.TALKING,
    (_P.MESSAGE, _H.CALLER_LEFT): _P.MESSAGE,
    (_P.TALKING, _H.DIALLED): _P.TALKING,
    (_P.TALKING, _H.RANG): _P.TALKING,
    (_P.TALKING, _H.TALK): _P.TALKING,
    (_P.TALKING, _H.TRANSFER): _P.TRANSFERRED,
    (_P.TALKING, _H.VOICEMAIL): _P.TALKING,
    (_P.TALKING, _H.CALLER_LEFT): _P.TALKING,
    (_P.TRANSFERRED, _H.DIALLED): _P.TRANSFERRED,
    (_P.TRANSFERRED, _H.RANG): _P.TRANSFERRED,
    (_P.TRANSFERRED, _H.TALK): _P.TALKING,
    (_P.TRANSFERRED, _H.TRANSFER): _P.TRANSFERRED,
    (_P.TRANSFERRED, _H.VOICEMAIL): _P.TRANSFERRED,
    (_P.TRANSFERRED, _H.CALLER_LEFT): _P.TRANSFERRED,
}


class CallTracker:
    """All calls of one PBX that are under way."""

    def __init__(self, pbx: str = "pbx", directory: Directory | None = None) -> None:
        self.pbx = pbx
        self.directory = directory or Directory()
        self.open_calls: dict[str, OpenCall] = {}
        self._facts: list[Fact] = []
        self._steps: dict[type[s.Signal], Callable[[Any], None]] = {
            s.CallArrived: self._arrived,
            s.CallPlacedByPbx: self._placed_by_pbx,
            s.CallerIdentified: self._identified,
            s.PhoneDialled: self._dialled,
            s.PhoneRang: self._rang,
            s.PhonePickedUp: self._picked_up,
            s.PhoneStopped: self._stopped,
            s.TalkBegan: self._talk_began,
            s.CallTransferred: self._transferred,
            s.PartyHungUp: self._hung_up,
            s.VoicemailBegan: self._voicemail,
            s.CallEnded: self._ended,
            s.CallDissolved: self._dissolved,
            s.Oddity: self._odd,
        }

    # -- what the shell calls -------------------------------------------------------------------------------------

    def feed(self, signal: s.Signal) -> list[Fact]:
        """The facts that come of one signal; mostly none."""
        self._steps[type(signal)](signal)
        if not self._facts:
            return []
        facts, self._facts = self._facts, []
        return facts

    def feed_all(self, signals: Iterable[s.Signal]) -> list[Fact]:
        """As `feed`, for many, in order."""
        for signal in signals:
            self._steps[type(signal)](signal)
        facts, self._facts = self._facts, []
        return facts

    def next_deadline(self) -> datetime | None:
        """When `tick` has something to do at the earliest, or None. Calls are kept in order of arrival."""
        for call in self.open_calls.values():
            if call.arrived_at is not None:
                return call.arrived_at + MAX_CALL_AGE
        return None

    def tick(self, now: datetime) -> list[Fact]:
        """Close calls whose end was evidently lost: older than a day. They are `partial`, and an anomaly each."""
        old = [
            c
            for c in self.open_calls.values()
            if c.arrived_at is not None and now - c.arrived_at >= MAX_CALL_AGE
        ]
        for call in old:
            self._anomaly(AnomalyKind.CALL_NEVER_ENDED, now, "no end was told for a day", call.call_id)
        return self._close_unobserved(old)

    def resync(self, alive: Set[str]) -> list[Fact]:
        """After a time of not observing: calls the PBX still has are `resumed`, the others ended unobserved."""
        for call_id in alive & self.open_calls.keys():
            call = self.open_calls[call_id]
            if call.measurement is Measurement.LIVE:
                call.measurement = Measurement.RESUMED
        return self._close_unobserved([c for i, c in self.open_calls.items() if i not in alive])

    def flush(self) -> list[Fact]:
        """The observation is over: every call still open is closed as `partial`."""
        return self._close_unobserved(list(self.open_calls.values()))

    def _close_unobserved(self, calls: list[OpenCall]) -> list[Fact]:
        for call in calls:
            self._ended(s.CallEnded(call.call_id, None, observed=False))
        facts, self._facts = self._facts, []
        return facts

    # -- arrival --------------------------------------------------------------------------------------------------

    def _arrived(self, signal: s.CallArrived) -> None:
        if signal.call_id in self.open_calls:
            self._anomaly(AnomalyKind.DUPLICATE_CALL, signal.at, "a call arrived twice", signal.call_id)
            return
        line = self.directory.line(signal.dialled, signal.context)
        call = OpenCall(signal.call_id, line.rule if line else self.directory.default_rule)
        call.line = line
        call.dialled = signal.dialled
        call.from_outside = signal.from_outside
        call.arrived_at = signal.at
        call.timed = signal.at is not None
        call.caller = Caller(signal.channel, signal.number, signal.name)
        if not signal.seen_from_start:
            call.measurement = Measurement.PARTIAL
        self.open_calls[signal.call_id] = call

    def _placed_by_pbx(self, signal: s.CallPlacedByPbx) -> None:
        call = self._call(signal)
        if call is not None:
            # Contract 1, rule 5: until it dials somebody else, the phone called is caller and only attempt.
            call.from_pbx = call.by_caller_only = True
            call.line, call.rule = None, self.directory.default_rule

    def _identified(self, signal: s.CallerIdentified) -> None:
        call = self._call(signal)
        if call is not None:
            call.caller = Caller(signal.channel, signal.number, signal.name)
            call.from_outside = call.from_outside or signal.from_outside

    # -- attempts -------------------------------------------------------------------------------------------------

    def _dialled(self, signal: s.PhoneDialled) -> None:
        call = self._call(signal)
        if call is None:
            return
        phone = signal.phone
        known = call.attempt(phone.channel)
        if known is not None:
            if known.goes_on():
                return
            self._anomaly(AnomalyKind.DUPLICATE_DIAL, signal.at, "a phone was dialled twice", call.call_id)
            return
        if call.by_caller_only and call.caller.channel not in (None, phone.channel):
            self._becomes_click_to_dial(call)
        self._step(call, Happening.DIALLED, signal.at)
        attempt = OpenAttempt(
            phone.channel, phone.endpoint, phone.number, outside=phone.outside, round_=signal.round
        )
        entry = self.directory.phone(phone.endpoint, phone.number)
        if entry is not None:
            attempt.role, attempt.person = entry.role, entry.person
        attempt.dialled_at = signal.at
        attempt.towards_answer = not call.is_answered
        call.attempts.append(attempt)

    @staticmethod
    def _becomes_click_to_dial(call: OpenCall) -> None:
        """The called phone turns out to be a caller: its own leg is no attempt, its picking up no answer (rule 6)."""
        call.by_caller_only = False
        call.attempts = [a for a in call.attempts if a.channel != call.caller.channel]
        call.transfers.clear()
        for attempt in call.attempts:
            attempt.for_caller = True
        call.answered_at = call.answered_by = call.ringing_at = call.hung_up_by = None
        call.picked_up, call.phase = False, Phase.WAITING

    def _rang(self, signal: s.PhoneRang) -> None:
        call, attempt = self._attempt(signal, signal.channel)
        if call is None or attempt is None or attempt.rang:
            return
        self._step(call, Happening.RANG, signal.at)
        attempt.rang, attempt.ringing_at = True, signal.at
        if call.ringing_at is None and call.phase is Phase.RINGING:
            call.ringing_at = signal.at

    def _picked_up(self, signal: s.PhonePickedUp) -> None:
        _, attempt = self._attempt(signal, signal.channel)
        if attempt is not None and not attempt.picked_up:
            attempt.picked_up = True
            attempt.stopped_at = signal.at

    def _stopped(self, signal: s.PhoneStopped) -> None:
        _, attempt = self._attempt(signal, signal.channel)
        if attempt is None:
            return
        if (attempt.result, signal.result) != (AttemptResult.ANSWERED_ELSEWHERE, AttemptResult.CANCELLED):
            attempt.result = signal.result  # who lost the race is told to stop afterwards
        if attempt.stopped_at is None:
            attempt.stopped_at = signal.at

    # -- talking --------------------------------------------------------------------------------------------------

    def _talk_began(self, signal: s.TalkBegan) -> None:
        call = self._call(signal)
        if call is None:
            return
        met_in_mid_call = signal.at is None and call.measurement is Measurement.PARTIAL
        if call.phase is Phase.GIVEN_UP and not met_in_mid_call:
            self._anomaly(
                AnomalyKind.TALK_AFTER_GIVING_UP,
                signal.at,
                "connected after the caller hung up",
                call.call_id,
            )
            return
        if call.phase is Phase.TRANSFERRED and call.transfers and call.transfers[-1].to_channel is None:
            call.transfers[-1].to_channel = signal.phone.channel
        self._step(call, Happening.TALK, signal.at)
        if not met_in_mid_call:
            call.hung_up_by = None
        _settle_attempts(call, signal)
        if not call.is_answered:
            call.answered_by = self._person(signal.phone)
            call.answered_at = signal.at
            call.picked_up = signal.picked_up

    def _person(self, phone: s.Phone) -> Person:
        entry = self.directory.phone(phone.endpoint, phone.number)
        role, person = (entry.role, entry.person) if entry else (None, None)
        return Person(phone.channel, phone.endpoint, phone.number, role, person)

    def _transferred(self, signal: s.CallTransferred) -> None:
        call = self._call(signal)
        if call is None:
            return
        if not self._step(call, Happening.TRANSFER, signal.at):
            return
        call.hung_up_by = None
        call.transfers.append(OpenTransfer(signal.kind, signal.by_channel, signal.to_channel, signal.at))
        if signal.to_channel is not None:
            call.phase = Phase.TALKING

    def _hung_up(self, signal: s.PartyHungUp) -> None:
        call = self._call(signal)
        if call is None:
            return
        if signal.talking or signal.side is Side.CALLER:
            call.hung_up_by = call.hung_up_by or signal.side
        if not signal.talking and signal.side is Side.CALLER and not call.by_caller_only:
            self._step(call, Happening.CALLER_LEFT, signal.at)
            if call.phase is Phase.GIVEN_UP and call.gave_up_at is None:
                call.gave_up_at = signal.at

    def _voicemail(self, signal: s.VoicemailBegan) -> None:
        call = self._call(signal)
        if call is not None:
            self._step(call, Happening.VOICEMAIL, signal.at)

    # -- the end --------------------------------------------------------------------------------------------------

    def _ended(self, signal: s.CallEnded) -> None:
        call = self.open_calls.pop(signal.call_id, None)
        if call is None:
            self._anomaly(
                AnomalyKind.UNKNOWN_CALL, signal.at, "the end of a call that is not open", signal.call_id
            )
            return
        if not signal.observed:
            call.measurement = Measurement.PARTIAL
        if (
            signal.gave_up
            and not call.is_answered
            and call.phase is not Phase.MESSAGE
            and not call.by_caller_only
        ):
            call.phase = Phase.GIVEN_UP
        self._facts.append(record_of(call, self.pbx, signal))

    def _dissolved(self, signal: s.CallDissolved) -> None:
        self.open_calls.pop(signal.call_id, None)

    # -- odds and ends --------------------------------------------------------------------------------------------

    def _odd(self, signal: s.Oddity) -> None:
        self._anomaly(signal.kind, signal.at, signal.detail, signal.call_id)

    def _call(self, signal: Any) -> OpenCall | None:
        call = self.open_calls.get(signal.call_id)
        if call is None:
            self._anomaly(
                AnomalyKind.UNKNOWN_CALL,
                signal.at,
                f"{type(signal).__name__} of no open call",
                signal.call_id,
            )
        elif signal.at is not None:
            call.last_at = signal.at
        return call

    def _attempt(self, signal: Any, channel: str) -> tuple[OpenCall | None, OpenAttempt | None]:
        call = self._call(signal)
        attempt = None if call is None else call.attempt(channel)
        if call is not None and attempt is None and channel != call.caller.channel:
            self._anomaly(
                AnomalyKind.UNKNOWN_PHONE,
                signal.at,
                f"{type(signal).__name__} of a phone not dialled",
                call.call_id,
            )
        return call, attempt

    def _step(self, call: OpenCall, happening: Happening, at: datetime | None) -> bool:
        """Whether the table knows this step; one that it does not know changes nothing."""
        phase = TRANSITIONS.get((call.phase, happening))
        if phase is not None:
            call.phase = phase
        elif call.phase is not Phase.GIVEN_UP:  # what was under way when the caller left still runs out
            self._anomaly(
                AnomalyKind.UNEXPECTED_STEP, at, f"{happening.value} while {call.phase.value}", call.call_id
            )
        return phase is not None

    def _anomaly(self, kind: AnomalyKind, at: datetime | None, detail: str, call_id: str | None) -> None:
        self._facts.append(Anomaly(kind, at, detail, call_id))


def _settle_attempts(call: OpenCall, signal: s.TalkBegan) -> None:
    """This phone talks; the others that were still being tried lost the race."""
    for attempt in call.attempts:
        if attempt.channel == signal.phone.channel:
            attempt.talked = attempt.picked_up = True
            attempt.stopped_at = attempt.stopped_at or signal.at
        elif not attempt.picked_up and attempt.result in (None, AttemptResult.CANCELLED):
            attempt.result = AttemptResult.ANSWERED_ELSEWHERE
