"""How members are named: by their own id, and by an address that may be mailed where they have one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.ids import subscriber_text
from shoal.core.time import now
from shoal.flow.home import Opened
from shoal.flow.reading import open_reading
from shoal.profiles import subscriber
from shoal.profiles.consent import addresses_sql, states_sql
from shoal.profiles.subscriber import Key
from shoal.profiles.tables import identity_keys
from shoal.segments.kinds.opted_in import Suppressed
from shoal.segments.sql import queries
from shoal.store import rows


def named(opened: Opened, duck: duckdb.DuckDBPyConnection, found: Sequence[int]) -> pa.Table:
    """Subscribers with user_id, email and email_consent, in order of their ids.

    Whether somebody may be mailed is judged by what is known now, whatever instant the list is of: a refusal that
    arrived since counts. `email` is the address that has consent to e-mail marketing; else one that was asked
    (pending), else one of which nothing is known, else one that refused; of several the one that was seen first.
    `email_consent` is `granted`, `pending`, `unknown` or `denied` for that address, `denied` too where the person
    complained, and `suppressed` where a bounce or a complaint is on record; null without an address.
    """
    moment = now()
    duck.register("found", _numbers(found))
    with opened.database.read() as connection:
        duck.register("known", _keys(connection, duck) if len(found) <= FEW else _all_keys(connection))
    duck.register("suppressed", _numbers(queries.members(duck, Suppressed("email"), moment)))
    told = duck.sql(_NAMED, params={"now": moment}).to_arrow_table()
    ids = pa.array([subscriber_text(number) for number in told["subscriber"].to_pylist()], pa.string())
    return told.set_column(0, "subscriber", ids)


FEW = 1_000
"""Of so many the keys are looked up one by one; of more all are read."""


@dataclass(frozen=True, slots=True)
class Face:
    """What somebody is called at a first look: nothing is said of whether the address may be mailed."""

    subscriber: int
    email: str | None  # that was seen first
    user_id: str | None


def faces(opened: Opened, found: Sequence[int]) -> list[Face]:
    """A few subscribers by what the database alone knows, which is quick whatever the lake holds."""
    with opened.database.read() as connection:
        return [_face(number, subscriber.keys_of(connection, number)) for number in found]


def names_of(opened: Opened, found: Sequence[int]) -> pa.Table:
    """As `named`, with a reading of its own."""
    with open_reading(opened) as duck:
        return named(opened, duck, found)


def _face(number: int, keys: Sequence[Key]) -> Face:
    by_kind = {key.kind: key.value for key in reversed(keys) if key.kind != "user" or "/" not in key.value}
    return Face(number, by_kind.get("email"), by_kind.get("user"))


def _all_keys(connection: sa.Connection) -> pa.Table:
    return rows.fetch(connection, *_COLUMNS)


def _keys(connection: sa.Connection, duck: duckdb.DuckDBPyConnection) -> pa.Table:
    """Those of who was found."""
    wanted = duck.sql("SELECT key FROM keys SEMI JOIN found USING (subscriber)").to_arrow_table()["key"]
    return rows.fetch_where(connection, identity_keys.c.id, wanted, *_COLUMNS)


_COLUMNS = (identity_keys.c.id, identity_keys.c.kind, identity_keys.c.value, identity_keys.c.first_at)


def _numbers(found: Sequence[int]) -> pa.Table:
    return pa.table({"subscriber": pa.array(found, pa.int64())})


_NAMED = f"""
WITH asked AS (SELECT * FROM consents SEMI JOIN found USING (subscriber)
               WHERE channel = 'email' AND purpose = 'marketing' AND "at" <= epoch_ms($now)),
     person AS ({states_sql("asked", by="subscriber")}),
     addressed AS ({addresses_sql("asked", by="subscriber")}),
     held AS (SELECT keys.subscriber, known.* FROM keys SEMI JOIN found USING (subscriber)
              JOIN known ON known.id = keys.key WHERE known.kind IN ('user', 'email')),
     ids AS (SELECT subscriber, arg_min(value, (first_at, value)) AS user_id
             FROM held WHERE kind = 'user' AND NOT contains(value, '/') GROUP BY subscriber),
     emails AS (SELECT held.subscriber, value, first_at,
                       CASE person.state WHEN 'denied' THEN 'denied' ELSE own.state END AS state,
                       coalesce(own.state, shared.state, 'unknown') AS own
                FROM held LEFT JOIN person USING (subscriber)
                LEFT JOIN addressed AS own ON own.subscriber = held.subscriber AND own.address = held.id
                LEFT JOIN addressed AS shared ON shared.subscriber = held.subscriber AND shared.address = 0
                WHERE held.kind = 'email'),
     chosen AS (SELECT subscriber,
                       arg_min({{'value': value, 'state': coalesce(state, own)}}, (turn, first_at, value)) AS email
                FROM (SELECT *, list_position(['granted', 'pending', 'unknown', 'denied'], own) AS turn FROM emails)
                GROUP BY subscriber)
SELECT subscriber, user_id, email.value AS email,
       CASE WHEN email IS NULL THEN NULL WHEN suppressed.subscriber IS NOT NULL THEN 'suppressed'
            ELSE email.state END AS email_consent
FROM found LEFT JOIN ids USING (subscriber) LEFT JOIN chosen USING (subscriber) LEFT JOIN suppressed USING (subscriber)
ORDER BY subscriber
"""
