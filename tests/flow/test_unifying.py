"""The file of who is who: brought up to date by differences, and not trusted when it is damaged."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shoal.core.ids import key_id
from shoal.flow import unifying
from shoal.profiles import identity

KEYS = pa.schema({"id": "i8", "kind": "str", "value": "str", "first_at": "i8"})
LINKS = pa.schema({"a": "i8", "b": "i8", "first_at": "i8", "source": "str"})


def see(opened, *records: str) -> None:
    """Record what was seen together: see(opened, "user:1 email:a@example.org")."""
    keys, links = [], []
    for record in records:
        first, *others = record.split()
        for text in (first, *others):
            kind, value = text.split(":", 1)
            keys.append({"id": key_id(text), "kind": kind, "value": value, "first_at": 0})
        links += [{"a": key_id(first), "b": key_id(text), "first_at": 0, "source": "shop"} for text in others]
    with opened.database.write() as connection:
        identity.observe(connection, pa.Table.from_pylist(keys, KEYS), pa.Table.from_pylist(links, LINKS))


def kept(opened):
    """The one file there is."""
    (path,) = opened.home.derived.glob("people-*")
    return path


def who(opened) -> dict[int, tuple[str, int]]:
    with opened.database.read() as connection:
        people = unifying.unified(opened.home, connection)
    assert people.schema.names == ["key", "kind", "subscriber"]
    assert len(set(people["key"].to_pylist())) == people.num_rows
    return {row["key"]: (row["kind"], row["subscriber"]) for row in people.to_pylist()}


def known(**subscribers: str) -> dict[int, tuple[str, int]]:
    """Each key by its kind, which is unique here, with its subscriber."""
    return {key_id(f"{kind}:k1"): (kind, key_id(text)) for kind, text in subscribers.items()}


def test_differences_replace_the_rows_of_the_keys_they_name(opened):
    see(opened, "email:k1", "phone:k1", "device:k1")
    unifying.unify(opened)
    assert who(opened) == known(email="email:k1", phone="phone:k1", device="device:k1")
    see(opened, "user:k1 email:k1")
    unifying.unify(opened)
    stored = pq.read_table(kept(opened))
    assert stored.num_rows == 4
    assert who(opened) == known(user="user:k1", email="user:k1", phone="phone:k1", device="device:k1")


def test_nothing_new_leaves_the_file_as_it_is(sqlite):
    see(sqlite, "user:k1 email:k1")
    unifying.unify(sqlite)
    before = kept(sqlite)
    unifying.unify(sqlite)
    assert kept(sqlite) == before


def flipped(content: bytes) -> bytes:
    """One bit of the first page changed."""
    return content[:40] + bytes([content[40] ^ 1]) + content[41:]


@pytest.mark.parametrize(
    "harm", [lambda _: b"", lambda content: content[:-20], lambda content: b"\0" * len(content), flipped, None]
)
@pytest.mark.parametrize("more", [True, False], ids=["resolved again", "read"])
def test_a_damaged_file_is_built_again(sqlite, harm, more):
    see(sqlite, "user:k1 email:k1", "phone:k1")
    unifying.unify(sqlite)
    path = kept(sqlite)
    if harm is None:
        path.unlink()
    else:
        path.write_bytes(harm(path.read_bytes()))
    expected = known(user="user:k1", email="user:k1", phone="phone:k1")
    if more:
        see(sqlite, "phone:k1 device:k1")
        unifying.unify(sqlite)
        expected |= known(device="phone:k1")
    assert who(sqlite) == expected
    assert pq.read_table(kept(sqlite)).num_rows == len(expected)


def test_a_file_that_may_not_be_read_is_an_error_and_not_a_damaged_one(sqlite):
    see(sqlite, "user:k1")
    unifying.unify(sqlite)
    path = kept(sqlite)
    path.unlink()
    path.mkdir()
    with pytest.raises(OSError, match="people-"):
        who(sqlite)
