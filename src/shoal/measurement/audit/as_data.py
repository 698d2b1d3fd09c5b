"""The audit as JSON."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import Any

from shoal.core.time import Instant, format_instant
from shoal.measurement.audit.model import Audit

_INSTANTS = frozenset({"as_of", "newest", "first", "last", "received_at"})


def as_data(audit: Audit) -> dict[str, Any]:
    """JSON-ready values: instants and dates as ISO 8601, shares beside their numbers."""
    found = _plain(audit)
    assert isinstance(found, dict)
    return found


def _plain(value: object, name: str = "") -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _plain(getattr(value, field.name), field.name) for field in dataclasses.fields(value)}
        share = getattr(value, "share", None)
        return fields if share is None else {**fields, "share": round(share, 4)}
    if isinstance(value, Mapping):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, dt.date):
        return value.isoformat()
    if name in _INSTANTS and isinstance(value, int):
        return format_instant(Instant(value))
    return value
