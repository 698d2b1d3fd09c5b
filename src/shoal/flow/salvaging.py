"""Damaged lake files: set aside, and what the journal still has of them taken to the lake once more.

All rows that came by entries that the journal still has are taken out of the lake, and these entries are drained again
in their order. So each record meets what it met the first time, and the lake becomes what it was.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import sqlalchemy as sa

from shoal.core.ids import KEY_ID_SQL
from shoal.core.settings import Home
from shoal.flow.compaction import rewrite
from shoal.flow.drain import STAGE, Drain
from shoal.flow.home import Opened
from shoal.flow.setting_aside import aside, set_aside
from shoal.ingest import conflicts, letters, names
from shoal.ingest.tables import imports
from shoal.store import journal, lake
from shoal.store.duck import open_duck

_ALL = 2**62
_OF_JOURNAL = """EXISTS (SELECT 1 FROM retained
    WHERE retained.event_id = stored.event_id AND retained.received_at = stored.received_at)"""


@dataclass(frozen=True, slots=True)
class Salvaged:
    """What became of damaged files. Rows are of the lake's tables.

    A file of which the journal has every entry comes back whole. Of others, `lost` counts the rows that were not
    brought back; states of an event that a later one had replaced anyway are among them.
    """

    damaged: tuple[lake.LakeFile, ...] = ()
    set_aside: Path | None = None
    recovered: dict[str, int] = field(default_factory=dict)  # rows by table
    lost: dict[str, int] = field(default_factory=dict)  # rows by table that could not be rebuilt, at most


def salvage(opened: Opened) -> Salvaged:
    """Make the lake whole as far as the journal reaches. Only the one writer may call this.

    Raises UserError `damaged_journal`; nothing was changed then.
    """
    with opened.database.read() as connection:
        files = lake.catalogued(connection)
        in_lake = journal.offset_of(connection, STAGE)
    bad = tuple(file for file in files if not _is_whole(opened.home.lake, file))
    if not bad:
        return Salvaged()
    with open_duck(opened.home.lake, scratch=opened.home.scratch) as duck:
        offsets = _load(opened, duck, in_lake)
        sound = [file for file in files if file not in bad]
        removed = _count(opened.home, duck, sound)
        duplicates = _duplicates(opened)
        folder = aside(opened.home, "lake")
        for file in bad:
            set_aside(opened.home, opened.home.lake / file.path, folder)
        _take_out(opened, duck, sound, bad, min(offsets, default=in_lake + 1))
        _drain(opened, _turns(files, in_lake), duplicates)
        with opened.database.read() as connection:
            now_there = _count(opened.home, duck, lake.catalogued(connection))
    recovered = now_there - removed
    return Salvaged(bad, folder, dict(recovered), dict(_lost(bad, recovered, offsets)))


def _lost(bad: Sequence[lake.LakeFile], recovered: Counter[str], offsets: set[int]) -> Counter[str]:
    """Rows of files that the journal no longer has whole, but for those that came back."""
    whole, others = Counter[str](), Counter[str]()
    for file in bad:
        (whole if offsets.issuperset(_entries(file)) else others)[file.table] += file.rows
    return others - (recovered - whole)


def _entries(file: lake.LakeFile) -> range:
    """The offsets of the entries that a file's rows may come from; a compacted file has rows of all before it."""
    first, last, *how = Path(file.path).stem.split("-")
    return range(1 if {"large", "left"} & set(how) else int(first), int(last) + 1)


def _is_whole(folder: Path, file: lake.LakeFile) -> bool:
    try:
        lake.verify(folder, [file])
    except lake.CorruptLakeError:
        return False
    return True


def _load(opened: Opened, duck: duckdb.DuckDBPyConnection, in_lake: int) -> set[int]:
    """Fill the table `retained` with the records of all entries that were in the lake; their offsets."""
    duck.execute("CREATE TEMP TABLE retained (event_id BIGINT, received_at TIMESTAMP)")
    event_id = KEY_ID_SQL.format(text="$source || chr(10) || message_id")
    offsets: set[int] = set()
    with opened.database.read() as connection:
        for entry in journal.read(connection, after=0, most_rows=_ALL, until=in_lake):
            offsets.add(entry.offset)
            duck.register("batch", entry.records().select(["message_id", journal.RECEIVED_AT]))
            duck.execute(
                f"INSERT INTO retained SELECT DISTINCT {event_id}, received_at::TIMESTAMP FROM batch",
                {"source": entry.source},
            )
            duck.unregister("batch")
    return offsets


def _count(home: Home, duck: duckdb.DuckDBPyConnection, files: Sequence[lake.LakeFile]) -> Counter[str]:
    """Rows that came by entries of the journal, by table."""
    found = Counter[str]()
    for table in sorted({file.table for file in files}):
        scan = lake.scan(home.lake, [file for file in files if file.table == table], by_name=True)
        (count,) = duck.execute(f"SELECT count(*) FROM {scan} AS stored WHERE {_OF_JOURNAL}").fetchall()[0]
        found[table] = count
    return found


def _duplicates(opened: Opened) -> dict[int, int]:
    """How many known records each import had: draining the same again would count them twice."""
    with opened.database.read() as connection:
        return {row.id: row.duplicates for row in connection.execute(sa.select(imports.c.id, imports.c.duplicates))}


def _take_out(
    opened: Opened,
    duck: duckdb.DuckDBPyConnection,
    sound: Sequence[lake.LakeFile],
    bad: Sequence[lake.LakeFile],
    first: int,
) -> None:
    """Let the lake be without the damaged files and without what the journal will bring again."""
    with opened.database.read() as connection:
        named = names.load(connection)
    old, new = [], []
    for file in sound:
        stored = f"(SELECT * FROM {lake.scan(opened.home.lake, [file])} AS stored WHERE NOT {_OF_JOURNAL})"
        (left,) = duck.execute(f"SELECT count(*) FROM {stored}").fetchall()[0]
        if left == file.rows and int(Path(file.path).stem[:12]) < first:
            continue
        old.append(file)
        if left:  # under another name: the drain will use this one again
            stem = f"{Path(file.path).stem}-left"
            new += rewrite(opened.home.lake, duck, file.table, stored, stem=stem, named=named, row_group=lake.ROW_GROUP)
    with opened.database.write() as connection:
        lake.replace(connection, [*bad, *old], new)
        journal.move_offset(connection, STAGE, first - 1)
    lake.retire(opened.home.lake, old)


def _turns(files: Sequence[lake.LakeFile], in_lake: int) -> list[int]:
    """Where turns of the drain ended, as far as the names of files tell: states of an event that came in several turns
    have a row each.
    """
    ends = {int(stem[1]) for file in files if len(stem := Path(file.path).stem.split("-")) < 4}
    return sorted({end for end in ends if end < in_lake} | {in_lake})


def _drain(opened: Opened, turns: Sequence[int], duplicates: dict[int, int]) -> None:
    """What was counted of these entries and told of them the first time is neither counted nor told again."""
    with opened.database.read() as connection:
        before = letters.newest(connection)
    with Drain(opened.home, opened.database) as drain:
        for end in turns:
            while drain.take(until=end) is not None:
                drain.keep()
        with opened.database.write() as connection:
            letters.discard_since(connection, before, conflicts.REASON)
            for number, count in duplicates.items():
                connection.execute(sa.update(imports).where(imports.c.id == number).values(duplicates=count))
