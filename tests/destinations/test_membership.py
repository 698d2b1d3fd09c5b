"""What a receiver was told, put together from what was confirmed."""

from __future__ import annotations

import pytest

from shoal.destinations import membership, tables
from shoal.store.database import connect, sqlite_url


@pytest.fixture
def database(tmp_path):
    found = connect(sqlite_url(tmp_path / "told.db"))
    with found.write() as connection:
        tables.destination_members.create(connection)
    yield found
    found.close()


def people(*names):
    return membership.rows_of({"email": list(names)})


def emails(rows):
    return rows["email"].to_pylist()


def test_nothing_told_is_not_the_same_as_nobody_told(database):
    with database.write() as connection:
        assert membership.confirmed(connection, 1, "vip") is None
        membership.confirm(connection, 1, "vip", 1, people(), here=True)
        assert emails(membership.confirmed(connection, 1, "vip")) == []
        assert membership.confirmed(connection, 1, "other") is None
        assert membership.confirmed(connection, 2, "vip") is None


def test_many_batches_are_put_together_and_the_last_word_counts(database, monkeypatch):
    monkeypatch.setattr(membership, "MOST_PARTS", 4)
    held = set()
    with database.write() as connection:
        for batch in range(1, 40):
            name, here = f"p{batch * 7 % 5}@example.org", batch * 3 % 7 > 2
            (held.add if here else held.discard)(name)
            membership.confirm(connection, 1, "vip", batch, people(name), here=here)
            assert emails(membership.confirmed(connection, 1, "vip")) == sorted(held)
        count = connection.exec_driver_sql("SELECT count(*) FROM destination_members").scalar()
        assert count <= 5


def test_people_without_a_name_are_left_out_and_doubles_are_one():
    rows = membership.rows_of({"email": ["b", None, "a", "b"], "user_id": ["1", None, "", "1"]})
    assert rows.to_pylist() == [{"email": "a", "user_id": ""}, {"email": "b", "user_id": "1"}]


def test_what_is_forgotten_is_told_again(database):
    with database.write() as connection:
        for segment in ("a", "b"):
            membership.confirm(connection, 1, segment, 1, people("x"), here=True)
        membership.forget(connection, 1, "a")
        assert membership.told_of(connection, 1) == {"b"}
        membership.forget(connection, 1)
        assert membership.told_of(connection, 1) == set()
