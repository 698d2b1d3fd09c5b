"""The database keeps the same identities, at once and in batches, whatever is looked at again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from seen_keys import POOL, RULES, TEXT, Seen, decided, histories, resolved, seen, tables

from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.profiles import decisions, identity
from shoal.profiles.decisions import Decision
from shoal.profiles.rules import Rules
from shoal.profiles.tables import (
    identity_decisions,
    identity_keys,
    identity_links,
    identity_map,
    identity_shared,
    identity_state,
    merge_log,
)
from shoal.store.database import Database, connect, metadata


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(request, tmp_path_factory):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('laws') / 'shoal.db'}"
    else:
        url = request.getfixturevalue("postgresql_url")
    database = connect(url)
    with database.write() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
    yield database
    with database.write() as connection:
        metadata.drop_all(connection)
    database.close()


def empty(database: Database) -> None:
    with database.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(sa.delete(table))


def stored(database: Database) -> dict[str, str]:
    with database.read() as connection:
        keys = connection.scalars(sa.select(identity_keys.c.id)).all()
        moved = dict(iter(connection.execute(sa.select(identity_map.c.key, identity_map.c.subscriber))))
    return {TEXT[key]: TEXT[moved.get(key, key)] for key in keys}


def record(database: Database) -> tuple[object, object]:
    with database.read() as connection:
        keys = sa.select(identity_keys.c.id, identity_keys.c.first_at).order_by(identity_keys.c.id)
        links = sa.select(identity_links).order_by(identity_links.c.a, identity_links.c.b)
        return connection.execute(keys).fetchall(), connection.execute(links).fetchall()


def observe(database: Database, history: Iterable[Seen]) -> None:
    with database.write() as connection:
        identity.observe(connection, *tables(history))


@settings(max_examples=25)
@given(history=histories, data=st.data())
def test_batches_store_the_same_record_and_map(database, history, data):
    empty(database)
    observe(database, history)
    identity.resolve(database, rules=RULES)
    at_once = record(database), stored(database)
    empty(database)
    shuffled = data.draw(st.permutations(history))
    for start in range(0, len(shuffled), 3):
        observe(database, shuffled[start : start + 3])
        if data.draw(st.booleans()):
            identity.resolve(database, rules=RULES)
    observe(database, history[:2])
    identity.resolve(database, rules=RULES)
    assert (record(database), stored(database)) == at_once
    assert stored(database) == resolved(history)


@settings(max_examples=15)
@given(history=histories, one=st.sampled_from(POOL), other=st.sampled_from(POOL))
def test_a_merge_that_is_taken_back_restores_the_stored_map(database, history, one, other):
    empty(database)
    observe(database, [*history, (0, "crm", (one,)), (0, "crm", (other,))])
    identity.resolve(database, rules=RULES)
    before = stored(database)
    if before[one] == before[other]:
        return
    decision = decisions.merge(database, key_id(one), key_id(other), actor="ana", reason="same name", at=Instant(1))
    identity.resolve(database, rules=RULES)
    assert stored(database)[one] == stored(database)[other]
    decisions.unmerge(database, decision, actor="ana", reason="a mistake", at=Instant(2))
    identity.resolve(database, rules=RULES)
    assert stored(database) == before


# ---- a resolve that looks at what is near the new gives what a look at everything gives ----


RULE_SETS = (RULES, Rules(emails_per_user=1, phones_per_key=1, neighbours=3))
ALL = 10**9

Resolve = tuple[int, int]  # place in RULE_SETS, most keys to look at by themselves
Step = Seen | Decision | Resolve


@st.composite
def streams(draw: st.DrawFn) -> list[list[Step]]:
    """What is seen and decided, cut anywhere into batches, each of them with a resolve at its end."""
    steps: list[Step] = list(draw(st.lists(seen, max_size=16)))
    place = 0
    for decision in draw(decided()):
        place = draw(st.integers(place, len(steps)))
        steps.insert(place, decision)
        place += 1
    cuts = sorted(draw(st.lists(st.integers(0, len(steps)), max_size=5)))
    rules = draw(st.sampled_from((0, 1)))
    batches: list[list[Step]] = []
    for start, end in itertools.pairwise((0, *cuts, len(steps))):
        rules = draw(st.sampled_from((rules, rules, rules, 1 - rules)))
        batches.append([*steps[start:end], (rules, draw(st.sampled_from((ALL, ALL, ALL, 0, 3, 8))))])
    return batches


def decide(database: Database, made: Decision) -> None:
    row = {
        "left": json.dumps(made.left),
        "right": json.dumps(made.right),
        **{name: getattr(made, name) for name in ("id", "kind", "undoes", "actor", "reason", "at")},
    }
    with database.write() as connection:
        connection.execute(sa.insert(identity_decisions), row)
        connection.execute(sa.update(identity_state).values(pending=True))


def everything_stored(database: Database) -> list[object]:
    told = [column for column in merge_log.c if column.name != "id"]
    asked = (
        sa.select(identity_keys).order_by(identity_keys.c.id),
        sa.select(identity_map).order_by(identity_map.c.key),
        sa.select(identity_shared).order_by(identity_shared.c.key),
        sa.select(*told).order_by(merge_log.c.id),
        sa.select(identity_state),
    )
    with database.read() as connection:
        return [connection.execute(each).fetchall() for each in asked]


def lived(database: Database, batches: list[list[Step]], *, most: int | None = None) -> list[object]:
    """All that is stored and told after each batch; the people as one who keeps them has them."""
    empty(database)
    people: dict[int, tuple[str, int]] = {}
    known = (0, 0)
    found: list[object] = []
    for at, (*steps, (rules, drawn)) in enumerate(batches):
        for step in steps:
            if isinstance(step, Decision):
                decide(database, step)
            else:
                observe(database, [step])
        most_here = drawn if most is None else most
        made = identity.resolve(database, rules=RULE_SETS[rules], at=Instant(at + 1), most=most_here)
        if made.people is not None:
            assert made.differs_from in {None, known}
            new = {row["key"]: (row["kind"], row["subscriber"]) for row in made.people.to_pylist()}
            people = new if made.differs_from is None else people | new
            known = (made.version, made.at)
        found.append((made.version, made.at, made.subscribers, made.changes, made.shared, dict(people)))
        found.append(everything_stored(database))
    return found


@settings(max_examples=20)
@given(batches=streams())
def test_a_look_at_what_is_near_stores_and_tells_what_a_look_at_everything_does(database, batches):
    assert lived(database, batches) == lived(database, batches, most=0)


@settings(max_examples=10)
@given(batches=streams())
def test_any_cut_into_resolves_gives_the_map_of_one(database, batches):
    lived(database, [[*steps, (0, ALL)] for *steps, _ in batches])
    steps = [step for *steps, _ in batches for step in steps]
    history = [step for step in steps if not isinstance(step, Decision)]
    assert stored(database) == resolved(history, [step for step in steps if isinstance(step, Decision)])
