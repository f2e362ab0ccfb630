"""What the rules' users need from the world, as protocols: adapters fit themselves to these, never the other way
round.

The shells that fill them live in `storage`, `metrics` and (later) `integrations`; `app` wires them together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from hotline.records import CallRecord, Fact


class StorageUnavailable(Exception):
    """The store cannot take or give facts just now (locked, full, gone). Try again later; nothing was half
    written."""


class FactStore(Protocol):
    """Keeps facts. The same facts saved twice change nothing: calls are known by (pbx, call_id)."""

    async def save(self, facts: Sequence[Fact]) -> None:
        """All or nothing, in one transaction. Raises StorageUnavailable."""

    async def call(self, pbx: str, call_id: str) -> CallRecord | None:
        """One call with its attempts and transfers, or None. Raises StorageUnavailable."""


class FactSink(Protocol):
    """Takes facts as they happen. Never waits, never raises: what cannot be stored now is kept on disk."""

    def take(self, fact: Fact) -> None: ...
