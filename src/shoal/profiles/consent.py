"""Consent of one subscriber per channel and purpose, from the view `consents` of a reading."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import duckdb

from shoal.core.time import Instant, to_datetime
from shoal.ingest.canonical import ConsentState


class Statement(Protocol):
    """What the rule needs to know of a statement of consent."""

    @property
    def state(self) -> str:
        """One of `CAUTION`."""

    @property
    def at(self) -> int:
        """When it was given or refused, in ms."""

    @property
    def received_at(self) -> int:
        """When we heard of it, in ms; the same where nobody said when."""

    @property
    def event_id(self) -> int:
        """The record that states it."""

    @property
    def source(self) -> str:
        """Who says so."""

    @property
    def contact(self) -> int:
        """Of which contact of the source: the id of the address that the record names, else of its strongest key."""


S = TypeVar("S", bound=Statement)

CAUTION = ("granted", "pending", "denied")
"""States in ascending caution: of two statements of the same instant the more cautious one is the later."""

ONE_RUN_MS = 60_000
"""Arrivals of one source nearer than this are of one import.

Files of one run arrive milliseconds apart, in the order of their names, which says nothing about which is the newer: so
of their undated statements the refusal counts. No two exports of a contact are made and imported within a minute.
"""


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
    event_id: int
    contact: int = 0  # of the source: an id of a key

    @property
    def dated(self) -> bool:
        """Whether the source says when; else it only shows a setting as it was when we read it."""
        return is_dated(self)


def is_dated(statement: Statement) -> bool:
    """Whether a statement names its own time.

    Where it has none, or a future one, its arrival stands in for it.
    """
    return statement.at < statement.received_at


def deciding(statements: Iterable[S]) -> S | None:
    """The statement that decides a consent, of all that are known by an instant; None where there is none.

    The latest decides, by (at, caution, event_id), with these limits, so that nobody who refused is reached because
    an export repeats an older "yes":

    - A statement without a date lifts no refusal. After a refusal only a later dated grant, or a later dated request
      (pending), counts again; what is pending since holds that grant back, with a date or without.
    - A refusal without a date, which is a setting seen in an export, is withdrawn when the same source shows a grant
      for the same contact in a later import (`ONE_RUN_MS`), with no date either. What it shows of another contact, be
      it the same person's, withdraws nothing.

    `states_sql` is the same rule for all subscribers at once.
    """
    ordered = sorted(statements, key=_order)
    refusals = [one for one in ordered if one.state == "denied" and not _withdrawn(one, ordered)]
    others = [one for one in ordered if one.state != "denied"]
    if not refusals:
        return others[-1] if others else None
    refusal = refusals[-1]
    later = [one for one in others if one.at > refusal.at and (one.state == "pending" or is_dated(one))]
    return later[-1] if any(is_dated(one) for one in later) else refusal


def set_aside(statements: Iterable[S]) -> tuple[S, ...]:
    """What was seen after the deciding statement and says otherwise, the latest of each source, oldest first.

    None of it has a date, or it would decide, and none of it refuses.
    """
    known = sorted(statements, key=_order)
    chosen = deciding(known)
    if chosen is None:
        return ()
    since = [one for one in known if one.at > chosen.at and one.state != chosen.state]
    latest = {one.source: one for one in since}
    return tuple(one for one in since if latest[one.source] is one)


def _order(statement: Statement) -> tuple[int, int, int, str, int, int]:
    # Ids of records hold their source, so the last three only serve to leave nothing open.
    caution = CAUTION.index(statement.state)
    return statement.at, caution, statement.event_id, statement.source, statement.contact, statement.received_at


def _withdrawn(refusal: Statement, ordered: Sequence[Statement]) -> bool:
    return not is_dated(refusal) and any(
        one.state == "granted"
        and (one.source, one.contact) == (refusal.source, refusal.contact)
        and one.at >= refusal.at + ONE_RUN_MS
        and not is_dated(one)
        for one in ordered
    )


def states_sql(relation: str, by: str = "subscriber, channel, purpose") -> str:
    """SQL of the state that `deciding` finds: columns `by` and state.

    `relation` is a name, or a query in brackets, of ours with the columns of the view `consents`, cut off at the
    instant that is asked for. `by` names the columns that tell one consent from another.
    """
    return f"""SELECT {by}, CASE
    WHEN refused IS NOT NULL AND NOT coalesce(greatest(granted, asked) > refused, false) THEN 'denied'
    WHEN pending IS NOT NULL
        AND NOT coalesce(greatest(granted, CASE WHEN refused IS NULL THEN seen END) > pending, false) THEN 'pending'
    WHEN granted IS NOT NULL OR seen IS NOT NULL THEN 'granted'
    END AS state
FROM (SELECT {by},
             max(greatest(refused, CASE WHEN epoch_ms(seen) >= epoch_ms(seen_refused) + {ONE_RUN_MS} THEN NULL
                                        ELSE seen_refused END)) AS refused,
             max(granted) AS granted, max(seen) AS seen, max(asked) AS asked, max(pending) AS pending
      FROM (SELECT {by},
                   max("at") FILTER (state = 'denied' AND "at" < received_at) AS refused,
                   max("at") FILTER (state = 'denied' AND "at" >= received_at) AS seen_refused,
                   max("at") FILTER (state = 'granted' AND "at" < received_at) AS granted,
                   max("at") FILTER (state = 'granted' AND "at" >= received_at) AS seen,
                   max("at") FILTER (state = 'pending' AND "at" < received_at) AS asked,
                   max("at") FILTER (state = 'pending') AS pending
            FROM {relation} AS stated GROUP BY {by}, source, contact) AS by_contact
      GROUP BY {by}) AS latest"""


def current(
    duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None
) -> dict[tuple[str, str], Consented]:
    """The deciding statement by (channel, purpose) at an instant, now by default, in the order of their names.

    Where nothing was ever said there is no entry, and that is no consent.
    """
    found = {about: deciding(statements) for about, statements in by_purpose(history(duck, subscriber, at=at)).items()}
    return {about: each for about, each in found.items() if each is not None}


def by_purpose(statements: Iterable[Consented]) -> dict[tuple[str, str], tuple[Consented, ...]]:
    """Statements by (channel, purpose), in the order of their names."""
    stated: dict[tuple[str, str], list[Consented]] = {}
    for each in statements:
        stated.setdefault((each.channel, each.purpose), []).append(each)
    return {about: tuple(each) for about, each in sorted(stated.items())}


def history(duck: duckdb.DuckDBPyConnection, subscriber: int, *, at: Instant | None = None) -> tuple[Consented, ...]:
    """All statements up to an instant, the oldest first."""
    values: list[Any] = [subscriber]
    until = ""
    if at is not None:
        until = 'AND "at" <= ?'
        values.append(to_datetime(at).replace(tzinfo=None))
    rows = duck.execute(
        f"""SELECT channel, purpose, state, method, text_version, source,
                   epoch_ms("at"), epoch_ms(received_at), event_id, contact
            FROM consents WHERE subscriber = ? {until} ORDER BY ALL""",
        values,
    ).fetchall()
    return tuple(sorted((Consented(*row) for row in rows), key=_order))
