"""Which line, whose phone, which trunk: the first entry of the file that fits."""

from __future__ import annotations

import pytest

from hotline.directory import Directory, Line, PhoneEntry
from hotline.rings import RingRule

MAIN = Line("main", dids=("101", "4001"), department="office")
NIGHT = Line("night", dids=("101",), contexts=("night-*",))
AUX = Line("aux", contexts=("from-aux*", "aux"), rule=RingRule(target_rings=2))
LINES = Directory(lines=(NIGHT, MAIN, AUX))


@pytest.mark.parametrize(
    ("dialled", "context", "line"),
    [
        ("101", "from-trunk", MAIN),
        ("101", None, MAIN),
        ("101", "night-trunk", NIGHT),  # a line that names both needs both
        ("4001", "night-trunk", MAIN),
        ("999", "from-aux-2", AUX),
        (None, "aux", AUX),
        ("1010", "from-trunk", None),  # compared exactly
        ("999", "From-Aux", None),  # case counts
        (None, None, None),
    ],
)
def test_lines(dialled: str | None, context: str | None, line: Line | None) -> None:
    assert LINES.line(dialled, context) is line


def test_a_line_that_names_nothing_takes_nothing() -> None:
    assert Directory(lines=(Line("empty"),)).line("101", "from-trunk") is None


PHONES = Directory(
    phones=(
        PhoneEntry(endpoint="desk?", role="office"),
        PhoneEntry(endpoint="trunk*", role="outside"),
        PhoneEntry(number="13800000000", role="duty", person="Zhang"),
        PhoneEntry(number="13800000000", role="never", person="Li"),
        PhoneEntry(role="nobody"),
    )
)


@pytest.mark.parametrize(
    ("endpoint", "number", "role"),
    [
        ("deska", "deska", "office"),
        ("desk12", None, None),
        ("trunk1", "13800000000", "duty"),  # by number first: many mobiles are behind one trunk
        ("trunk1", "13900000000", "outside"),
        ("trunk1", None, "outside"),
        ("other", "other", None),
    ],
)
def test_phones(endpoint: str, number: str | None, role: str | None) -> None:
    entry = PHONES.phone(endpoint, number)
    assert (entry.role if entry else None) == role


def test_trunks_are_known_where_any_are_configured() -> None:
    directory = Directory(trunks=("trunk*", "carrier"))
    assert directory.is_trunk("trunkinfo") is True
    assert directory.is_trunk("deska") is False
    assert Directory().is_trunk("trunkinfo") is None


def test_the_rule_of_calls_on_no_line() -> None:
    assert Directory().default_rule == RingRule()
    assert Directory(default_rule=RingRule(target_rings=5)).default_rule.target_rings == 5
