"""What joined somebody, as it is told."""

from __future__ import annotations

from shoal.core.ids import key_id
from shoal.profiles import decisions, identity
from shoal.profiles.merges import merges_of, ties, waiting_for
from shoal.profiles.subscriber import subscriber_of
from shoal.profiles.tables import proposals


def whose(database, text: str) -> int:
    with database.read() as connection:
        return subscriber_of(connection, key_id(text))


def merges(database, text: str):
    number = whose(database, text)
    with database.read() as connection:
        return number, merges_of(connection, number)


def test_a_link_tells_its_source_its_time_and_its_keys(database, observe):
    observe("user:1", "anonymous:v")
    identity.resolve(database)
    observe("user:1 anonymous:v", at=7, source="web")
    identity.resolve(database)
    number, (line,) = merges(database, "user:1")
    assert (line.kind, line.kept, line.absorbed, line.reason) == ("merge", number, key_id("anonymous:v"), "link")
    assert (line.source, line.linked_at, {key.text for key in line.keys}) == ("web", 7, {"user:1", "anonymous:v"})
    with database.read() as connection:
        (tie,) = ties(connection, [key_id("user:1"), key_id("anonymous:v"), 5])
    assert (tie.a, tie.b, tie.first_at, tie.source) == (key_id("user:1"), key_id("anonymous:v"), 7, "web")


def test_who_went_into_somebody_who_was_absorbed_is_told_too(database, observe):
    observe("user:1", "email:a@example.org", "anonymous:v")
    identity.resolve(database)
    observe("email:a@example.org anonymous:v")
    identity.resolve(database)
    observe("user:1 email:a@example.org")
    identity.resolve(database)
    _, lines = merges(database, "user:1")
    assert [line.absorbed for line in lines] == [key_id("email:a@example.org"), key_id("anonymous:v")]


def test_a_decision_tells_who_and_why_and_whether_it_stands(database, observe):
    observe("user:1", "user:2")
    identity.resolve(database)
    made = decisions.merge(database, key_id("user:1"), key_id("user:2"), actor="ana", reason="she called")
    identity.resolve(database)
    _, (line,) = merges(database, "user:1")
    assert (line.decision, line.actor, line.words, line.stands) == (made, "ana", "she called", True)
    decisions.unmerge(database, made, actor="ana", reason="a mistake")
    identity.resolve(database)
    _, lines = merges(database, "user:1")
    assert [(line.kind, line.stands) for line in lines] == [("unmerge", False), ("merge", False)]


def test_proposals_come_with_the_other_side(database, observe):
    observe("user:1", "user:2", "user:3")
    identity.resolve(database)
    a, b = sorted((key_id("user:1"), key_id("user:2")))
    row = {"a": a, "b": b, "score": 0.9, "reasons": '["same_name"]', "status": "open", "created_at": 0}
    with database.write() as connection:
        connection.execute(proposals.insert().values(row))
    with database.read() as connection:
        ((proposal, keys),) = waiting_for(connection, key_id("user:1"))
        assert waiting_for(connection, key_id("user:3")) == ()
    assert (proposal.english(), [key.text for key in keys]) == ("the same name", ["user:2"])
