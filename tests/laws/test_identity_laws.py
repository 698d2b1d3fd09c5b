"""Identity depends on what was seen and decided, never on the order, the batches or the number of times."""

from __future__ import annotations

import itertools
from collections.abc import Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st
from seen_keys import NOBODY, POOL, RULES, TEXT, Seen, decided, histories, resolved, sides, tables

from shoal.core.ids import key_id
from shoal.ingest.keys import KINDS, ordered
from shoal.profiles.decisions import Decision
from shoal.profiles.resolution import components
from shoal.profiles.rules import Rules


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

    def forbidden(self, level: str, within: bool, parts: set[frozenset[str]]) -> bool:
        users = [{vendor(key) for key in part if kind(key) == "user"} - {"stripe"} for part in parts]
        if self.torn(key for part in parts for key in part):
            return True
        if level == "user" and within:
            return False
        if level in ("user", "email"):
            return any(a & b for a, b in itertools.combinations(users, 2))
        somebody = {"user", "email"} if level == "phone" else {"user", "email", "phone"}
        return sum(any(kind(key) in somebody for key in part) for part in parts) > 1

    def subscribers(self) -> dict[str, str]:
        self.shared |= {key for key in self.first if key.startswith(NOBODY)}
        ends = [(a, b) for _, a, b in self.open_links()]
        for key in self.first:
            phones = sum(a == key and kind(b) == "phone" for a, b in ends)
            if sum(key in pair for pair in ends) > RULES.neighbours:
                self.shared.add(key)
            if kind(key) == "user" and sum(a == key and kind(b) == "email" for a, b in ends) > RULES.emails_per_user:
                self.shared.add(key)
            if kind(key) in ("user", "email") and phones > RULES.phones_per_key:
                self.shared.add(key)
        for level in KINDS:
            for within in (True, False) if level == "user" else (False, True):
                if (level, within) == ("email", False):
                    self.shared |= {key for key in self.first if key.startswith("email:info@") and self.crowded(key)}
                self.take(level, within)
        strength = {key: (KINDS.index(kind(key)), at, key_id(key)) for key, at in self.first.items()}
        return {key: min(group, key=strength.__getitem__) for key, group in self.group.items()}

    def crowded(self, key: str) -> bool:
        """Whether an office's address is seen with two people."""
        pairs = [(a, b) if b == key else (b, a) for _, a, b in self.open_links() if key in (a, b)]
        people = {self.group[other] for other, _ in pairs if kind(other) in ("user", "email", "phone")}
        return len(people - {self.group[key]}) + (len(self.group[key]) > 1) > 1

    def take(self, level: str, within: bool) -> None:
        links = [each for each in self.open_links() if kind(each[2]) == level and is_within(*each[1:]) == within]
        links = [(at, a, b) for at, a, b in links if b in self.group[a] or not self.torn(self.group[a] | self.group[b])]
        for key in [key for key in self.first if kind(key) == level]:
            near = {self.group[a] for _, a, b in links if b == key}
            if within or level == "user":
                near |= {self.group[b] for _, a, b in links if a == key}
            others = near - {self.group[key]}
            limited = level in ("email", "phone") or (level == "user" and vendor(key) == "")
            crowded = limited and len(others) > 1 if within else self.clash(level, others | {self.group[key]})
            if others and (crowded or any(self.torn(a | b) for a, b in itertools.combinations(others, 2))):
                self.shared.add(key)
        links = [(at, a, b) for at, a, b in links if a not in self.shared and b not in self.shared]
        parts = dict(self.group)  # as they stand before this level
        for chain in chains([(parts[a], parts[b]) for _, a, b in links]):
            ordered_links = sorted((at, key_id(a), key_id(b), a, b) for at, a, b in links if parts[a] in chain)
            if not self.forbidden(level, within, chain):
                for *_, a, b in ordered_links:
                    self.join(a, b)
                continue
            for *_, a, b in ordered_links:
                both = {part for part in chain if part <= self.group[a] | self.group[b]}
                if b in self.group[a] or not self.forbidden(level, within, both):
                    self.join(a, b)

    def clash(self, level: str, parts: set[frozenset[str]]) -> bool:
        apart, self.apart = self.apart, []
        try:
            return self.forbidden(level, False, parts)
        finally:
            self.apart = apart


def kind(key: str) -> str:
    return key.split(":", 1)[0]


def is_within(a: str, b: str) -> bool:
    """Whether both are of one kind and, where they are user ids, of one vendor."""
    return kind(a) == kind(b) and (kind(a) != "user" or vendor(a) == vendor(b))


def vendor(key: str) -> str:
    return key.split(":", 1)[1].split("/", maxsplit=1)[0] if "/" in key else ""


def chains(pairs: list[tuple[frozenset[str], frozenset[str]]]) -> list[set[frozenset[str]]]:
    found: list[set[frozenset[str]]] = []
    for a, b in pairs:
        touching = [chain for chain in found if a in chain or b in chain]
        found = [chain for chain in found if chain not in touching] + [{a, b}.union(*touching)]
    return found


PHONE = "phone:+14155552671"


@settings(max_examples=600)
@given(histories, decided())
@example([(0, "crm", ("email:a@example.org", PHONE)), (0, "shop", ("email:b@example.org", PHONE))], [])
@example([(0, "shop", ("user:shop/1", PHONE)), (0, "crm", ("email:a@example.org", PHONE))], [])
@example(
    [(0, "shop", ("user:shop/1", "email:noreply@example.org", PHONE))],
    [Decision(1, "merge", (key_id("email:noreply@example.org"),), (key_id(PHONE),))],
)
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


def of_one_vendor() -> st.SearchStrategy[list[str]]:
    pairs = [[f"user:{vendor}/1", f"user:{vendor}/2"] for vendor in ("shop", "crm", "stripe")]
    return st.sampled_from(pairs)


@given(histories, of_one_vendor())
def test_merging_two_ids_of_a_vendor_gives_what_one_record_with_both_would(history, ids):
    """A vendor that names both in one record has merged them, which is as strong as a decision."""
    calm = Rules(emails_per_user=99, phones_per_key=99, neighbours=99)
    history = [*history, *((0, "crm", (key,)) for key in ids)]
    one, other = map(key_id, ids)
    linked = components(*tables([*history, (0, "crm", ordered(ids))]), [], calm)
    decided_map = components(*tables(history), [Decision(1, "merge", (one,), (other,))], calm)
    assert linked.subscribers.tolist() == decided_map.subscribers.tolist()


@given(histories, histories, st.sampled_from(POOL), st.sampled_from(POOL))
def test_a_merge_holds_whatever_is_imported_before_and_after(before, after, one, other):
    seen_once = [(0, "crm", (key,)) for key in (one, other)]
    merge = [Decision(1, "merge", (key_id(one),), (key_id(other),))]
    for history in ([*seen_once, *before], [*after, *seen_once, *before]):
        found = resolved(history, merge)
        assert found[one] == found[other]


@given(histories, histories, sides, st.data())
def test_a_split_holds_whatever_is_imported_before_and_after(before, after, keys, data):
    cut = data.draw(st.integers(1, len(keys) - 1))
    together = (9, "shop", ordered(keys))  # the strongest evidence against it, again and again
    split = [Decision(1, "split", tuple(map(key_id, keys[:cut])), tuple(map(key_id, keys[cut:])))]
    for history in ([*before, together], [together, *after, together, *before]):
        found = resolved(history, split)
        assert not {found[key] for key in keys[:cut]} & {found[key] for key in keys[cut:]}


@given(histories, histories, decided(), sides)
def test_a_merge_taken_back_has_never_been_whatever_is_imported_after(before, after, made, keys):
    ids = tuple(map(key_id, keys))
    merge, undo = Decision(8, "merge", ids[:1], ids[1:]), Decision(9, "undo", (), (), undoes=8)
    assert resolved([*after, *before], [*made, merge, undo]) == resolved([*before, *after], made)


@given(histories, decided(), st.data())
def test_decisions_count_by_their_number_not_by_their_place(history, made, data):
    assert resolved(history, data.draw(st.permutations(made))) == resolved(history, made)
