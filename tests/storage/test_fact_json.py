"""Facts as lines of JSON: every one comes back, and nothing else is taken for one."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from hotline.records import Caller, Fact
from storage.fact_json import TakenFact, fact_from_line, fact_line
from tests.storage.facts import MORNING, anomaly, facts, missed_call


@given(facts)
def test_every_fact_comes_back_from_its_line(fact: Fact) -> None:
    line = fact_line(fact, MORNING)
    assert b"\n" not in line
    assert line.isascii()
    assert fact_from_line(line) == TakenFact(MORNING, fact)


def test_text_that_no_encoding_knows_survives() -> None:
    call = missed_call(caller=Caller(name="\ud800\0\u2028\n王"))
    assert fact_from_line(fact_line(call, MORNING)).fact == call


def test_a_call_has_the_form_of_the_public_contract() -> None:
    line = json.loads(fact_line(missed_call(), MORNING))
    assert line["kind"] == "call"
    assert line["taken"] == "2026-03-02T08:00:00.000000Z"
    assert line["fact"]["ring_seconds"] == 20.000001


GOOD = fact_line(anomaly(), MORNING)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        GOOD[:-2],
        GOOD.replace(b'"anomaly"', b'"ticket"'),
        GOOD.replace(b'"kind"', b'"sort"'),
        GOOD.replace(b"+00:00", b"").replace(b"Z", b""),
        b'{"taken":null,"kind":"anomaly","fact":{}}',
        b'{"taken":"2026-03-02T08:00:00.000000Z","kind":"call","fact":{"call_id":"1"}}',
        b'{"taken":"2026-03-02T08:00:00.000000Z","kind":"call","fact":null}',
    ],
)
def test_anything_else_is_no_fact(line: bytes) -> None:
    with pytest.raises(ValueError):
        fact_from_line(line)
