"""Failures that a person can mend, told apart from those nobody expected."""

from __future__ import annotations

from app.wiring import DataDirectoryError
from metrics.page import MetricsPageError
from storage.errors import StorageError

OF_THE_SERVICE = (StorageError, MetricsPageError, DataDirectoryError)


def reason_for_a_person(error: BaseException, kinds: tuple[type[Exception], ...]) -> str | None:
    """The line for a person, None for what is of other kinds. Of several failures the first counts."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return (str(error) or type(error).__name__) if isinstance(error, kinds) else None
