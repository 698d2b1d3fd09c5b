"""Canonical records as Arrow, and the keys by which they name people."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.ingest import keys
from shoal.ingest.canonical import SCHEMA, Consent, Record, content_id, to_batch

ARRIVAL = Instant(1_000)


def test_a_batch_has_all_that_its_records_say() -> None:
    record = Record(
        ("user:1", "email:a@example.org"),
        "Seen",
        Instant(5),
        "m",
        {"b": 1, "a": [None]},
        {"c": "é"},
        (Consent("email", "denied"),),
    )
    batch = to_batch([(7, record), (8, Record(("user:2",)))], ARRIVAL)
    assert batch.schema == SCHEMA
    first, second = batch.to_pylist()
    assert first["keys"] == ["user:1", "email:a@example.org"]
    assert json.loads(first["properties"]) == {"b": 1, "a": [None]}
    assert json.loads(first["consent"]) == [{"channel": "email", "state": "denied"}]
    assert (second["line"], second["properties"], second["traits"], second["consent"]) == (8, None, None, None)
    assert batch["at"].cast("int64").to_pylist() == [5, 1_000]


def test_the_future_is_clamped_to_the_arrival() -> None:
    batch = to_batch([(1, Record(("user:1",), at=Instant(2_000)))], ARRIVAL)
    assert batch["at"].cast("int64").to_pylist() == [1_000]


@given(st.integers(-(2**80), 2**80))
def test_numbers_beyond_64_bits_become_floating_point(number: int) -> None:
    text = to_batch([(1, Record(("user:1",), properties={"n": [number], "id": "9" * 20}))], ARRIVAL)["properties"][
        0
    ].as_py()
    (found,) = json.loads(text)["n"]
    assert found == (number if -(2**63) <= number < 2**63 else float(number))
    assert json.loads(text)["id"] == "9" * 20


def test_a_content_id_follows_from_what_is_said_in_whatever_order() -> None:
    left = Record(("user:1",), "Seen", properties={"a": 1, "b": 2})
    right = Record(("user:1",), "Seen", properties={"b": 2, "a": 1})
    assert content_id(left) == content_id(right) != content_id(Record(("user:1",), "Seen"))


@given(st.lists(st.sampled_from(["user:1", "user:2", "email:a@b.co", "phone:+1", "anonymous:x", "device:d", None])))
def test_keys_are_ordered_by_strength_each_once(found: list[str | None]) -> None:
    got = keys.ordered(found)
    assert set(got) == {key for key in found if key}
    assert [keys.KINDS.index(key.split(":")[0]) for key in got] == sorted(
        keys.KINDS.index(key.split(":")[0]) for key in got
    )
    assert got == keys.ordered(reversed(found))


LOCAL = st.text("ab1._+-A!é\"' ", min_size=1, max_size=8)
DOMAIN = st.text("ab1-.AZé_", min_size=1, max_size=10)
ENDING = st.sampled_from([".com", ".org", ".test", ".local", ".onion", ".c1", ".x", ".co.uk", ".xn--p1ai", ""])


@pytest.mark.parametrize(
    "written",
    [
        "\ufeffana@example.org",
        "ana@\u200bexample.org\u200b",
        "\u200eana@example.org\u00ad",
        "Ana Silva <ana@example.org>",
        '"Silva, Ana" <Ana@Example.org>',
        " < ana@example.org > ",
        "mailto:ana@example.org",
        "MAILTO:ana@example.org?subject=Hello",
        "Ana <mailto:ana@example.org>",
        "\uff41\uff4e\uff41\uff20\uff45\uff58\uff41\uff4d\uff50\uff4c\uff45\uff0eorg",
    ],
)
def test_what_is_around_an_address_is_left_out(written: str) -> None:
    assert keys.email_key(written) == "email:ana@example.org"


@pytest.mark.parametrize("written", ["Ana <>", "mailto:", "<ana@example.org", "a <b@example.org> c", "a b@example.org"])
def test_what_holds_no_single_address_is_none(written: str) -> None:
    assert keys.email_key(written) is None


@given(LOCAL, DOMAIN, ENDING)
def test_the_quick_way_to_an_email_key_is_the_librarys(local: str, domain: str, ending: str) -> None:
    address = f"{local}@{domain}{ending}"
    assert keys.email_key(address) == keys._validated(address)


def test_ids_do_not_change() -> None:
    assert key_id("email:ana@example.org") == 5_966_001_403_309_009_800
