"""What identified subscribers look like to somebody who searches for duplicates: names, address, birthday, contacts.

A subscriber with several e-mail addresses or phones has several faces, one a row.
"""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.profiles.tables import identity_keys, identity_links, identity_map, identity_shared
from shoal.profiles.traits import LATEST
from shoal.store import rows

TRAITS = {
    "first_name": ("first_name",),
    "last_name": ("last_name",),
    "full_name": ("name",),
    "street": ("address", "street"),
    "city": ("city",),
    "postcode": ("postal_code", "postcode"),
    "birthday": ("birthday",),
}
"""What is compared, and the traits that tell it; the first that is stated counts."""

COLUMNS = ("subscriber", "first_name", "last_name", "street", "city", "postcode", "birthday", "phone", "email")

SHARED_BY_FEW = 5
"""An address or number that more keys than this were seen with says nothing about any two of them."""

_KEYS = """
WITH known AS (
    SELECT keys.id, keys.kind, keys.value, keys.first_at, coalesce(map.subscriber, keys.id) AS subscriber
    FROM keys LEFT JOIN map ON map.key = keys.id
),
contacts AS (
    SELECT subscriber, kind, value, first_at FROM known
    WHERE kind IN ('email', 'phone') AND id NOT IN (SELECT key FROM shared)
    UNION ALL  -- of a shared address, those who used it
    SELECT coalesce(map.subscriber, links.a), known.kind, known.value, known.first_at
    FROM links JOIN known ON known.id = links.b JOIN shared ON shared.key = links.b LEFT JOIN map ON map.key = links.a
    WHERE known.kind IN ('email', 'phone') AND shared.neighbours <= $few AND shared.reason IN ('strangers', 'split')
),
ranked AS (
    SELECT *, row_number() OVER (PARTITION BY subscriber, kind ORDER BY first_at, value) AS place
    FROM (SELECT subscriber, kind, value, min(first_at) AS first_at FROM contacts GROUP BY ALL)
)
SELECT DISTINCT subscriber, place,
       max(value) FILTER (kind = 'email') AS email, max(value) FILTER (kind = 'phone') AS phone
FROM (SELECT subscriber, kind, value, place FROM ranked WHERE place <= $few
      UNION ALL SELECT DISTINCT subscriber, 'user', NULL, 1 FROM known WHERE kind = 'user')
GROUP BY subscriber, place
"""

_LATEST = f"""
SELECT subscriber, name, max_by(value::VARCHAR, {LATEST}) AS value
FROM traits WHERE name IN (SELECT unnest($names)) GROUP BY subscriber, name
"""


def faces(duck: duckdb.DuckDBPyConnection, connection: sa.Connection) -> pa.Table:
    """One row per face of every identified subscriber, with COLUMNS as the sources wrote them.

    `duck` is a reading with the view `traits`. Of each trait the latest statement counts.
    """
    names = [name for told_by in TRAITS.values() for name in told_by]
    stated = duck.sql(_LATEST, params={"names": names}).to_arrow_table()
    return assemble(
        stated,
        keys=rows.fetch(connection, *(identity_keys.c[name] for name in ("id", "kind", "value", "first_at"))),
        links=rows.fetch(connection, identity_links.c.a, identity_links.c.b),
        subscriber_of=rows.fetch(connection, *identity_map.c),
        shared=rows.fetch(connection, *identity_shared.c),
    )


def assemble(
    stated: pa.Table, *, keys: pa.Table, links: pa.Table, subscriber_of: pa.Table, shared: pa.Table
) -> pa.Table:
    """`faces` from tables: stated (subscriber, name, value) and those of the identity."""
    keys = keys.filter(pc.is_in(keys["kind"], pa.array(["user", "email", "phone"])))
    with duckdb.connect() as own:
        tables = {"stated": stated, "keys": keys, "links": links, "map": subscriber_of, "shared": shared}
        for name, table in tables.items():
            own.register(name, table)
        own.execute(f"CREATE TEMP TABLE contacts AS {_KEYS}", {"few": SHARED_BY_FEW})
        told = ", ".join(
            "coalesce(" + ", ".join(f"max(value) FILTER (name = '{name}')" for name in told_by) + f") AS {column}"
            for column, told_by in TRAITS.items()
        )
        own.execute(f"CREATE TEMP TABLE described AS SELECT subscriber, {told} FROM stated GROUP BY subscriber")
        return own.sql(_FACES).to_arrow_table()


_FACES = """
SELECT subscriber,
       coalesce(first_name, CASE WHEN last_name IS NULL THEN split_part(trim(full_name), ' ', 1) END) AS first_name,
       coalesce(last_name, CASE WHEN contains(trim(full_name), ' ') THEN split_part(trim(full_name), ' ', -1) END)
           AS last_name,
       street, city, postcode, birthday, phone, email
FROM contacts LEFT JOIN described USING (subscriber) ORDER BY subscriber, place
"""
