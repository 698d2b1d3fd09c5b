"""People found by a part of what is known of them."""

from __future__ import annotations

import pytest

from shoal.core.ids import key_id, subscriber_text
from shoal.flow.seeking import seek
from shoal.profiles.tables import identity_keys, identity_map

KEYS = ("user:u-1", "email:ana.maria@example.org", "email:ana_b@example.org", "phone:+4366012345", "anonymous:anon")
WHOLE = ("u-1", "ANA.maria@Example.org", "+43 660 12345", "anon", subscriber_text(key_id("email:ana_b@example.org")))


@pytest.fixture
def known(opened):
    with opened.database.write() as connection:
        for text in KEYS:
            kind, value = text.split(":")
            row = {"id": key_id(text), "kind": kind, "value": value, "first_at": 5, "since": 1}
            connection.execute(identity_keys.insert().values(row))
        connection.execute(identity_map.insert().values(key=key_id(KEYS[1]), subscriber=key_id(KEYS[0])))
    return opened


def found(opened, text: str, **said):
    return [hit.key.text for hit in seek(opened, text, **said).people]


@pytest.mark.parametrize("text", WHOLE)
def test_a_whole_key_finds_its_owner(known, text):
    hits = seek(known, text)
    assert (len(hits.people), hits.exact, hits.last) == (1, True, None)


def test_the_owner_is_who_it_belongs_to_now(known):
    (hit,) = seek(known, "ana.maria@example.org").people
    assert (hit.subscriber, hit.key.text) == (key_id("user:u-1"), "email:ana.maria@example.org")


def test_a_part_finds_all_who_have_it(known):
    assert sorted(found(known, "EXAMPLE")) == ["email:ana.maria@example.org", "email:ana_b@example.org"]
    assert found(known, "660") == ["phone:+4366012345"]


@pytest.mark.parametrize("text", ["", "  ", "an", "%", "ana%b", "___", "nobody", "ano"])
def test_nobody_is_found_by_little_by_wildcards_or_as_a_visitor(known, text):
    assert found(known, text) == []


def test_a_sign_that_means_something_to_the_database_is_itself(known):
    assert found(known, "a_b") == ["email:ana_b@example.org"]


def test_they_come_in_pages(known):
    first = seek(known, "example", most=1)
    assert first.last is not None
    second = seek(known, "example", after=first.last, most=1)
    assert second.last is None
    assert {hit.key.text for hit in (*first.people, *second.people)} == {KEYS[1], KEYS[2]}
