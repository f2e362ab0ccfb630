"""One AMI message as the rest of the room sees it: a name and its headers, text already decoded.

`protocol.py` makes these from bytes; `translate.py` reads them. Replies to actions do not pass here, panoramisk
matches them with what was asked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar, overload

_Default = TypeVar("_Default")


class HeaderText(Mapping[str, str]):
    """The headers of one message, found in its text when they are asked for: of some twenty, four or five are.

    Where a header comes twice, the first counts: text of a caller further down cannot replace it. A line without a
    colon is passed over.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = f"\r\n{text}\r\n"

    @overload
    def get(self, key: str) -> str | None: ...
    @overload
    def get(self, key: str, default: str | _Default) -> str | _Default: ...
    def get(self, key: str, default: object = None) -> object:
        _, found, rest = self._text.partition(f"\r\n{key}: ")
        if not found:  # a header without a space after its colon
            _, found, rest = self._text.partition(f"\r\n{key}:")
        return rest.partition("\r\n")[0] if found else default

    def __getitem__(self, key: str) -> str:
        value = self.get(key)
        if value is None:
            raise KeyError(key)
        return value

    def __contains__(self, key: object) -> bool:
        return f"\r\n{key}:" in self._text

    def __iter__(self) -> Iterator[str]:
        lines = self._text.split("\r\n")
        return iter(dict.fromkeys(line.partition(":")[0] for line in lines if ":" in line))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return repr(dict(self))


class Message(NamedTuple):
    """An event. Where a header comes twice, the first counts: text of a caller further down cannot replace it."""

    name: str
    headers: Mapping[str, str]


# The PBX's clock is believed between these years; outside it the header is nonsense.
_EARLIEST = datetime(2000, 1, 1, tzinfo=UTC).timestamp()
_LATEST = datetime(2100, 1, 1, tzinfo=UTC).timestamp()


def timestamp_of(text: str) -> datetime | None:
    """`Timestamp: 1795278834.780581` (seconds on the PBX's clock) as aware UTC, None for nonsense."""
    try:
        seconds = float(text)
    except ValueError:
        return None
    if not _EARLIEST <= seconds <= _LATEST:
        return None
    return datetime.fromtimestamp(seconds, UTC)
