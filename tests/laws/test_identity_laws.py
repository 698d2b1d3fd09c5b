"""Identity depends on what was seen and decided, never on the order, the batches or the number of times."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.ingest.keys import KINDS, ordered
from shoal.profiles import decisions, identity
from shoal.profiles.decisions import Decision
from shoal.profiles.resolution import components
from shoal.profiles.rules import Rules
from shoal.profiles.tables import identity_keys, identity_links, identity_map
from shoal.store.database import Database, connect, metadata

POOL = (
    *(f"user:{text}" for text in ("shop/1", "shop/2", "crm/1", "crm/2", "stripe/1", "stripe/2", "7")),
    *(f"email:{name}@example.org" for name in ("a", "b", "c", "d", "info", "noreply")),
    *(f"phone:+1415555267{digit}" for digit in range(3)),
    *(f"anonymous:{name}" for name in "xyz"),
    *(f"device:{name}" for name in "de"),
)
TEXT = {key_id(text): text for text in POOL}
RULES = Rules(emails_per_user=3, neighbours=6)

Seen = tuple[int, str, tuple[str, ...]]  # at, source, keys

seen = st.tuples(
    st.integers(0, 5),
    st.sampled_from(("crm", "shop")),
    st.sets(st.sampled_from(POOL), min_size=1, max_size=4).map(ordered),
)
histories = st.lists(seen, max_size=14)
sides = st.sets(st.sampled_from(POOL), min_size=2, max_size=4).map(sorted)


@st.composite
def decided(draw: st.DrawFn) -> list[Decision]:
    made: list[Decision] = []
    for number in range(1, draw(st.integers(0, 4)) + 1):
        if made and draw(st.integers(0, 3)) == 0:
            made.append(Decision(number, "undo", (), (), undoes=draw(st.integers(1, len(made)))))
            continue
        keys = [key_id(text) for text in draw(sides)]
        cut = draw(st.integers(1, len(keys) - 1))
        kind = draw(st.sampled_from(("merge", "split")))
        made.append(Decision(number, kind, tuple(keys[:cut]), tuple(keys[cut:])))
    return made


def tables(history: Iterable[Seen]) -> tuple[pa.Table, pa.Table]:
    keys, links = [], []
    for at, source, (first, *others) in history:
        for text in (first, *others):
            kind, value = text.split(":", 1)
            keys.append({"id": key_id(text), "kind": kind, "value": value, "first_at": at})
        links += [{"a": key_id(first), "b": key_id(text), "first_at": at, "source": source} for text in others]
    integers = dict.fromkeys(("id", "a", "b", "first_at"), pa.int64())
    return (
        pa.Table.from_pylist(
            keys, pa.schema([(name, integers.get(name, pa.string())) for name in ("id", "kind", "value", "first_at")])
        ),
        pa.Table.from_pylist(
            links, pa.schema([(name, integers.get(name, pa.string())) for name in ("a", "b", "first_at", "source")])
        ),
    )


def resolved(history: Iterable[Seen], made: list[Decision] | None = None) -> dict[str, str]:
    found = components(*tables(history), made or [], RULES)
    return {TEXT[key]: TEXT[who] for key, who in zip(found.keys.tolist(), found.subscribers.tolist(), strict=True)}


# ---- the judge: the same rules, one key and one link at a time ----


class Judge:
    def __init__(self, history: list[Seen], made: list[Decision]) -> None:
        self.first: dict[str, int] = {}
        self.links: dict[tuple[str, str], int] = {}
        for at, _, keys in history:
            for key in keys:
                self.first[key] = min(at, self.first.get(key, at))
            for other in keys[1:]:
                pair = tuple(sorted((keys[0], other), key=lambda key: (KINDS.index(kind(key)), key_id(key))))
                self.links[pair] = min(at, self.links.get(pair, at))
        self.group = {key: frozenset([key]) for key in self.first}
        self.apart: list[tuple[str, str]] = []
        self.shared: set[str] = set()
        self.decide(made)

    def join(self, a: str, b: str) -> None:
        together = self.group[a] | self.group[b]
        for key in together:
            self.group[key] = together

    def torn(self, keys: Iterable[str]) -> bool:
        present = set(keys)
        return any(a in present and b in present for a, b in self.apart)

    def decide(self, made: list[Decision]) -> None:
        undone: set[int] = set()
        for each in reversed(made):
            if each.id in undone:
                continue
            if each.undoes:
                undone.add(each.undoes)
            left, right = ([TEXT[key] for key in side if TEXT[key] in self.first] for side in (each.left, each.right))
            if each.kind == "split":
                self.apart += [(a, b) for a, b in itertools.product(left, right) if b not in self.group[a]]
            if each.kind == "merge":
                for a, b in itertools.pairwise(left + right):
                    if not self.torn(self.group[a] | self.group[b]):
                        self.join(a, b)

    def open_links(self) -> list[tuple[int, str, str]]:
        return [(at, a, b) for (a, b), at in self.links.items() if a not in self.shared and b not in self.shared]

    def forbidden(self, level: str, parts: set[frozenset[str]]) -> bool:
        users = [{vendor(key) for key in part if kind(key) == "user"} - {"stripe"} for part in parts]
        if self.torn(key for part in parts for key in part):
            return True
        if level == "user":
            return False
        if level == "email":
            return any(a & b for a, b in itertools.combinations(users, 2))
        somebody = {"user", "email"} if level == "phone" else {"user", "email", "phone"}
        named = [part for part in parts if somebody & {kind(key) for key in part}]
        if level == "phone":
            return len(named) > 2 or sum(any(kind(key) == "user" for key in part) for part in named) > 1
        return len(named) > 1

    def subscribers(self) -> dict[str, str]:
        self.shared |= {key for key in self.first if key.startswith("email:noreply@")}
        ends = [(a, b) for _, a, b in self.open_links()]
        for key in self.first:
            if sum(key in pair for pair in ends) > RULES.neighbours:
                self.shared.add(key)
            if kind(key) == "user" and sum(a == key and kind(b) == "email" for a, b in ends) > RULES.emails_per_user:
                self.shared.add(key)
        for level in KINDS:
            self.take(level)
        strength = {key: (KINDS.index(kind(key)), at, key_id(key)) for key, at in self.first.items()}
        return {key: min(group, key=strength.__getitem__) for key, group in self.group.items()}

    def take(self, level: str) -> None:
        links = [each for each in self.open_links() if kind(each[2]) == level]
        links = [(at, a, b) for at, a, b in links if b in self.group[a] or not self.torn(self.group[a] | self.group[b])]
        for key in [key for key in self.first if kind(key) == level]:
            stronger = {self.group[a] for _, a, b in links if b == key and kind(a) != level}
            users = [part for part in stronger | {self.group[key]} if any(kind(each) == "user" for each in part)]
            lonely_role = key.startswith("email:info@") and len(users) > 1
            torn = any(self.torn(a | b) for a, b in itertools.combinations(stronger - {self.group[key]}, 2))
            if stronger and (self.clash(level, stronger | {self.group[key]}) or lonely_role or torn):
                self.shared.add(key)
        links = [(at, a, b) for at, a, b in links if a not in self.shared and b not in self.shared]
        parts = dict(self.group)  # as they stand before this kind
        for chain in chains([(parts[a], parts[b]) for _, a, b in links]):
            within = sorted((at, key_id_order(a), key_id_order(b), a, b) for at, a, b in links if parts[a] in chain)
            if not self.forbidden(level, chain):
                for *_, a, b in within:
                    self.join(a, b)
                continue
            for *_, a, b in within:
                both = {part for part in chain if part <= self.group[a] | self.group[b]}
                if b in self.group[a] or not self.forbidden(level, both):
                    self.join(a, b)

    def clash(self, level: str, parts: set[frozenset[str]]) -> bool:
        apart, self.apart = self.apart, []
        try:
            return self.forbidden(level, parts)
        finally:
            self.apart = apart


def kind(key: str) -> str:
    return key.split(":", 1)[0]


def key_id_order(key: str) -> int:
    return key_id(key)


def vendor(key: str) -> str:
    return key.split(":", 1)[1].split("/", maxsplit=1)[0] if "/" in key else ""


def chains(pairs: list[tuple[frozenset[str], frozenset[str]]]) -> list[set[frozenset[str]]]:
    found: list[set[frozenset[str]]] = []
    for a, b in pairs:
        touching = [chain for chain in found if a in chain or b in chain]
        found = [chain for chain in found if chain not in touching] + [{a, b}.union(*touching)]
    return found


@settings(max_examples=600)
@given(histories, decided())
def test_arrays_agree_with_the_judge(history, made):
    assert resolved(history, made) == Judge(history, made).subscribers()


# ---- the laws ----


@given(histories, decided(), st.data())
def test_order_and_repetition_change_nothing(history, made, data):
    again = data.draw(
        st.permutations(history + data.draw(st.lists(st.sampled_from(history), max_size=5)) if history else [])
    )
    assert resolved(again, made) == resolved(history, made)


@given(histories, decided())
def test_taking_a_decision_back_restores_exactly_the_map_before(history, made):
    merge = Decision(8, "merge", (key_id(POOL[0]),), (key_id(POOL[1]),))
    undo = Decision(9, "undo", (), (), undoes=8)
    assert resolved(history, [*made, merge, undo]) == resolved(history, made)


@given(histories, st.sampled_from(POOL), st.sampled_from(POOL))
def test_merging_two_gives_what_one_record_with_both_strongest_keys_would(history, one, other):
    """Where rules don't object: a record that names both, two user ids, is as strong as a decision."""
    users = [key for key in (one, other) if kind(key) == "user"]
    history = [*history, *((0, "crm", (key,)) for key in (one, other))]
    merged = resolved(history, [Decision(1, "merge", (key_id(one),), (key_id(other),))])
    assert merged[one] == merged[other]
    if len(users) == 2 and one != other:
        calm = Rules(emails_per_user=99, neighbours=99)
        linked = components(*tables([*history, (0, "crm", ordered([one, other]))]), [], calm)
        decided_map = components(*tables(history), [Decision(1, "merge", (key_id(one),), (key_id(other),))], calm)
        assert linked.subscribers.tolist() == decided_map.subscribers.tolist()


# ---- the same in a database, at once and in batches ----


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
