"""Traits of one subscriber with their provenance, from the view `traits` of a reading."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import duckdb

from shoal.core.time import Instant, to_datetime
from shoal.ingest.canonical import Json


@dataclass(frozen=True, slots=True)
class Trait:
    """One statement about a subscriber: what, by whom, when."""

    name: str
    value: Json  # None: the source said that it is unset
    source: str
    at: Instant  # when it became true
    received_at: Instant  # when we heard of it


def current(duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None) -> dict[str, Trait]:
    """The latest statement of each trait at an instant, now by default; traits that were unset are left out.

    The latest is the one with the greatest `(at, received_at, event_id)`.
    """
    rows = _statements(duck, subscriber, at, "QUALIFY row_number() OVER (PARTITION BY name ORDER BY {latest} DESC) = 1")
    return {each.name: each for each in rows if each.value is not None}


def history(
    duck: duckdb.DuckDBPyConnection, subscriber: int, *, name: str | None = None, at: Instant | None = None
) -> tuple[Trait, ...]:
    """All statements up to an instant, of one trait or of all, by name and then the oldest first."""
    rows = _statements(duck, subscriber, at)
    return tuple(each for each in rows if name in (None, each.name))


_LATEST = '("at", received_at, event_id)'


def _statements(duck: duckdb.DuckDBPyConnection, subscriber: int, at: Instant | None, only: str = "") -> list[Trait]:
    values: list[Any] = [subscriber]
    until = ""
    if at is not None:
        until = 'AND "at" <= ?'
        values.append(to_datetime(at).replace(tzinfo=None))
    rows = duck.execute(
        f"""SELECT name, value::JSON::VARCHAR, source, epoch_ms("at"), epoch_ms(received_at) FROM traits
            WHERE subscriber = ? {until} {only.format(latest=_LATEST)} ORDER BY name, {_LATEST}""",
        values,
    ).fetchall()
    return [
        Trait(name, None if value is None else json.loads(value), source, Instant(stated), Instant(received))
        for name, value, source, stated, received in rows
    ]
