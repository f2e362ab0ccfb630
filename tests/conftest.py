"""Rules for every test: one that is skipped, or expected to fail, has failed. Fixtures are in the folders that use them."""

from __future__ import annotations

from collections.abc import Generator

import pytest

WHY = "not executed ({reason}): a test runs or does not exist; let it start what it needs"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A skip or an expected failure of one test."""
    report = yield
    if report.skipped or hasattr(report, "wasxfail"):
        reason = getattr(report, "wasxfail", None) or _last_words(report.longrepr)
        report.outcome = "failed"
        report.longrepr = WHY.format(reason=reason)
        vars(report).pop("wasxfail", None)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A skip of a whole module, by `importorskip` for instance."""
    report = yield
    if report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = WHY.format(reason=_last_words(report.longrepr))
    return report


def _last_words(longrepr: object) -> str:
    return str(longrepr[-1] if isinstance(longrepr, tuple) else longrepr)
