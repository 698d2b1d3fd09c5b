"""A loss of power at any instant: what was acknowledged before is there, the database is sound, and it goes on.

One day is recorded, and each seed chooses an instant of it and what the disk had by then.
"""

from __future__ import annotations

import copy
import hashlib
import os
import random
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import power
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import recorded
from tracing import strace
from workload import Place

from shoal.core.errors import UserError
from shoal.core.ids import key_id
from shoal.flow.restoring import restore
from shoal.store import lake

SEEDS = 1_000 if os.environ.get("SHOAL_SOAK") else 100
PARTS = 4
STARTED = 20
"""After one of so many losses the workspace is started and followed; after the others its files are read."""

NOTES = ("offered", "acknowledged", "read", "saved", "asked to save", "backed up", "secret")


@pytest.fixture(scope="module")
def record(tmp_path_factory: pytest.TempPathFactory) -> power.Record:
    """The system calls of a day."""
    folder = tmp_path_factory.mktemp("day")
    trace = folder.with_suffix(".trace")
    subprocess.run([*strace(trace, *power.WORDS), sys.executable, recorded.__file__, str(folder)], check=True)
    found = power.Record(trace, folder)
    trace.unlink()
    there = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    said = found.left(found.length + 1, None)
    assert {path: content for path, content in said.items() if not path.endswith("/")} == there, "the record is whole"
    return found


def instant(record: power.Record, chance: random.Random) -> int:
    """Any, or one at which something was made certain, cut off or renamed."""
    if chance.random() < 0.5:
        return chance.randrange(record.length + 2)
    return chance.choice(record.marks) + chance.randrange(2)


def lost(record: power.Record, folder: Path, crash: int, chance: random.Random) -> Place:
    """The files that a loss of power leaves, and beside them what was noted until then."""
    for path, content in record.left(crash, chance).items():
        place = folder / path
        if path in NOTES:
            continue
        if path.endswith("/"):
            place.mkdir(parents=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
    folder.mkdir(exist_ok=True)
    for note in NOTES:
        if content := record.noted(note, crash):
            (folder / note).write_bytes(content)
    return Place(folder)


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_acknowledged_is_lost_with_the_power(
    record: power.Record, run: Callable[..., dict[str, int]], tmp_path: Path, part: int
) -> None:
    for seed in range(part * SEEDS // PARTS, (part + 1) * SEEDS // PARTS):
        chance = random.Random(seed)
        crash = instant(record, chance)
        place = lost(record, tmp_path / str(seed), crash, chance)
        try:
            judge(place)
            if seed % STARTED == 0 and place.noted("secret"):  # its segments are applied by then
                restore_all(place)
                assert run(place.folder, scene="start")["status"] == 0, "the reason is above"
        except Exception as error:
            raise AssertionError(f"seed {seed}, at call {crash} of {record.length}") from error
        shutil.rmtree(place.folder)


def test_it_would_be_seen_if_nothing_were_made_certain(record: power.Record, tmp_path: Path) -> None:
    forgetful = copy.deepcopy(record)
    for node in {forgetful.root, *(naming.node for naming in forgetful.names if naming.node is not None)}:
        node.syncs.clear()
    with pytest.raises((AssertionError, OSError, sqlite3.DatabaseError, UserError)):
        judge(lost(forgetful, tmp_path / "lost", record.length, random.Random(0)))


def judge(place: Place) -> None:
    """Read the files as they are."""
    acknowledged = {key_id("\n".join(each)) for each in place.noted("acknowledged")}
    if not place.home.joinpath("shoal.db").exists():
        assert not acknowledged
        return
    for secret in place.noted("secret"):
        assert place.home.joinpath("secret").read_text() == secret
    with closing(sqlite3.connect(place.home / "shoal.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert database.execute("PRAGMA foreign_key_check").fetchall() == []
        tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
        if "alembic_version" not in tables:
            assert not acknowledged
            return
        files = lake_files(database)
        lake.verify(place.home / "lake", files)
        in_lake = [id for file in files if file.table == "events" for id in ids_in(place.home / "lake" / file.path)]
        assert len(in_lake) == len(set(in_lake))
        assert acknowledged <= {*in_lake, *waiting(database)}
        versions = {name for (name,) in database.execute("SELECT name FROM segment_versions")}
        assert set(place.noted("saved")) <= versions


def lake_files(database: sqlite3.Connection) -> list[lake.LakeFile]:
    columns = list(lake.LakeFile.__slots__)
    named = ", ".join(f'"{name}"' for name in columns)
    rows = database.execute(f"SELECT {named} FROM lake_files")
    return [lake.LakeFile(**dict(zip(columns, row, strict=True))) for row in rows]


def ids_in(file: Path) -> list[int]:
    found: list[int] = pq.read_table(file, columns=["event_id"])["event_id"].to_pylist()
    return found


def waiting(database: sqlite3.Connection) -> Iterator[int]:
    """Ids of the records that are in the journal and not in the lake."""
    rows = database.execute(
        'SELECT source, payload, sha256 FROM journal WHERE "offset" > '
        "coalesce((SELECT \"offset\" FROM offsets WHERE stage = 'lake'), 0)"
    )
    for source, payload, digest in rows:
        assert hashlib.sha256(payload).hexdigest() == digest
        for id in pa.ipc.open_stream(payload).read_next_batch()["message_id"].to_pylist():
            yield key_id(f"{source}\n{id}")


def restore_all(place: Place) -> None:
    """A backup that was told to be made is whole."""
    for name in place.noted("backed up"):
        restore(place.folder / name, place.folder / f"new of {name}")
