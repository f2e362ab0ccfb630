"""One AMI message as the rest of the room sees it: a name and its headers, text already decoded.

`protocol.py` makes these from bytes; `translate.py` reads them. Replies to actions do not pass here, panoramisk
matches them with what was asked.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import NamedTuple


class Message(NamedTuple):
    """An event. Where a header comes twice, the first counts: text of a caller further down cannot replace it."""

    name: str
    headers: dict[str, str]


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
