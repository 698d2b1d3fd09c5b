"""Traits of one subscriber with their provenance, from the view `traits` of a reading."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, Protocol, TypeVar

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


class Statement(Protocol):
    """What the rule needs to know of a statement about a trait."""

    @property
    def at(self) -> int:
        """When it became true, in ms; its arrival where nobody said when."""

    @property
    def event_id(self) -> int:
        """The record that states it."""


S = TypeVar("S", bound=Statement)

LATEST = '("at", event_id)'
"""The greatest of these is a trait's latest statement, in SQL over the view `traits`.

The order of arrival has no part in it, so that the same files give the same people in whatever order they are
imported. A record states a trait once, so no two statements of a trait are equal here.
"""


def latest(statements: Iterable[S]) -> S | None:
    """The latest of the statements about one trait, by `LATEST`; None where there is none."""
    return max(statements, key=lambda one: (one.at, one.event_id), default=None)


def in_turn(statements: Iterable[S]) -> list[S]:
    """Of the statements about one trait those that were its latest for some time, in order.

    Of several with one time, only the one that counts is among them.
    """
    ordered = sorted(statements, key=lambda one: (one.at, one.event_id))
    following = [one.at for one in ordered[1:]]
    return [one for one, after in zip_longest(ordered, following) if after != one.at]


def current(duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None) -> dict[str, Trait]:
    """The latest statement of each trait at an instant, now by default; traits that were unset are left out.

    The latest is the one that `latest` finds.
    """
    rows = _statements(
        duck, subscriber, at, f"QUALIFY row_number() OVER (PARTITION BY name ORDER BY {LATEST} DESC) = 1"
    )
    return {each.name: each for each in rows if each.value is not None}


def history(
    duck: duckdb.DuckDBPyConnection, subscriber: int, *, name: str | None = None, at: Instant | None = None
) -> tuple[Trait, ...]:
    """All statements up to an instant, of one trait or of all, by name and then the oldest first."""
    rows = _statements(duck, subscriber, at)
    return tuple(each for each in rows if name in (None, each.name))


def _statements(duck: duckdb.DuckDBPyConnection, subscriber: int, at: Instant | None, only: str = "") -> list[Trait]:
    values: list[Any] = [subscriber]
    until = ""
    if at is not None:
        until = 'AND "at" <= ?'
        values.append(to_datetime(at).replace(tzinfo=None))
    rows = duck.execute(
        f"""SELECT name, value::JSON::VARCHAR, source, epoch_ms("at"), epoch_ms(received_at) FROM traits
            WHERE subscriber = ? {until} {only} ORDER BY name, {LATEST}""",
        values,
    ).fetchall()
    return [
        Trait(name, None if value is None else json.loads(value), source, Instant(stated), Instant(received))
        for name, value, source, stated, received in rows
    ]
