"""How values are stored so that SQLite and PostgreSQL keep, compare and sort them alike.

Times and durations are whole microseconds in a BIGINT: exact, comparable, indexed the same on both; SQLite has no time
type at all, and text or floats would lose digits or speed. Text sorts by code point everywhere, words of a closed set
are stored as they are spelled in `hotline/records.py`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import BigInteger, Dialect, Text
from sqlalchemy.types import TypeDecorator

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def storable(text: str) -> str:
    """PostgreSQL cannot keep U+0000, neither can keep half a surrogate pair: both give way to a sign in their place.

    A call is worth more than an impossible character in its caller's name.
    """
    return text.encode("utf-8", "replace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")


class Instant(TypeDecorator[datetime]):
    """Aware time <-> microseconds since 1970 in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else _EPOCH + value * _MICROSECOND


class Span(TypeDecorator[timedelta]):
    """Duration <-> microseconds."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: timedelta | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        return None if value is None else value // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> timedelta | None:  # noqa: ARG002
        return None if value is None else value * _MICROSECOND


class Count(TypeDecorator[int]):
    """Whole number of at most 64 bits. Checked here: Python 3.11's sqlite3 may blame another error for a larger one."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        if value is not None and not -(2**63) <= value < 2**63:
            raise ValueError(f"a number of more than 64 bits: {value:.3e}")
        return value


class Words(TypeDecorator[str]):
    """Text that both databases can keep."""

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)
