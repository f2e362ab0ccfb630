"""Signals as plain JSON and back, for the log of the calls that are under way: after kill -9 the tracker is fed with it.

The form is private to one machine and one version; whoever finds a signal it does not know leaves it out.
"""

from __future__ import annotations

from dataclasses import MISSING, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, get_args

from hotline import signals
from hotline.record_json import time_from, time_text
from hotline.records import AnomalyKind, AttemptResult, Side, TransferKind

_TYPES: dict[str, type[signals.Signal]] = {kind.__name__: kind for kind in get_args(signals.Signal)}
_ENUMS: dict[str, type[StrEnum]] = {
    "result": AttemptResult,
    "side": Side,
}
_KINDS: dict[str, type[StrEnum]] = {"CallTransferred": TransferKind, "Oddity": AnomalyKind}


def signal_to_json(signal: signals.Signal) -> dict[str, Any]:
    """Values that differ from None, by field name, and the signal's own name under `signal`."""
    data: dict[str, Any] = {"signal": type(signal).__name__}
    for field in fields(signal):
        value = getattr(signal, field.name)
        if isinstance(value, datetime):
            value = time_text(value)
        elif isinstance(value, signals.Phone):
            value = [value.channel, value.endpoint, value.number, value.outside]
        if value is not None:
            data[field.name] = value
    return data


def signal_from_json(data: dict[str, Any]) -> signals.Signal | None:
    """The inverse; None for what this version does not understand."""
    name = data.get("signal", "")
    kind = _TYPES.get(name)
    if kind is None:
        return None
    # What an earlier version did not write yet has its default; None is never written.
    known = [field for field in fields(kind) if field.name in data or field.default is MISSING]
    try:
        return kind(**{field.name: _value(name, field.name, data.get(field.name)) for field in known})
    except (TypeError, ValueError):
        return None


def _value(signal: str, field: str, value: Any) -> Any:
    if value is None:
        return None
    if field == "at":
        return time_from(value)
    if field == "phone":
        return signals.Phone(*value)
    if field == "kind":
        return _KINDS[signal](value)
    return _ENUMS[field](value) if field in _ENUMS else value
