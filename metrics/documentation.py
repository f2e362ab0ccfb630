"""Writes the tables of docs/metrics.md from the catalogue: `python -m metrics.documentation`.

Comes in: the catalogue, the words of the labels, and the page's text with its two markers. Goes out: the
same text with fresh tables between them. The number of series is counted on real collectors, not computed.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from prometheus_client import CollectorRegistry

from metrics.catalogue import METRICS, Metric
from metrics.meters import Meters
from metrics.words import LABELS

PAGE = Path(__file__).parents[1] / "docs" / "metrics.md"
BEGIN = "<!-- written by python -m metrics.documentation: begin -->"
END = "<!-- end -->"


def tables() -> str:
    """All metrics, their series at the size of the documented example, and what the labels hold."""
    small, large = series_by_metric(lines=5), series_by_metric(lines=50)
    titles = ("metric", "type", "labels", "what it says", "rule", "series, 5 lines", "series, 50 lines")
    rows = [_row(metric, small[metric.name], large[metric.name]) for metric in METRICS]
    rows.append(["**all**", "", "", "", "", str(sum(small.values())), str(sum(large.values()))])
    words = [[f"`{label}`", meaning] for label, meaning in LABELS.items()]
    return f"{_table(titles, rows)}\n\n{_table(('label', 'its words'), words)}"


def series_by_metric(*, lines: int) -> dict[str, int]:
    """Series of each metric with so many lines, 1 PBX, 4 roles and 20 kinds of anomaly."""
    registry = CollectorRegistry()
    Meters(
        registry,
        pbxes=["pbx"],
        lines=[f"line-{number}" for number in range(lines)],
        roles=[f"role-{number}" for number in range(4)],
        anomaly_kinds=[f"kind-{number}" for number in range(20)],
        version="0",
        clock=lambda: datetime.now(UTC),
    )
    found = {family.name: len(family.samples) for family in registry.collect()}
    return {metric.name: found[metric.name.removesuffix("_total")] for metric in METRICS}


def rewritten(page: str) -> str:
    """Raises ValueError where the page has not exactly one pair of markers."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end or BEGIN in rest or END in after:
        raise ValueError(f"{PAGE.name}: needs the lines {BEGIN!r} and {END!r}, once each and in this order")
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _row(metric: Metric, small: int, large: int) -> list[str]:
    labels = ", ".join(f"`{label}`" for label in metric.labels)
    says = metric.help
    if metric.buckets:
        says += f" Buckets: {', '.join(f'{bound:g}' for bound in metric.buckets)}."
    return [f"`{metric.name}`", metric.kind, labels, says, metric.rule, str(small), str(large)]


def _table(titles: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    titles = tuple(titles)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    PAGE.write_text(rewritten(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
    sys.stdout.write(f"wrote {PAGE}\n")
