"""The table of calls is readable on a screen of 80 characters and tells unknown from none."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO

import pytest
from rich.console import Console
from rich.text import Text

from app.call_table import call_row, call_table, print_calls
from hotline.records import Anomaly, Caller, Outcome, Person
from tests.app.made import NOW, record

LONG = Person("PJSIP/trunk-3", "trunk", "13800000000", "duty", "Ouyang Xiaoming of the night shift")


def shown(width: int, *records: object) -> list[str]:
    table = call_table(width)
    for each in records:
        table.add_row(*call_row(each))  # type: ignore[arg-type]
    out = StringIO()
    Console(file=out, width=width).print(table)
    return out.getvalue().splitlines()


def plain(*cells: str) -> list[str]:
    return [Text.from_markup(cell).plain for cell in cells]


def test_a_row_says_who_called_how_often_it_rang_and_who_answered() -> None:
    cells = plain(*call_row(record()))

    assert cells[0] == NOW.astimezone().strftime("%H:%M:%S")
    assert cells[1:] == ["Night duty", "13712345678", "2", "6.5 s", "in time", "Li Na", "13.5 s"]


def test_what_is_not_known_is_a_dash() -> None:
    nothing = record(
        Outcome.FAILED,
        line=None,
        caller=Caller(),
        arrived_at=None,
        ring_time=None,
        rings=None,
        answered_by=None,
    )

    assert plain(*call_row(nothing)) == ["-", "-", "-", "-", "-", "failed", "-", "-"]


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (record(), "in time"),
        (record(within_target=False), "late"),
        (record(within_target=None), "answered"),
        (record(Outcome.NO_ANSWER), "no answer"),
        (record(Outcome.ABANDONED), "abandoned"),
        (record(Outcome.VOICEMAIL), "voicemail"),
    ],
)
def test_the_verdict_is_one_word(call: object, verdict: str) -> None:
    assert plain(call_row(call)[5]) == [verdict]  # type: ignore[arg-type]


def test_the_widest_usual_call_fits_into_80_characters() -> None:
    widest = record(
        Outcome.UNREACHABLE, ring_time=timedelta(seconds=122.8), rings=25, talk_time=timedelta(seconds=100)
    )

    lines = shown(80, widest, record(answered_by=LONG))

    assert all(len(line) <= 80 for line in lines)
    text = "\n".join(lines)
    for word in ("unreachable", "122.8 s", "13712345678", "Night duty", "Ouyang Xiaom"):
        assert word in text
    assert text.count("…") == 1


def test_a_wide_screen_shows_names_in_full() -> None:
    assert "Ouyang Xiaoming of th" in "\n".join(shown(120, record(answered_by=LONG)))


def test_a_callers_text_is_no_markup() -> None:
    hostile = record(line="[red]x", caller=Caller("c", "[/]", None), answered_by=Person("c", "e", "[bold]7"))

    assert plain(*call_row(hostile))[1:3] == ["[red]x", "[/]"]
    assert "[bold]7" in "\n".join(shown(100, hostile))


def test_calls_are_printed_as_one_table_and_anomalies_counted(capsys: pytest.CaptureFixture[str]) -> None:
    odd = Anomaly("late_event", None, "late")

    anomalies = print_calls(iter([record(), odd, record(Outcome.BUSY), odd]))

    out = capsys.readouterr().out
    assert anomalies == {"late_event": 2}
    assert out.count("13712345678") == 2
    assert out.count("Arrived") == 1
    assert "Rings are computed" in out
