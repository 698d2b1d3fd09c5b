"""From the journal to the lake: deduplicate, learn identity keys, write files, move the offset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import pyarrow as pa
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.core.time import Instant
from shoal.ingest import lake_rows, ledger, names, versions
from shoal.ingest.shredding import shredding
from shoal.profiles import identity
from shoal.profiles.tables import identity_keys, identity_links
from shoal.store import journal, lake, rows
from shoal.store.database import Database
from shoal.store.duck import open_duck

STAGE = "lake"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much one turn takes from the journal, and on how many threads."""

    most_rows: int
    threads: int


GENTLE = Pace(most_rows=100_000, threads=1)
"""In little memory, and with a processor to spare for whoever fills the journal."""

BULK = Pace(most_rows=1_000_000, threads=2)
"""For sources that fill the journal faster than it drains."""


@dataclass(frozen=True, slots=True)
class Drained:
    """What one turn did, by origin ("import:12")."""

    records: dict[str, int]  # new in the lake
    duplicates: dict[str, int]  # known before


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
            _load_known(self._duck, connection)
        lake.check(home.lake, self._files)
        self._load_arrived()
        lake.sweep(home.lake, self._files)

    def __enter__(self) -> Drain:
        return self

    def __exit__(self, *_: object) -> None:
        self._duck.close()

    def turn(self) -> Drained | None:
        """Take the next records to the lake; None when the journal is drained.

        Everything that the turn changes becomes true in one transaction.
        """
        with self._database.read() as connection:
            entries = list(journal.read(connection, after=self._offset, most_rows=self.pace.most_rows))
        if not entries:
            return None
        self._duck.register("batch", _table(entries))
        self._duck.execute(lake_rows.SEEN)
        self._duck.execute(lake_rows.RECORDS)
        self._duck.unregister("batch")
        keys, links = self._new_identities()  # an older state of an order tells who somebody is just as well
        if self._duck.execute(lake_rows.REPEATED).fetchall()[0][0]:
            self._duck.execute(lake_rows.FORGET_REPEATED)
        self._forget_known()
        superseding = self._superseding()
        named = [names.Name(*row) for row in self._duck.execute(lake_rows.NAMES).fetchall()]
        files = self._write(f"{entries[0].offset:012d}-{entries[-1].offset:012d}", named)
        drained = self._count(entries)
        with self._database.write() as connection:
            lake.catalogue(connection, files)
            identity.observe(connection, keys, links)
            names.add(connection, named)
            versions.supersede(connection, superseding)
            ledger.add_duplicates(connection, drained.duplicates)
            journal.move_offset(connection, STAGE, entries[-1].offset)
        self._offset = entries[-1].offset
        self._files += files
        self._duck.execute(f"INSERT INTO arrived {lake_rows.ARRIVED.format(rows='records')}")
        self._duck.execute("INSERT INTO known_keys SELECT id, first_at FROM new_keys")
        self._duck.execute("INSERT INTO known_links SELECT a, b, first_at, source FROM new_links")
        return drained

    def _load_arrived(self) -> None:
        self._duck.execute("CREATE TEMP TABLE arrived (event_id BIGINT)")
        files = [file for file in self._files if file.table == "events"]
        if files:
            rows = lake.scan(self._home.lake, files)
            self._duck.execute(f"INSERT INTO arrived {lake_rows.ARRIVED.format(rows=rows)}")

    def _forget_known(self) -> None:
        self._duck.execute(lake_rows.FORGET_ARRIVED)
        first, last = self._duck.execute(lake_rows.SPAN).fetchall()[0]
        if first is None:
            return
        near = [file for file in self._files if file.table == "events" and file.min_at <= last and file.max_at >= first]
        if not near:
            return
        rows = lake.scan(self._home.lake, near)
        self._duck.execute(lake_rows.KNOWN.format(rows=rows, first=int(first), last=int(last)))
        self._duck.execute(lake_rows.FORGET_KNOWN)

    def _superseding(self) -> pa.Table:
        """Take out the versions that the lake holds or has gone beyond; the events that get a newer one."""
        files = [file for file in self._files if file.table == "events"]
        if not files or not self._duck.execute(lake_rows.HAVE_VERSIONS).fetchall()[0][0]:
            return versions.NONE
        self._duck.execute(lake_rows.STORED_VERSIONS.format(rows=lake.scan(self._home.lake, files)))
        self._duck.execute(lake_rows.FORGET_OLDER)
        return self._duck.sql(lake_rows.SUPERSEDING).to_arrow_table()

    def _new_identities(self) -> tuple[pa.Table, pa.Table]:
        self._duck.execute(
            f"CREATE OR REPLACE TEMP TABLE new_keys AS SELECT seen.* FROM ({lake_rows.KEYS}) AS seen "
            "ANTI JOIN known_keys AS known ON known.id = seen.id AND known.first_at <= seen.first_at"
        )
        self._duck.execute(
            f"CREATE OR REPLACE TEMP TABLE new_links AS SELECT seen.* FROM ({lake_rows.LINKS}) AS seen "
            "ANTI JOIN known_links AS known ON (known.a, known.b) = (seen.a, seen.b) "
            "AND (known.first_at < seen.first_at OR known.first_at = seen.first_at AND known.source <= seen.source)"
        )
        return self._duck.sql("FROM new_keys").to_arrow_table(), self._duck.sql("FROM new_links").to_arrow_table()

    def _write(self, stem: str, named: Sequence[names.Name]) -> list[lake.LakeFile]:
        self._duck.execute(lake_rows.PARTS)
        parts = {row[0]: row[1] for row in self._duck.execute("SELECT name, part FROM parts").fetchall()}
        properties: dict[int, list[str]] = {part: [] for part in (0, *parts.values())}
        for each in sorted(named, key=lambda one: -one.rows):
            if each.event and each.name:
                properties[parts.get(each.event, 0)].append(each.name)
        written = [self._write_events(part, stem, properties[part]) for part in properties]
        for table, stated in lake_rows.FACTS.items():
            written.append(lake.write_file(self._home.lake, self._duck, table=table, stem=stem, rows=stated))
        return [file for file in written if file is not None]

    def _write_events(self, part: int, stem: str, properties: Sequence[str]) -> lake.LakeFile | None:
        """Write the file of one event name; part 0 is all rare names together."""
        which = lake_rows.PART[part > 0].format(part=part)
        structure = self._duck.execute(lake_rows.STRUCTURE.format(part=which)).fetchall()[0][0]
        return lake.write_file(
            self._home.lake,
            self._duck,
            table="events",
            stem=f"{stem}-{part:03d}",
            rows=lake_rows.EVENTS.format(part=which),
            shredding=shredding(properties, structure),
        )

    def _count(self, entries: Sequence[journal.Entry]) -> Drained:
        new = dict(self._duck.execute("SELECT origin, count(*) FROM records GROUP BY origin").fetchall())
        duplicates: dict[str, int] = {}
        for entry in entries:
            duplicates[entry.origin] = duplicates.get(entry.origin, 0) + entry.batch.num_rows
        for origin, count in new.items():
            duplicates[origin] -= count
        return Drained(new, duplicates)


def _load_known(duck: duckdb.DuckDBPyConnection, connection: sa.Connection) -> None:
    keys = rows.fetch(connection, identity_keys.c.id, identity_keys.c.first_at)
    links = rows.fetch(connection, *identity_links.c)
    for name, seen in (("known_keys", keys), ("known_links", links)):
        duck.register("seen", seen)
        duck.execute(f"CREATE TEMP TABLE {name} AS FROM seen")
    duck.unregister("seen")


def _table(entries: Sequence[journal.Entry]) -> pa.Table:
    return pa.concat_tables(
        pa.Table.from_batches([entry.batch])
        .append_column("source", pa.repeat(entry.source, entry.batch.num_rows))
        .append_column("received_at", _repeat(entry.received_at, entry.batch.num_rows))
        .append_column("origin", pa.repeat(entry.origin, entry.batch.num_rows))
        for entry in entries
    )


def _repeat(instant: Instant, times: int) -> pa.Array:
    return pa.repeat(pa.scalar(int(instant), pa.timestamp("ms")), times)
