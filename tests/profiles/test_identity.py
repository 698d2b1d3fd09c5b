from __future__ import annotations

import json

import pytest
import sqlalchemy as sa

from shoal.core.errors import UserError
from shoal.core.ids import key_id, subscriber_text
from shoal.core.time import Instant
from shoal.profiles import decisions, identity
from shoal.profiles.rules import Rules
from shoal.profiles.subscriber import find, is_identified, keys_of
from shoal.profiles.tables import identity_keys, identity_links, identity_map, identity_shared, merge_log


def log(database) -> list[tuple[str, int, int, str]]:
    with database.read() as connection:
        rows = connection.execute(sa.select(merge_log).order_by(merge_log.c.id)).fetchall()
    return [(row.kind, row.kept, row.absorbed, row.reason) for row in rows]


def evidence(database) -> list[dict[str, object]]:
    with database.read() as connection:
        return [json.loads(text) for text in connection.scalars(sa.select(merge_log.c.evidence))]


def same(database, *texts: str) -> bool:
    with database.read() as connection:
        return len({find(connection, text) for text in texts}) == 1


def test_known_rows_are_welcome_and_the_earliest_stays(database, observe):
    assert observe("user:1 email:a@example.org", at=5, source="shop") == 3
    assert observe("user:1 email:a@example.org", at=7, source="crm") == 0
    assert observe("user:1 email:a@example.org", at=5, source="crm") == 1  # the source's name settles a tie
    assert observe("user:1 email:a@example.org", at=2, source="mail") == 3
    with database.read() as connection:
        assert connection.scalars(sa.select(identity_keys.c.first_at)).all() == [2, 2]
        assert connection.execute(sa.select(identity_links)).fetchall() == [
            (key_id("user:1"), key_id("email:a@example.org"), 2, "mail")
        ]


def test_resolve_stores_only_keys_that_are_not_their_own_subscriber(database, observe):
    observe("user:1 email:a@example.org", "email:b@example.org")
    assert identity.resolve(database).subscribers == 2
    with database.read() as connection:
        stored = connection.execute(sa.select(identity_map)).fetchall()
    assert stored == [(key_id("email:a@example.org"), key_id("user:1"))]


def test_resolve_does_nothing_when_nothing_is_new(database, observe):
    observe("user:1 email:a@example.org")
    first = identity.resolve(database)
    observe("user:1 email:a@example.org", at=9)
    second = identity.resolve(database)
    assert (first.people is None, first.version) == (False, 1)
    assert (second.people is None, second.version, second.subscribers) == (True, 1, 1)


def test_other_rules_resolve_again(database, observe):
    observe("user:1 anonymous:x", "user:1 anonymous:y")
    identity.resolve(database)
    assert identity.resolve(database, rules=Rules(neighbours=1)).version == 2
    assert not same(database, "user:1", "anonymous:x")


def test_keys_that_arrive_together_are_no_merge(database, observe):
    observe("user:1 email:a@example.org")
    identity.resolve(database)
    assert log(database) == []


def test_subscribers_that_meet_are_logged_with_the_link_that_joined_them(database, observe):
    observe("user:1", "email:a@example.org")
    identity.resolve(database)
    observe("user:1 email:a@example.org", at=1_000, source="crm")
    identity.resolve(database, at=Instant(5))
    user, email = key_id("user:1"), key_id("email:a@example.org")
    assert log(database) == [("merge", user, email, "link")]
    assert evidence(database) == [
        {"a": subscriber_text(user), "b": subscriber_text(email), "at": "1970-01-01T00:00:01Z", "source": "crm"}
    ]


def test_a_stronger_key_renames_a_subscriber(database, observe):
    observe("email:a@example.org")
    identity.resolve(database)
    observe("user:1 email:a@example.org")
    identity.resolve(database)
    assert log(database) == [("rekey", key_id("user:1"), key_id("email:a@example.org"), "rule")]


def test_a_key_that_turns_out_shared_is_taken_out_again(database, observe):
    observe("user:1 anonymous:x")
    identity.resolve(database)
    observe("user:2 anonymous:x")
    identity.resolve(database)
    assert log(database) == [("unmerge", key_id("user:1"), key_id("anonymous:x"), "rule")]
    with database.read() as connection:
        assert connection.execute(sa.select(identity_shared)).fetchall() == [(key_id("anonymous:x"), "strangers", 2)]
        assert [key.shared for key in keys_of(connection, key_id("anonymous:x"))] == ["strangers"]


def test_shared_keys_are_kept_up_to_date(database, observe):
    observe("user:1 anonymous:x", "user:2 anonymous:x", "user:1 anonymous:y", "user:2 anonymous:y")
    identity.resolve(database)
    observe("user:3 anonymous:x", "user:3")
    identity.resolve(database)
    with database.read() as connection:
        found = connection.execute(sa.select(identity_shared).order_by(identity_shared.c.neighbours)).fetchall()
    assert found == [(key_id("anonymous:y"), "strangers", 2), (key_id("anonymous:x"), "strangers", 3)]


def test_merge_and_unmerge_by_a_person(database, observe):
    observe("user:shop/1", "user:shop/2")
    identity.resolve(database)
    a, b = sorted(map(key_id, ("user:shop/1", "user:shop/2")))
    number = decisions.merge(database, a, b, actor="ana", reason="same person")
    identity.resolve(database)
    assert same(database, "user:shop/1", "user:shop/2")
    decisions.unmerge(database, number, actor="ana", reason="was wrong")
    identity.resolve(database)
    assert not same(database, "user:shop/1", "user:shop/2")
    assert log(database) == [("merge", a, b, "decision"), ("unmerge", a, b, "decision")]
    assert evidence(database) == [{"decision": number}] * 2


def test_a_split_outlives_later_links(database, observe):
    observe("user:1 email:a@example.org")
    identity.resolve(database)
    decisions.split(database, [key_id("user:1")], [key_id("email:a@example.org")], actor="ana", reason="two people")
    observe("user:1 email:a@example.org", at=-1)
    resolved = identity.resolve(database)
    assert (resolved.subscribers, resolved.refused) == (2, 1)


def test_decisions_that_make_no_sense_are_refused(database, observe):
    observe("user:1 email:a@example.org")
    identity.resolve(database)
    user, email = key_id("user:1"), key_id("email:a@example.org")
    refused = {
        "same_subscriber": lambda: decisions.merge(database, user, email, actor="ana", reason=""),
        "no_such_subscriber": lambda: decisions.merge(database, user, 7, actor="ana", reason=""),
        "empty_split": lambda: decisions.split(database, [user], [], actor="ana", reason=""),
        "no_such_decision": lambda: decisions.unmerge(database, 7, actor="ana", reason=""),
    }
    for code, decide in refused.items():
        with pytest.raises(UserError) as error:
            decide()
        assert error.value.code == code
        assert "example.org" not in str(error.value)
    number = decisions.split(database, [user], [email], actor="ana", reason="")
    decisions.unmerge(database, number, actor="ana", reason="")
    with pytest.raises(UserError, match="taken back already"):
        decisions.unmerge(database, number, actor="ana", reason="")


@pytest.mark.parametrize(
    "text", ["Ana@Example.org", "7", "user:7", "(415) 555-2671", "anonymous:x", "x", subscriber_text(key_id("user:7"))]
)
def test_find_reads_what_people_know(database, observe, text):
    observe("user:7 email:ana@example.org phone:+14155552671 anonymous:x")
    identity.resolve(database)
    with database.read() as connection:
        assert find(connection, text) == key_id("user:7")


def test_find_knows_when_there_is_nobody(database, observe):
    observe("user:7")
    identity.resolve(database)
    with database.read() as connection:
        assert find(connection, "bob@example.org") is None
        assert find(connection, "") is None
        assert keys_of(connection, 12345) == ()


def test_keys_of_a_subscriber_come_strongest_first(database, observe):
    observe("user:7 email:a@example.org", at=3)
    observe("user:7 email:b@example.org anonymous:x", at=1)
    identity.resolve(database)
    with database.read() as connection:
        keys = keys_of(connection, key_id("user:7"))
        assert keys_of(connection, key_id("anonymous:x")) == ()
    assert [key.text for key in keys] == ["user:7", "email:b@example.org", "email:a@example.org", "anonymous:x"]
    assert is_identified(keys)
    assert not is_identified(keys[-1:])


def test_what_was_touched_is_looked_at_by_itself(database, observe):
    observe("user:1 email:a@example.org", "user:2 email:b@example.org")
    assert identity.resolve(database).differs_from is None
    observe("email:a@example.org anonymous:x")
    resolved = identity.resolve(database)
    texts = ("user:1", "email:a@example.org", "anonymous:x")
    assert sorted(resolved.people["key"].to_pylist()) == sorted(map(key_id, texts))
    assert set(resolved.people["subscriber"].to_pylist()) == {key_id("user:1")}
    assert (resolved.version, resolved.subscribers, resolved.differs_from[0]) == (2, 2, 1)


def test_too_much_for_a_look_of_its_own_makes_everything_be_looked_at(database, observe, monkeypatch):
    observe("user:1 email:a@example.org", "user:2 email:b@example.org")
    identity.resolve(database)
    monkeypatch.setattr(identity, "ALWAYS_NEARBY", 2)
    observe("user:3 email:c@example.org anonymous:x")
    assert identity.resolve(database).differs_from is None
    observe("email:a@example.org anonymous:y")
    assert identity.resolve(database).differs_from is None  # two were touched, a third belongs to them
    observe("anonymous:z")
    assert identity.resolve(database).differs_from is not None


def test_nothing_is_reached_through_a_placeholder(database, observe):
    observe(*(f"user:shop/{number} email:noreply@example.org" for number in range(1, 6)))
    identity.resolve(database)
    observe("user:shop/6 email:noreply@example.org")
    resolved = identity.resolve(database)
    assert resolved.people.num_rows == 2
    with database.read() as connection:
        assert connection.execute(sa.select(identity_shared)).fetchall() == [
            (key_id("email:noreply@example.org"), "placeholder", 6)
        ]
