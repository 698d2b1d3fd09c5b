"""Which identity keys and links the database knows already, so that each is written once and seldom asked for."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.time import Instant
from shoal.ingest import lake_rows
from shoal.profiles.tables import identity_keys, identity_links
from shoal.store import rows
from shoal.store.database import Database

Words = npt.NDArray[np.uint64]
Ids = npt.NDArray[np.int64]

_ODD = np.uint64(0x9E3779B97F4A7C15)


class Acquainted:
    """What is known of the keys and links that were seen so far.

    Of each new one the database is asked; `expect` saves these questions where all that it knows is told beforehand.
    """

    def __init__(self, duck: duckdb.DuckDBPyConnection, database: Database) -> None:
        self._duck, self._database = duck, database
        self._keys: Ids = np.empty(0, np.int64)
        self._links: Words = np.empty(0, np.uint64)
        self._before = Instant(0)
        for table in lake_rows.KNOWN_IDENTITIES:
            duck.execute(table)

    def expect(self, keys: Ids, links: tuple[Ids, Ids], before: Instant) -> None:
        """All keys, and links by their ends, that the database has, each seen for the first time before an instant."""
        self._keys, self._links, self._before = np.sort(keys), np.sort(_words(*links)), before

    def new(self) -> tuple[pa.Table, pa.Table]:
        """The keys and links of the tables `seen` and `fresh` that are not known, or not from so early."""
        keys, links = (self._duck.sql(query).to_arrow_table() for query in (lake_rows.KEYS, lake_rows.LINKS))
        keys = self._unexpected(keys, _is_in(self._keys, _numbers(keys, "id")))
        links = self._unexpected(links, _is_in(self._links, _words(_numbers(links, "a"), _numbers(links, "b"))))
        if not (keys.num_rows or links.num_rows):
            return keys, links
        for name, table in (("new_keys", keys), ("new_links", links)):
            self._duck.register("found", table)
            self._duck.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM found")
            self._duck.unregister("found")
        self._look_up("new_keys", "id", "known_keys", (identity_keys.c.id, identity_keys.c.first_at))
        self._look_up("new_links", "a", "known_links", tuple(identity_links.c))
        for step in lake_rows.FORGET_IDENTITIES:
            self._duck.execute(step)
        return self._learned()

    def _learned(self) -> tuple[pa.Table, pa.Table]:
        keys, links = (
            self._duck.sql("FROM new_keys").to_arrow_table(),
            self._duck.sql("FROM new_links").to_arrow_table(),
        )
        self._duck.execute("INSERT INTO known_keys SELECT id, first_at FROM new_keys")
        self._duck.execute("INSERT INTO known_links SELECT a, b, first_at, source FROM new_links")
        for table in ("new_keys", "new_links"):
            self._duck.execute(f"DROP TABLE {table}")
        return keys, links

    def _unexpected(self, found: pa.Table, expected: npt.NDArray[np.bool_]) -> pa.Table:
        return found.filter(pa.array(~expected | (_numbers(found, "first_at") < self._before)))

    def _look_up(self, seen: str, key: str, known: str, columns: Sequence[sa.Column[int | str]]) -> None:
        """Learn what the database knows of the keys in a table; each is asked for once."""
        unasked = f"SELECT DISTINCT {key} AS id FROM {seen} EXCEPT FROM asked_{known}"
        ids = self._duck.sql(unasked).to_arrow_table()
        with self._database.read() as connection:
            self._duck.register("found", rows.fetch_where(connection, columns[0], ids["id"], *columns))
        self._duck.execute(f"INSERT INTO {known} FROM found")
        self._duck.unregister("found")
        self._duck.register("found", ids)
        self._duck.execute(f"INSERT INTO asked_{known} FROM found")
        self._duck.unregister("found")


def _numbers(table: pa.Table, name: str) -> Ids:
    found: Ids = table[name].to_numpy()
    return found


def _words(a: Ids, b: Ids) -> Words:
    """A link as one word; that two of some millions share theirs is not to be expected."""
    words: Words = a.view(np.uint64) * _ODD ^ b.view(np.uint64)
    return words


def _is_in(known: npt.NDArray[np.generic], wanted: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    if not len(known):
        return np.zeros(len(wanted), np.bool_)
    order = np.argsort(wanted)  # neighbours are found in the same memory
    place = np.searchsorted(known, wanted[order])
    found = np.empty(len(wanted), np.bool_)
    found[order] = known.take(place, mode="clip") == wanted[order]
    return found
