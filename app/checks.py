"""What `threerings doctor` finds: one line each. Who looks is in `pbx_checks.py` and `storage_checks.py`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    FINDING = "finding"
    UNKNOWN = "could not check"


@dataclass(frozen=True, slots=True)
class Check:
    """`text` says what is, and for a finding the line to add or the command to run."""

    verdict: Verdict
    subject: str
    text: str


def ok(subject: str, text: str) -> Check:
    return Check(Verdict.OK, subject, text)


def finding(subject: str, text: str) -> Check:
    return Check(Verdict.FINDING, subject, text)


def unknown(subject: str, text: str) -> Check:
    return Check(Verdict.UNKNOWN, subject, text)
