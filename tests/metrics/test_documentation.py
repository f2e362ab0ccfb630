"""docs/metrics.md says what the service shows, no more and no less."""

from __future__ import annotations

import re

import pytest

from metrics.catalogue import METRICS, Kind
from metrics.documentation import BEGIN, END, PAGE, rewritten


def test_the_tables_are_up_to_date() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert rewritten(page) == page, "run `python -m metrics.documentation`"


def test_the_page_speaks_of_no_metric_that_is_not_there() -> None:
    suffixes = {Kind.HISTOGRAM: ("", "_bucket", "_sum", "_count")}
    known = {metric.name + suffix for metric in METRICS for suffix in suffixes.get(metric.kind, ("",))}
    spoken_of = set(re.findall(r"\bthreerings_\w+", PAGE.read_text(encoding="utf-8")))
    assert spoken_of <= known


@pytest.mark.parametrize("page", ["", BEGIN, END, f"{END}{BEGIN}", f"{BEGIN}{END}{BEGIN}{END}"])
def test_a_page_without_its_markers_is_left_alone(page: str) -> None:
    with pytest.raises(ValueError, match=r"metrics\.md: needs the lines"):
        rewritten(page)


def test_names_follow_the_conventions() -> None:
    for metric in METRICS:
        assert re.fullmatch(r"threerings(_[a-z]+)+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert metric.help.endswith(".")
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)
        assert list(metric.buckets) == sorted(metric.buckets)
