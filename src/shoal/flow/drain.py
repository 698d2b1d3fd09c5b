"""From the journal to the lake: deduplicate, learn identity keys, write files, move the offset."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Self

import duckdb
import numpy as np
import pyarrow as pa
import sqlalchemy as sa

from shoal.core import happenings
from shoal.core.settings import Home
from shoal.core.time import Instant, now
from shoal.flow.acquainted import Acquainted
from shoal.flow.compaction import compact, small_files
from shoal.flow.known import Ids, Known
from shoal.flow.parts import Rows, write_events
from shoal.ingest import conflicts, lake_rows, ledger, names, versions
from shoal.profiles import identity
from shoal.store import journal, lake
from shoal.store.database import Database
from shoal.store.duck import open_duck

STAGE = "lake"


@dataclass(frozen=True, slots=True)
class Pace:
    """How much one turn takes from the journal, and on how many threads."""

    most_rows: int
    threads: int
    row_group: int = lake.ROW_GROUP  # rows that a file's writer holds in memory
    is_beside: bool = False  # whether small files are made into large ones on a thread of their own
    async_threads: int | None = None  # DuckDB's, which wait for the disk; None: its choice


GENTLE = Pace(most_rows=20_000, threads=1, row_group=10_240)
"""In little memory, and with a processor to spare for whoever fills the journal."""
LIVE = replace(GENTLE, is_beside=True)
"""For a server: nobody who waits for a change waits for old files to be written anew."""

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
class Fresh:
    """New records, in the table `fresh` of the drain's connection: as of which offset, and what they change."""

    first: int  # offset of the first entry that was looked at
    last: int
    keys: pa.Table  # identity keys and links that the database does not know yet
    links: pa.Table
    superseding: pa.Table  # of events of which another statement is known: that which stands now; the table
    # `replaced_events` has those rows


@dataclass(slots=True)
class _Portion:
    """Records that were taken and are not in files yet."""

    table: str  # that has them, and lately also those of the table `fresh`
    fresh: list[Fresh] = field(default_factory=list)
    ids: list[Ids] = field(default_factory=list)  # each in order
    conflicts: list[conflicts.Conflict] = field(default_factory=list)  # found meanwhile
    rows: Counter[str] = field(default_factory=Counter)  # by origin

    def holds(self, ids: Ids) -> bool:
        """Whether one of these is among them."""
        return any((each.take(np.searchsorted(each, ids), mode="clip") == ids).any() for each in self.ids)


@dataclass(frozen=True, slots=True)
class _Written:
    """What became of a portion."""

    files: list[lake.LakeFile]
    names: list[names.Name]
    ids: Ids
    drained: Drained
    ms: int  # that it took


class Drain:
    """The way from journal to lake.

    `turn` does all of it. Whoever wants the new records sooner than files are written calls `take`, several times, and
    then `keep`, or `begin_keep`. There may be one drain at a time (`flow.home.one_writer`).
    """

    def __init__(self, home: Home, database: Database, pace: Pace = GENTLE) -> None:
        self.pace = pace
        self.duck = open_duck(
            home.lake, memory="2GB", threads=pace.threads, async_threads=pace.async_threads, scratch=home.scratch
        )
        self._home = home
        self._database = database
        with database.read() as connection:
            self._files = list(lake.catalogued(connection))
            self._offset = self.kept = journal.offset_of(connection, STAGE)  # `kept`: the last one that is in files
        self.as_of = Instant(0)  # all that was acknowledged by then was taken
        self.acquainted = Acquainted(self.duck, database)
        lake.check(home.lake, self._files)
        lake.sweep(home.lake, self._files)
        self._known = Known.of(self.duck, home.lake, _events(self._files))
        self._waiting = _Portion("records")
        self._is_gathered = True  # whether the last of them are in its table, and not in `fresh` any more
        self._writing: tuple[_Portion, Future[_Written]] | None = None
        self._beside = ThreadPoolExecutor(1, "files") if pace.is_beside else None
        self._compacting: tuple[list[lake.LakeFile], Future[list[lake.LakeFile]]] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._beside is not None:
            self._beside.shutdown()
        self.duck.close()

    @property
    def offset(self) -> int:
        """The last journal offset that was taken."""
        return self._offset

    @property
    def waiting(self) -> int:
        """Rows that were taken and are not in files yet."""
        return self._waiting.rows.total()

    def turn(self) -> Drained | None:
        """Take the next records to the lake; None when the journal is drained.

        Everything that the turn changes becomes true in one transaction.
        """
        return self.keep() if self.take() is not None else None

    def take(self, *, until: int | None = None) -> Fresh | None:
        """Read the next records, up to an offset at most; None when there is none.

        They are in the table `fresh` until the next call. Nothing is written.
        """
        self._gather()
        self._finish()
        taken = self._read(until)
        if taken is None:
            return None
        first, last, rows = taken
        ids = np.sort(_ids(self.duck, "fresh"))
        repeated, places = bool((ids[1:] == ids[:-1]).any()), self._look_up(ids)
        waiting = self._waiting
        waiting.conflicts += conflicts.set_apart(self.duck, repeated=repeated, known=bool(places))
        keys, links = self.acquainted.new()  # an older state of an order tells who somebody is just as well
        if repeated:
            self.duck.execute(lake_rows.FORGET_REPEATED)
        found = Fresh(first, last, keys, links, self._forget_known(places))
        waiting.fresh.append(found)
        waiting.ids.append(ids)
        waiting.rows += rows
        self._is_gathered = False
        self._offset = last
        return found

    def keep(self) -> Drained:
        """Write what was taken since the last time to files that become part of the lake."""
        self._finish(wait=True)
        if not self._waiting.fresh:
            return Drained({}, {})
        self._gather()
        portion, self._waiting = self._waiting, _Portion("records")
        return self._catalogue(portion, self._write(self.duck, portion))

    def begin_keep(self) -> bool:
        """Write it on a thread beside; False while that is still busy with an earlier portion.

        A later call of `take`, `keep` or `begin_keep` makes the files part of the lake.
        """
        assert self._beside is not None, "this pace has no thread for it"
        self._finish()
        if self._writing is not None:
            return False
        if not self._waiting.fresh:
            return True
        self._gather()
        self.duck.execute("ALTER TABLE records RENAME TO written")
        portion, self._waiting = replace(self._waiting, table="written"), _Portion("records")
        self._writing = portion, self._beside.submit(self._write, self.duck.cursor(), portion)
        return True

    def _finish(self, *, wait: bool = False) -> None:
        """Take what was written beside into the lake, if it is done."""
        if self._writing is not None and (wait or self._writing[1].done()):
            portion, written = self._writing
            self._catalogue(portion, written.result())
            self._writing = None

    def _catalogue(self, portion: _Portion, written: _Written) -> Drained:
        last = portion.fresh[-1].last
        with self._database.write() as connection:
            lake.catalogue(connection, written.files)
            for fresh in portion.fresh:
                identity.observe(connection, fresh.keys, fresh.links)
                versions.supersede(connection, fresh.superseding)
            names.add(connection, written.names)
            ledger.add_duplicates(connection, written.drained.duplicates)
            conflicts.keep(connection, portion.conflicts)
            journal.move_offset(connection, STAGE, last)
        self._files += written.files
        self.kept = last
        self._known.add(written.ids, _events(written.files))
        self.duck.execute(f"DROP TABLE {portion.table}")
        if self._beside is not None:
            happenings.tell("lake_written", rows=portion.rows.total(), ms=written.ms)
        self._compact(_stem(portion))
        return written.drained

    def _gather(self) -> None:
        """Put the fresh records to those that wait."""
        if self._is_gathered:
            return
        if len(self._waiting.fresh) > 1:
            self.duck.execute("INSERT INTO records FROM fresh")
            self.duck.execute("DROP TABLE fresh")
        else:
            self.duck.execute("ALTER TABLE fresh RENAME TO records")
        self._is_gathered = True

    def _compact(self, stem: str) -> None:
        """Make small files into large ones, or see that it is done beside."""
        if self._compacting is not None and self._compacting[1].done():
            small, large = self._compacting
            self._compacting = None
            self._exchange(small, large.result())
        for small in small_files(self._files):
            if self._beside is None:
                self._exchange(small, self._compacted(self.duck, small, stem))
            elif self._compacting is None:
                self._compacting = small, self._beside.submit(self._compacted, self.duck.cursor(), small, stem)

    def _compacted(
        self, duck: duckdb.DuckDBPyConnection, small: Sequence[lake.LakeFile], stem: str
    ) -> list[lake.LakeFile]:
        with self._database.read() as connection:
            named = names.load(connection)
        row_group = self.pace.row_group
        return compact(self._home.lake, duck, small, stem=f"{stem}-large", named=named, row_group=row_group)

    def _exchange(self, small: Sequence[lake.LakeFile], large: Sequence[lake.LakeFile]) -> None:
        with self._database.write() as connection:
            lake.replace(connection, small, large)
        lake.retire(self._home.lake, small)
        self._files = [file for file in self._files if file not in small] + list(large)
        self._known.replaced(small, large)

    def _entries(self, connection: sa.Connection, until: int | None) -> Iterator[journal.Entry]:
        return journal.read(connection, after=self._offset, most_rows=self.pace.most_rows, until=until)

    def _read(self, until: int | None) -> tuple[int, int, Counter[str]] | None:
        """Put the next entries into the tables `fresh` and `seen`, a few at a time so that little memory is held."""
        first, last, rows, looked = 0, 0, Counter[str](), now()
        with self._database.read() as connection:
            entries = self._entries(connection, until)
            for some in _portions(entries, self.pace.most_rows // 5):
                self.duck.register("batch", _table(some))
                self.duck.execute(f"CREATE OR REPLACE TEMP TABLE batch_keys AS {lake_rows.SEEN}")
                for table, found in (("seen", "FROM batch_keys"), ("fresh", lake_rows.RECORDS)):
                    into = f"INSERT INTO {table}" if first else f"CREATE OR REPLACE TABLE {table} AS"
                    self.duck.execute(f"{into} {found}")
                self.duck.unregister("batch")
                first, last = first or some[0].offset, some[-1].offset
                self.as_of = some[-1].received_at
                for entry in some:
                    rows[entry.origin] += entry.batch.num_rows
            if until is None and not journal.is_waiting(connection, after=max(last, self._offset)):
                self.as_of = looked
        return (first, last, rows) if first else None

    def _look_up(self, ids: Ids) -> Mapping[str, str]:
        """Where fresh records may be held, and how properties are read there; all of them into the table `known`."""
        stored = self._known.files_of(ids)
        places = {lake.scan(self._home.lake, stored): "properties"} if stored else {}
        on_their_way = [self._waiting, *([self._writing[0]] if self._writing else [])]
        places |= {portion.table: "properties::JSON::VARIANT" for portion in on_their_way if portion.holds(ids)}
        if places:
            self._gather_from("known", [lake_rows.KNOWN.format(rows=place) for place in places])
        return places

    def _forget_known(self, places: Mapping[str, str]) -> pa.Table:
        """Take out what these places hold; the events of which a better statement is left."""
        if not places:
            return versions.NONE
        for step in (lake_rows.FORGET_STATED, lake_rows.STANDING, lake_rows.FORGET_KNOWN):
            self.duck.execute(step)
        found = self.duck.sql(lake_rows.SUPERSEDING).to_arrow_table()
        if found.num_rows:
            replaced = lake_rows.REPLACED_EVENTS
            stated = [replaced.format(rows=place, properties=properties) for place, properties in places.items()]
            self._gather_from("replaced_events", stated)
        return found

    def _gather_from(self, table: str, queries: Sequence[str]) -> None:
        all_rows = " UNION ALL ".join(f"({query})" for query in queries)
        self.duck.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {all_rows}")

    def _write(self, duck: duckdb.DuckDBPyConnection, portion: _Portion) -> _Written:
        start, rows, stem, row_group = time.monotonic(), portion.table, _stem(portion), self.pace.row_group
        named = [names.Name(*row) for row in duck.execute(lake_rows.NAMES.format(rows=rows)).fetchall()]
        new = Rows(rows, lake_rows.EVENTS, True, lake_rows.EVENTS_REPEATING)
        files = write_events(self._home.lake, duck, new, stem=stem, named=named, row_group=row_group)
        facts = [
            lake.write_file(self._home.lake, duck, table=table, stem=stem, rows=stated, row_group=row_group)
            for table, stated in lake_rows.facts(rows).items()
        ]
        files += [file for file in facts if file is not None]
        found = dict(duck.execute(f"SELECT origin, count(*) FROM {rows} GROUP BY origin").fetchall())
        repeated = {origin: count - found.get(origin, 0) for origin, count in portion.rows.items()}
        took = int((time.monotonic() - start) * 1_000)
        return _Written(files, named, _ids(duck, rows), Drained(found, repeated), took)


def _stem(portion: _Portion) -> str:
    """The beginning of the names of its files."""
    return f"{portion.fresh[0].first:012d}-{portion.fresh[-1].last:012d}"


def _ids(duck: duckdb.DuckDBPyConnection, table: str) -> Ids:
    found: Ids = duck.execute(f"SELECT event_id FROM {table}").fetchnumpy()["event_id"]
    return found


def _events(files: Iterable[lake.LakeFile]) -> list[lake.LakeFile]:
    return [file for file in files if file.table == "events"]


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
    return pa.concat_tables([records_of(entry) for entry in entries])


def records_of(entry: journal.Entry) -> pa.Table:
    """The records of an entry with what it says of all: `canonical.SCHEMA`, `received_at`, `source` and `origin`."""
    records = entry.records()
    for name, value in (("source", entry.source), ("origin", entry.origin)):
        records = records.append_column(name, pa.repeat(pa.scalar(value, pa.string()), records.num_rows))
    return records
