"""Consent of one subscriber per channel and purpose, from the view `consents` of a reading."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from shoal.core.time import Instant, to_datetime
from shoal.ingest.canonical import ConsentState


@dataclass(frozen=True, slots=True)
class Consented:
    """One statement of consent: what was allowed or refused, how, by whom it was told, when."""

    channel: str
    purpose: str
    state: ConsentState
    method: str | None  # "double_opt_in", "import"; None where the source doesn't say
    text_version: str | None
    source: str
    at: Instant
    received_at: Instant


def current(
    duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None
) -> dict[tuple[str, str], Consented]:
    """The latest statement by (channel, purpose) at an instant, now by default.

    The latest is the one with the greatest `(at, received_at, event_id)`. Where nothing was ever said there
    is no entry, and that is no consent.
    """
    latest = {}
    for each in history(duck, subscriber, at=at):
        latest[each.channel, each.purpose] = each
    return latest


def history(duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None) -> tuple[Consented, ...]:
    """All statements up to an instant, the oldest first."""
    values: list[Any] = [subscriber]
    until = ""
    if at is not None:
        until = 'AND "at" <= ?'
        values.append(to_datetime(at).replace(tzinfo=None))
    rows = duck.execute(
        f"""SELECT channel, purpose, state, method, text_version, source, epoch_ms("at"), epoch_ms(received_at)
            FROM consents WHERE subscriber = ? {until} ORDER BY "at", received_at, event_id""",
        values,
    ).fetchall()
    return tuple(Consented(*row) for row in rows)
