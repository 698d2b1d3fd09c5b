"""From the journal to the lake: deduplicate, learn identity keys, write files, move the offset."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.compaction import compact, small_files
from shoal.flow.parts import Rows, write_events
from shoal.ingest import lake_rows, ledger, names, versions
from shoal.profiles import identity
from shoal.profiles.tables import identity_keys, identity_links
from shoal.store import journal, lake, rows
from shoal.store.columns import texts, whole_numbers
from shoal.store.database import Database
from shoal.store.duck import open_duck

STAGE = "lake"
FILES_AT_ONCE = 16
"""Files of one scan for known records: DuckDB holds the footers of all, some 200 kB each."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How much one turn takes from the journal, and on how many threads."""

    most_rows: int
    threads: int
    row_group: int = lake.ROW_GROUP  # rows that a file's writer holds in memory


GENTLE = Pace(most_rows=20_000, threads=1, row_group=10_240)
"""In little memory, and with a processor to spare for whoever fills the journal."""

BULK = Pace(most_rows=1_000_000, threads=2)
"""For sources that fill the journal faster than it drains."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one turn did, by origin ("import:12")."""

    records: dict[str, int]  # new in the lake
    duplicates: dict[str, int]  # known before

    @property
    def rows(self) -> int:
        """All that it took from the journal."""
        return sum(self.records.values()) + sum(self.duplicates.values())


@dataclass(frozen=True, slots=True)
class _Taken:
    """The journal's entries of one turn."""

    first: int  # offset
    last: int
    rows: dict[str, int]  # by origin


class Drain:
    """The way from journal to lake; keeps in memory which identity keys the database knows.

    There may be one at a time (`flow.home.one_writer`).
    """

    def __init__(self, home: Home, database: Database, pace: Pace = GENTLE) -> None:
        self.pace = pace
        self._home = home
        self._database = database
        self._duck = open_duck(home.lake, memory="2GB", threads=pace.threads, scratch=home.scratch)
        with database.read() as connection:
            self._files = list(lake.catalogued(connection))
            self._offset = journal.offset_of(connection, STAGE)
        for table in lake_rows.KNOWN_IDENTITIES:
            self._duck.execute(table)
        lake.check(home.lake, self._files)
        lake.sweep(home.lake, self._files)

    def __enter__(self) -> Drain:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def turn(self) -> Drained | None:
        """Take the next records to the lake; None when the journal is drained.

        Everything that the turn changes becomes true in one transaction.
        """
        taken = self._take()
        if taken is None:
            return None
        keys, links = self._new_identities()  # an older state of an order tells who somebody is just as well
        if self._duck.execute(lake_rows.REPEATED).fetchall()[0][0]:
            self._duck.execute(lake_rows.FORGET_REPEATED)
        superseding = self._forget_known()
        named = [names.Name(*row) for row in self._duck.execute(lake_rows.NAMES).fetchall()]
        stem = f"{taken.first:012d}-{taken.last:012d}"
        files = self._write(stem, named)
        drained = self._drained(taken)
        with self._database.write() as connection:
            lake.catalogue(connection, files)
            identity.observe(connection, keys, links)
            names.add(connection, named)
            versions.supersede(connection, superseding)
            ledger.add_duplicates(connection, drained.duplicates)
            journal.move_offset(connection, STAGE, taken.last)
        self._offset = taken.last
        self._files += files
        self._duck.execute("INSERT INTO known_keys SELECT id, first_at FROM new_keys")
        self._duck.execute("INSERT INTO known_links SELECT a, b, first_at, source FROM new_links")
        for table in ("records", "seen", "batch_keys", "new_keys", "new_links"):
            self._duck.execute(f"DROP TABLE {table}")
        self._compact(stem)
        return drained

    def _compact(self, stem: str) -> None:
        for small in small_files(self._files):
            with self._database.read() as connection:
                named = names.load(connection)
            row_group = self.pace.row_group
            large = compact(self._home.lake, self._duck, small, stem=f"{stem}-large", named=named, row_group=row_group)
            with self._database.write() as connection:
                lake.replace(connection, small, large)
            lake.retire(self._home.lake, small)
            self._files = [file for file in self._files if file not in small] + large

    def _take(self) -> _Taken | None:
        """Put the next entries into the tables `records` and `seen`, a few at a time so that little memory is held."""
        first, last, taken = 0, 0, Counter[str]()
        with self._database.read() as connection:
            entries = journal.read(connection, after=self._offset, most_rows=self.pace.most_rows)
            for some in _portions(entries, self.pace.most_rows // 5):
                self._duck.register("batch", _table(some))
                self._duck.execute(f"CREATE OR REPLACE TEMP TABLE batch_keys AS {lake_rows.SEEN}")
                for table, found in (("seen", "FROM batch_keys"), ("records", lake_rows.RECORDS)):
                    into = f"INSERT INTO {table}" if first else f"CREATE OR REPLACE TEMP TABLE {table} AS"
                    self._duck.execute(f"{into} {found}")
                self._duck.unregister("batch")
                first, last = first or some[0].offset, some[-1].offset
                for entry in some:
                    taken[entry.origin] += entry.batch.num_rows
        return _Taken(first, last, taken) if first else None

    def _forget_known(self) -> pa.Table:
        """Take out what the lake holds; the events of which a better statement is left."""
        stored = [file for file in self._files if file.table == "events"]
        if not stored:
            return versions.NONE
        for start in range(0, len(stored), FILES_AT_ONCE):
            known = lake_rows.KNOWN.format(rows=lake.scan(self._home.lake, stored[start : start + FILES_AT_ONCE]))
            self._duck.execute(f"{'INSERT INTO known' if start else 'CREATE OR REPLACE TEMP TABLE known AS'} {known}")
        for step in (lake_rows.FORGET_STATED, lake_rows.STANDING, lake_rows.FORGET_KNOWN):
            self._duck.execute(step)
        return self._duck.sql(lake_rows.SUPERSEDING).to_arrow_table()

    def _new_identities(self) -> tuple[pa.Table, pa.Table]:
        """The keys and links that the database does not know, or not from so early."""
        for seen, table in (("new_keys", lake_rows.KEYS), ("new_links", lake_rows.LINKS)):
            self._duck.execute(f"CREATE OR REPLACE TEMP TABLE {seen} AS {table}")
        self._look_up("new_keys", "id", "known_keys", (identity_keys.c.id, identity_keys.c.first_at))
        self._look_up("new_links", "a", "known_links", tuple(identity_links.c))
        for step in lake_rows.FORGET_IDENTITIES:
            self._duck.execute(step)
        return self._duck.sql("FROM new_keys").to_arrow_table(), self._duck.sql("FROM new_links").to_arrow_table()

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

    def _write(self, stem: str, named: Sequence[names.Name]) -> list[lake.LakeFile]:
        folder, new = self._home.lake, Rows("records", lake_rows.EVENTS, True, lake_rows.EVENTS_REPEATING)
        events = write_events(folder, self._duck, new, stem=stem, named=named, row_group=self.pace.row_group)
        facts = [
            lake.write_file(folder, self._duck, table=table, stem=stem, rows=stated, row_group=self.pace.row_group)
            for table, stated in lake_rows.FACTS.items()
        ]
        return events + [file for file in facts if file is not None]

    def _drained(self, taken: _Taken) -> Drained:
        new = dict(self._duck.execute("SELECT origin, count(*) FROM records GROUP BY origin").fetchall())
        return Drained(new, {origin: rows - new.get(origin, 0) for origin, rows in taken.rows.items()})


def _portions(entries: Iterable[journal.Entry], most_rows: int) -> Iterator[list[journal.Entry]]:
    """The entries in lists of about as many rows."""
    some: list[journal.Entry] = []
    for entry in entries:
        some.append(entry)
        if sum(each.batch.num_rows for each in some) >= most_rows:
            yield some
            some = []
    if some:
        yield some


def _table(entries: Sequence[journal.Entry]) -> pa.Table:
    return pa.concat_tables([_told(entry, entry.batch.num_rows) for entry in entries])


def _told(entry: journal.Entry, rows: int) -> pa.Table:
    """The records of an entry with what it says of all of them."""
    received_at = whole_numbers(np.full(rows, int(entry.received_at))).view(pa.timestamp("ms"))
    return (
        pa.Table.from_batches([entry.batch])
        .append_column("source", texts([entry.source] * rows))
        .append_column("received_at", received_at)
        .append_column("origin", texts([entry.origin] * rows))
    )
