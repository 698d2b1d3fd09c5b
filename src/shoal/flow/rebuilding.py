"""All that is derived, thrown away and computed again from what is on record."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import sqlalchemy as sa

from shoal.core.settings import Home
from shoal.flow.backup_form import BASELINE
from shoal.flow.home import Opened, one_writer
from shoal.flow.salvaging import Salvaged, salvage
from shoal.flow.unifying import keep
from shoal.ingest import lake_rows, names, versions
from shoal.ingest.names import Name
from shoal.ingest.tables import known_names, superseded_events
from shoal.profiles import identity, nearby
from shoal.profiles.tables import identity_state
from shoal.store import lake
from shoal.store.duck import open_duck


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What was done."""

    subscribers: int
    names: int  # events, properties and traits that the data knows
    salvaged: Salvaged | None  # None: the journal was not asked for


def rebuild(opened: Opened, *, from_journal: bool = False) -> Rebuilt:
    """Throw away and compute again: who is who, names, which statement of an event stands, and the folder `derived`.

    The live reading is read from the lake when the server starts; what its change feed goes on from is kept. With
    `from_journal`, lake files that are damaged or missing are set aside first, and what the journal still has of them
    is taken to the lake again. Raises UserError `busy` while a server or an import runs, `damaged_lake` where files are
    damaged and the journal was not asked for.
    """
    with one_writer(opened.home):
        salvaged = salvage(opened) if from_journal else None
        found = _recount(opened)
        _clear(opened.home)
        with opened.database.write() as connection:
            nearby.look_at_everything_next(connection)
            connection.execute(sa.update(identity_state).values(rules="", pending=True))
        resolved = identity.resolve(opened.database)
        keep(opened, resolved)
    return Rebuilt(resolved.subscribers, found, salvaged)


def _clear(home: Home) -> None:
    for path in home.derived.iterdir() if home.derived.is_dir() else ():
        if path.is_dir():
            shutil.rmtree(path)
        elif path != home.folder / BASELINE:
            path.unlink(missing_ok=True)


def _recount(opened: Opened) -> int:
    """Read names and standing statements from the lake."""
    with opened.database.read() as connection:
        files = lake.catalogued(connection)
    lake.check(opened.home.lake, files)
    with open_duck(opened.home.lake, scratch=opened.home.scratch) as duck:
        found = _names(duck, opened.home, files)
        standing = versions.NONE
        if scan := _scan(opened.home, files, "events"):
            standing = duck.sql(lake_rows.SEVERAL.format(rows=scan)).to_arrow_table()
    with opened.database.write() as connection:
        connection.execute(sa.delete(known_names))
        names.add(connection, found)
        connection.execute(sa.delete(superseded_events))
        versions.supersede(connection, standing)
    return len(found)


def _names(duck: duckdb.DuckDBPyConnection, home: Home, files: Sequence[lake.LakeFile]) -> list[Name]:
    found: list[Name] = []
    for table, query in lake_rows.STORED_NAMES.items():
        if scan := _scan(home, files, table):
            found += [Name(*row) for row in duck.execute(query.format(rows=scan)).fetchall()]
    return found


def _scan(home: Home, files: Sequence[lake.LakeFile], table: str) -> str:
    of_table = [file for file in files if file.table == table]
    return lake.scan(home.lake, of_table) if of_table else ""
