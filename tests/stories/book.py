"""The stories on the shelf: one folder each with `story.md`, `ami.log` (raw bytes) and `expected.yaml` (the records).

Most have `phones.expect.json` too: what the SIP phones logged on the PBX's clock, which no record was made from. Comes in: a
folder. Goes out: its bytes, its records in the form of Contract 1, and its truth. Stories are written by `write.py`.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from app.replay import replay
from hotline.record_json import call_to_json
from hotline.records import Anomaly, CallRecord, Fact

SHELF = Path(__file__).parent
Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Story:
    folder: Path

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def raw(self) -> bytes:
        return (self.folder / "ami.log").read_bytes()

    @property
    def expected(self) -> list[Json]:
        path = self.folder / "expected.yaml"
        loaded: list[Json] = yaml.safe_load(path.read_text(encoding="utf-8")) or []
        return loaded

    @property
    def truth(self) -> Json | None:
        path = self.folder / "phones.expect.json"
        if not path.exists():
            return None
        loaded: Json = json.loads(path.read_text(encoding="utf-8"))
        return loaded


def stories() -> list[Story]:
    """All of them, by name."""
    return [Story(path.parent) for path in sorted(SHELF.glob("*/ami.log"))]


def facts_of(raw: bytes) -> list[Fact]:
    return list(replay([io.BytesIO(raw)]))


def records_in(facts: Iterable[Fact]) -> list[Json]:
    return [call_to_json(fact) for fact in facts if isinstance(fact, CallRecord)]


def anomalies_in(facts: Iterable[Fact]) -> list[Anomaly]:
    return [fact for fact in facts if isinstance(fact, Anomaly)]


def records_of(raw: bytes) -> list[Json]:
    """The records that come of a capture, in the order in which the calls ended."""
    return records_in(facts_of(raw))
