"""Questions to a workspace: how many, who, and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from shoal.core.errors import UserError, require
from shoal.core.time import AsOf, Instant
from shoal.flow import live
from shoal.flow.defining import Definition, asked_at, define, known
from shoal.flow.home import Opened
from shoal.flow.naming import named
from shoal.flow.newest import facts_as_of
from shoal.flow.reading import open_reading
from shoal.profiles import subscriber
from shoal.segments import oracle
from shoal.segments.explain import Explanation, explain
from shoal.segments.history import History
from shoal.segments.nodes import Node
from shoal.segments.sql import queries
from shoal.segments.sql.histories import all_histories
from shoal.segments.sql.people import ListTotals, read_history
from shoal.segments.warehouse.query import warehouse_sql

Reading = Literal["sql", "live", "oracle"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An exact count, with the definition it is of and the instant it holds at."""

    definition: Definition
    as_of: Instant
    counts: queries.Counts


def count(opened: Opened, text: str | Node, as_of: AsOf = None, version_at: Instant | None = None) -> Answer:
    """How many are members, in all and per condition; `version_at` takes the definitions that counted then."""
    definition = define(text, known(opened, version_at))
    with open_reading(opened) as duck, facts_as_of(duck, as_of) as instant:
        return Answer(definition, instant, queries.counts(duck, definition.node, instant, definition.others))


def members(
    opened: Opened,
    text: str | Node,
    as_of: AsOf = None,
    reading: Reading = "sql",
    watch: Callable[[int, int], None] | None = None,
    *,
    version_at: Instant | None = None,
    mailable: bool = False,
) -> pa.Table:
    """Who is a member: columns subscriber, user_id, email and email_consent (all but the first may be null), in order.

    `user_id` is the subscriber's own id (not a vendor's), `email` the address that may be mailed where there is one,
    and `email_consent` whether it may, by what is known now and not at `as_of` (`naming.named`); `mailable` takes only
    those who have one. The oracle, which takes its time, tells `watch` how many people it has judged, and of how many.
    `version_at` takes the definitions that counted then, by default those that count now, whatever `as_of` says.
    """
    readings = get_args(Reading)
    fix = f"Use {' or '.join(readings)}."
    require(reading in readings, "unknown_reading", f"There is no reading {reading!r}.", fix=fix)
    definition = define(text, known(opened, version_at))
    node, others = definition.node, definition.others
    with open_reading(opened) as duck:
        with facts_as_of(duck, as_of) as instant:
            if reading == "oracle":
                with all_histories(duck, opened.home.scratch) as everyone:
                    found = oracle.members(node, everyone, instant, others, watch)
            elif reading == "live":
                found = live.members(duck, node, instant, others)
            else:
                found = queries.members(duck, node, instant, others)
        told = named(opened, duck, found)
    return told.filter(pc.equal(told["email_consent"], "granted")) if mailable else told


def warehouse(
    opened: Opened, text: str | Node, dialect: str, as_of: Instant | None = None, version_at: Instant | None = None
) -> str:
    """A definition as one SELECT for a warehouse; without `as_of` for the time at which it is run there.

    Names that the workspace's own data does not hold are taken as they are: the warehouse has its own.
    """
    definition = define(text, known(opened, version_at), any_name=True)
    instant = None if as_of is None else asked_at(as_of)
    return warehouse_sql(definition.node, dialect, instant, definition.others, zone=opened.settings.zone)


def explain_one(
    opened: Opened,
    person: str,
    text: str | Node,
    as_of: AsOf = None,
    version_at: Instant | None = None,
) -> Explanation:
    """Why somebody is a member or not: each condition with its value and the events that decide.

    Raises UserError `unknown_subscriber`.
    """
    definition = define(text, known(opened, version_at))
    number = find(opened, person)
    with open_reading(opened) as duck, facts_as_of(duck, as_of) as instant:
        return explain(definition.node, history(duck, number), instant, definition.others, ListTotals(duck))


def find(opened: Opened, person: str) -> int:
    """The subscriber meant by an id, an address, a user id or a phone number; UserError `unknown_subscriber`."""
    with opened.database.read() as connection:
        found = subscriber.find(connection, person, region=opened.settings.region)
    if found is None:
        raise _nobody()
    return found


def history(duck: duckdb.DuckDBPyConnection, number: int) -> History:
    """Everything recorded about a subscriber; UserError `unknown_subscriber`.

    Somebody whom an import has only just seen can be found and is not part of the reading yet.
    """
    found = read_history(duck, number)
    if found is None:
        raise _nobody()
    return found


def _nobody() -> UserError:
    return UserError(
        "unknown_subscriber",
        "Nobody is known by that id or address.",
        fix="Give an e-mail address, a user id, a phone number or a subscriber id.",
    )
