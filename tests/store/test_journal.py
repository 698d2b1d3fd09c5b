from __future__ import annotations

import pyarrow as pa
import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.store import journal
from shoal.store.database import Database
from shoal.store.tables import journal as table


def put(connection: sa.Connection, *values: int) -> int:
    batch = pa.record_batch({"value": pa.array(values, pa.int64())})
    return journal.append(connection, origin="import:1", source="test", received_at=Instant(5), batch=batch)


def values(entries: list[journal.Entry]) -> list[list[int]]:
    return [entry.batch.column("value").to_pylist() for entry in entries]


def test_entries_come_back_in_order_as_they_were(database: Database) -> None:
    with database.write() as connection:
        start = put(connection, 1, 2)
        put(connection, 3)
    with database.write() as connection:
        put(connection, 4, 5, 6)
    with database.read() as connection:
        entries = list(journal.read(connection, after=start - 1, most_rows=100))
        assert values(entries) == [[1, 2], [3], [4, 5, 6]]
        assert {(entry.origin, entry.source, entry.received_at) for entry in entries} == {("import:1", "test", 5)}
        assert journal.waiting(connection, after=start) == 4


def test_a_turn_takes_whole_entries_and_at_least_one(database: Database) -> None:
    with database.write() as connection:
        start = put(connection, 1, 2, 3) - 1
        put(connection, 4)
    with database.read() as connection:
        assert values(list(journal.read(connection, after=start, most_rows=1))) == [[1, 2, 3]]
        assert values(list(journal.read(connection, after=start, most_rows=4))) == [[1, 2, 3], [4]]


def test_a_damaged_entry_is_noticed(database: Database) -> None:
    with database.write() as connection:
        offset = put(connection, 1)
        connection.execute(sa.update(table).where(table.c.offset == offset).values(payload=b"other"))
    with database.read() as connection, pytest.raises(UserError) as error:
        list(journal.read(connection, after=offset - 1, most_rows=1))
    assert error.value.code == "damaged_journal"
    assert str(offset) in str(error.value.where)
    assert "backup" in str(error.value.fix)


def test_only_entries_that_are_in_the_lake_and_old_are_trimmed(database: Database) -> None:
    with database.write() as connection:
        first = put(connection, 1)
        second = put(connection, 2)
    with database.write() as connection:
        assert journal.trim(connection, up_to=first, received_before=Instant(5)) == 0
        assert journal.trim(connection, up_to=first, received_before=Instant(6)) >= 1
    with database.read() as connection:
        assert [entry.offset for entry in journal.read(connection, after=first - 1, most_rows=9)] == [second]


def test_an_offset_starts_at_zero_and_moves(database: Database) -> None:
    with database.write() as connection:
        assert journal.offset_of(connection, "some stage") == 0
        journal.move_offset(connection, "some stage", 3)
        journal.move_offset(connection, "some stage", 9)
        assert journal.offset_of(connection, "some stage") == 9
