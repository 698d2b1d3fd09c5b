"""The live reading gives the members that the oracle gives, whatever is told in whatever order, at every instant."""

from __future__ import annotations

import os
from dataclasses import replace

import cases
import numpy as np
import pytest
from comparing import compared
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shoal.core.time import Duration, Instant
from shoal.flow import live as flow_live
from shoal.segments import oracle
from shoal.segments.history import History
from shoal.segments.kinds.aggregate import Aggregate, Bound
from shoal.segments.kinds.anniversary import Anniversary
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.kinds.average import Average
from shoal.segments.kinds.bucket import InBucket
from shoal.segments.kinds.can_receive import CanReceive
from shoal.segments.kinds.changed import Changed
from shoal.segments.kinds.consent import Consent
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.first_last import FirstLast
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.kinds.has_been import HasBeen
from shoal.segments.kinds.imported import ImportedFrom
from shoal.segments.kinds.latest import EndSays
from shoal.segments.kinds.local_time import LocalTime
from shoal.segments.kinds.on_list import OnList
from shoal.segments.kinds.opted_in import EverOptedIn, OptedIn, Suppressed
from shoal.segments.kinds.percentile import Share
from shoal.segments.kinds.radius import Radius
from shoal.segments.kinds.regular import PeriodsBack, Regular
from shoal.segments.kinds.segment import Member
from shoal.segments.kinds.sequence import EventSequence
from shoal.segments.kinds.trait import Trait
from shoal.segments.kinds.trend import Trend
from shoal.segments.live import Live, Persons, engine
from shoal.segments.live.histories import facts_of
from shoal.segments.live.program import Program
from shoal.segments.live.prospects import leaving
from shoal.segments.nodes import Person, walk
from shoal.segments.streams import Stream
from shoal.segments.summaries import Summary
from shoal.segments.times import Times
from shoal.segments.windows import BeforeAgo, Between, BetweenAgo, Last
from shoal.store.duck import open_duck

DAY = 86_400_000
RUNS = int(os.environ.get("SHOAL_LIVE_RUNS", "25"))
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)  # courses are long: shrinking them takes minutes
PEOPLE = 6
KINDS = ("events", "traits", "consents")

bare = st.sampled_from(cases.NAMED).map(Stream)  # met by more events than a stream with filters
streams = st.one_of(bare, bare, cases.streams.filter(lambda stream: stream.local is None))
week, fortnight = Duration(7, "d"), Duration(14, "d")
windows = st.one_of(
    st.sampled_from((Last(week), Last(fortnight), BetweenAgo(fortnight, week), BeforeAgo(week))), cases.windows
)


weeks = st.builds(PeriodsBack, st.integers(2, 4), st.just(week))
sums = st.builds(Summary, st.sampled_from(("sum", "average")), streams, st.sampled_from((("a",), ("b",))), windows)


def computed(node):
    return not Program.of([("", node.lower(), False)]).gapped


leaves = tuple(
    each.filter(computed)
    for each in (
        st.builds(Did, streams, cases.times, windows),
        st.builds(Did, streams, cases.times, windows),
        st.builds(Did, streams, cases.times, windows),
        cases.leaves[FirstLast],
        cases.leaves[Trend],
        st.builds(Average, streams, st.booleans(), windows, st.one_of(st.none(), st.sampled_from(cases.NAMED))),
        cases.leaves[Trait],
        cases.leaves[Consent],
        cases.leaves[InBucket],
        cases.leaves[Regular],
        st.builds(Regular, bare, weeks, st.sampled_from((Times("at_least", 2), Times("at_most", 1))), cases.times),
        st.builds(Aggregate, sums, cases.bounds),
        st.builds(Aggregate, sums, cases.bounds),
        cases.leaves[HasBeen],
        cases.leaves[HasBeen],
    )
)
"""Conditions that the live reading computes itself."""


def definitions(names):
    single = [*leaves, st.builds(Member, st.sampled_from(list(names)))] if names else leaves
    tree = st.recursive(
        st.one_of(*single),
        lambda parts: st.one_of(
            parts.map(Not),
            st.builds(
                lambda group, members: group(tuple(members)),
                st.sampled_from((All, Either, Neither)),
                st.lists(parts, min_size=1, max_size=3),
            ),
        ),
        max_leaves=3,
    )
    return st.one_of(tree, tree, tree.map(IncludingAnonymous))


@st.composite
def segment_sets(draw):
    found = {}
    for name in cases.SEGMENTS:
        found[name] = draw(definitions(tuple(found)))
    return found


steps = st.one_of(
    st.tuples(st.just("fold"), st.lists(st.integers(0, 200), max_size=8)),
    st.tuples(st.just("fold"), st.lists(st.integers(0, 200), max_size=8)),
    st.tuples(st.just("advance"), st.sampled_from((1, 2, 7 * DAY - 1, 7 * DAY, 7 * DAY + 1, 21 * DAY))),
    st.tuples(st.just("advance"), st.sampled_from((1, 2, 1_000, DAY - 1, DAY, 7 * DAY, 30 * DAY, 90 * DAY))),
    st.tuples(st.just("merge"), st.tuples(st.integers(0, PEOPLE - 1), st.integers(0, PEOPLE - 1))),
    st.tuples(st.just("erase"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("identify"), st.integers(0, PEOPLE - 1)),
    st.tuples(st.just("define"), st.tuples(st.sampled_from(cases.SEGMENTS), definitions(()))),
)


class World:
    """A live reading beside the histories it was told."""

    def __init__(self, people, segments, start):
        self.people = {one.subscriber: one for one in people}  # who exists, with what is told
        self.segments = dict(segments)
        self.live = Live(start)
        self.joined = {}
        self.feed = []
        self.shown = {}
        self._define()

    def _define(self, silent=True):
        needs = self.live.define(self.segments)
        self.live.persons(self._persons(self.people.values()))
        self.live.load(self._facts(self.people.values(), needs))
        found = self.live.settle(silent=silent)
        self._follow(found)
        if silent:
            self.shown = self._members()

    def _persons(self, people, present=True):
        ids = [one.subscriber for one in people]
        return Persons(
            np.array(ids, np.int64),
            np.full(len(ids), present),
            np.array([one.identified for one in people], np.bool_),
        )

    def _facts(self, people, needs=None):
        people = list(people)
        needs = needs or self.live.needs
        places = self.live.people.places(np.array([one.subscriber for one in people], np.int64))
        return facts_of(people, needs, {one.subscriber: int(where) for one, where in zip(people, places, strict=True)})

    def _follow(self, changes):
        for one in changes:
            members = self.shown.setdefault(one.segment, set())
            assert (one.subscriber in members) != one.entered, "entered twice"
            (members.add if one.entered else members.discard)(one.subscriber)
        self.feed += list(changes)

    def _members(self):
        return {name: set(self.live.ids(name).tolist()) for name in self.segments}

    def check(self):
        people, now = list(self.people.values()), self.live.now
        for name, node in self.segments.items():
            want = oracle.members(node, people, now, self.segments)
            assert self.live.ids(name).tolist() == want, f"{name}: {node.english()} at {now}"
            compared("live", node, len(people))
            assert self.shown.get(name, set()) == set(want)
        assert self.live.sizes() == self.live.evaluate()

    def check_leaving(self):
        """When time alone takes members out, by the oracle; averages depend on others, so they are left out."""
        people, now = list(self.people.values()), self.live.now
        far = Instant(now + 1_000 * DAY)
        plain = {name: node for name, node in self.segments.items() if not self._averaged(node)}
        for one in people:
            found = leaving(self.live, one.subscriber)
            for name, node in plain.items():
                at = found.get(name)
                moments = [far] if at is None else [Instant(at - 1), at]
                inside = [one.subscriber in oracle.members(node, people, each, self.segments) for each in moments]
                if one.subscriber in self.live.ids(name).tolist():
                    assert inside in ([True], [True, False]), f"{node.english()} at {now}: {at}"
                else:
                    assert at is None

    def _averaged(self, node):
        parts = [part for each in (node, *self.segments.values()) for _, part in walk(each)]
        return any(isinstance(part, Average) for part in parts)

    def fold(self, told):
        """Histories of what is new, of people who are there or new."""
        new = [replace(one, events=(), traits=(), consents=()) for one in told if one.subscriber not in self.people]
        self._follow(self.live.fold(persons=self._persons(new)) if new else [])
        self.people |= {one.subscriber: one for one in new}
        self._follow(self.live.fold(self._facts(told)))
        for one in told:
            known = self.people[one.subscriber]
            self.people[one.subscriber] = _together(known, one)

    def merge(self, kept, gone, *, apart):
        one, other = self.people[kept], self.people.pop(gone)
        both = replace(_together(one, other), identified=one.identified or other.identified)
        self.joined[kept, gone] = (one, other)
        if apart:
            self._move([other], [replace(other, subscriber=kept)], [both], [other])
        else:
            self._follow(self.live.merge(*(np.array([one]) for one in (gone, kept)), self._everybody([both], [other])))
        self.people[kept] = both

    def part(self, kept, gone):
        _, other = self.joined.pop((kept, gone))
        now = self.people[kept]
        other = replace(other, identified=True)
        rest = replace(
            now, **{kind: tuple(x for x in getattr(now, kind) if x not in getattr(other, kind)) for kind in KINDS}
        )
        self._move([replace(other, subscriber=kept)], [other], [rest, other], [])
        self.people |= {kept: rest, gone: other}

    def _move(self, taken, told, there, gone):
        persons = self._everybody(there, gone)
        self._follow(self.live.fold(self._facts(told), taken_back=self._facts(taken), persons=persons))

    def _everybody(self, there, gone):
        ids = [self._persons(there), self._persons(gone, present=False)]
        return Persons(*(np.concatenate([getattr(a, n) for a in ids]) for n in ("ids", "present", "identified")))

    def erase(self, who):
        gone = self.people.pop(who)
        self._move([gone], [], [], [gone])

    def identify(self, who):
        one = replace(self.people[who], identified=not self.people[who].identified)
        self.people[who] = one
        self._follow(self.live.fold(persons=self._persons([one])))

    def define(self, name, node):
        self.segments[name] = node
        self._define(silent=False)

    def advance(self, until):
        before = {name: set(ids) for name, ids in self.shown.items()}
        start, mark = self.live.now, len(self.feed)
        due = self.live.next_due()
        self._follow(self.live.advance(until))
        told = self.feed[mark:]
        assert all(start < one.at <= until for one in told)
        assert due is None or all(one.at >= due for one in told)
        self._replay(before, start, until, told)

    def _replay(self, before, start, until, told):
        """The feed gives the members at each instant at which anything may change, and just before."""
        people = list(self.people.values())
        moments = {one.at for one in told}
        for person in people:
            for node in self.segments.values():
                for _, part in walk(node):
                    moments.update(part.moments(Person(person, until, self.segments, oracle.People(people))))
        moments = sorted({m for each in moments for m in (each - 1, each) if start <= m < until})
        for moment in moments[:: max(1, len(moments) // 8)]:
            members = {name: set(ids) for name, ids in before.items()}
            for one in told:
                if one.at <= moment:
                    (members[one.segment].add if one.entered else members[one.segment].discard)(one.subscriber)
            for name, node in self.segments.items():
                assert members[name] == set(oracle.members(node, people, Instant(moment), self.segments)), name
                compared("live", node, len(people))


def _together(one: History, other: History) -> History:
    """Both histories; what is told twice counts once."""
    return replace(
        one,
        **{
            kind: (*getattr(one, kind), *(x for x in getattr(other, kind) if x not in getattr(one, kind)))
            for kind in KINDS
        },
    )


def _weekly(one):
    """The same with events that lie whole weeks apart, or a millisecond beside, where windows begin and end."""
    moved = [
        replace(event, at=Instant(cases.NOW - event.event_id % 6 * 7 * DAY + (event.at - cases.NOW + 1) % DAY % 3 - 1))
        for event in one.events
    ]
    return replace(one, events=tuple(moved))


def _pieces(people):
    """Every fact of every history as a history of its own."""
    for one in people:
        bare = replace(one, events=(), traits=(), consents=())
        for kind in KINDS:
            for fact in getattr(one, kind):
                yield replace(bare, **{kind: (fact,)})


@settings(max_examples=RUNS, deadline=None, phases=PHASES)
@given(
    cases.histories(PEOPLE),
    segment_sets(),
    st.sampled_from((-200 * DAY, -14 * DAY, -7 * DAY, -1, 0, 0, 1, DAY)),
    st.floats(0, 1),
    st.lists(steps, max_size=8),
    st.booleans(),
)
def test_generated_courses_agree(people, segments, start, share, plan, apart):
    """Cold, folded, late, told again, merged, parted, erased, redefined, with a clock that goes on by any step."""
    engine.FEW = 0 if apart else 500  # each segment looks at its own rows, or all at all of them
    engine.MOST = 3 if apart else 200_000  # the clock goes in many stretches, or in one
    people = [_weekly(one) for one in people]
    pieces = list(_pieces(people))
    told = int(len(pieces) * share)
    first = {one.subscriber: replace(one, events=(), traits=(), consents=()) for one in people[: 1 + PEOPLE // 2]}
    for piece in pieces[:told]:
        if piece.subscriber in first:
            first[piece.subscriber] = _together(first[piece.subscriber], piece)
    world = World(first.values(), segments, Instant(cases.NOW + start))
    world.check()
    for what, how in plan:
        _do(world, pieces, people, what, how)
        world.check()
    world.check_leaving()
    world.advance(Instant(world.live.now + 400 * DAY))
    world.check()


ALL_EVENTS = Stream("*")
EDGES = {
    **{
        f"{number} {place}": Did(ALL_EVENTS, Times("exactly", number), window)
        for number in (0, 1, 2)
        for place, window in enumerate(
            (Last(week), Last(fortnight), BetweenAgo(fortnight, week), BeforeAgo(week), Between(cases.NOW, None))
        )
    },
    "above": Average(ALL_EVENTS, True, Last(week), None),
    "below": Average(ALL_EVENTS, False, Last(fortnight), None),
    "per": Average(Stream("Email Opened"), True, Last(fortnight), "*"),
    "sum": Aggregate(Summary("sum", ALL_EVENTS, ("a",), Last(week)), Bound("at_least", 5)),
    "mean": Aggregate(Summary("average", ALL_EVENTS, ("a",), BetweenAgo(fortnight, week)), Bound("at_most", 2)),
}


@settings(max_examples=RUNS, deadline=None, phases=PHASES)
@given(
    cases.histories(PEOPLE),
    st.sampled_from((-14 * DAY, -7 * DAY, -7 * DAY - 1, 0, 0, 1)),
    st.floats(0, 1),
    st.lists(steps.filter(lambda step: step[0] != "define"), max_size=5),
    st.booleans(),
)
def test_edges_of_windows_agree(people, start, share, plan, apart):
    """The same where every event counts in every window, and lies on its edges."""
    test_generated_courses_agree.hypothesis.inner_test(people, EDGES, start, share, plan, apart)


def _do(world, pieces, people, what, how):
    ids = [one.subscriber for one in people]
    if what == "fold" and pieces:
        gone = {gone for _, gone in world.joined}
        some = [pieces[number % len(pieces)] for number in how]
        told = {}
        for one in some:
            known = world.people.get(one.subscriber)
            everywhere = [x for person in world.people.values() for kind in KINDS for x in getattr(person, kind)]
            fact = next(x for kind in KINDS for x in getattr(one, kind))
            again = fact in everywhere and fact in one.events  # the importer leaves out events it has
            if one.subscriber in gone or again or (known is None and fact in everywhere):
                continue
            new = one if known is None else replace(one, identified=known.identified)
            told[one.subscriber] = _together(told.get(one.subscriber, new), new)
        world.fold(list(told.values()))
    elif what == "advance":
        world.advance(Instant(world.live.now + how))
    elif what == "merge":
        kept, gone = ids[how[0]], ids[how[1]]
        if (kept, gone) in world.joined and kept in world.people and gone not in world.people:
            world.part(kept, gone)
        elif kept != gone and {kept, gone} <= set(world.people):
            world.merge(kept, gone, apart=how[0] < how[1])
    elif what == "erase" and ids[how] in world.people and len(world.people) > 1:
        world.erase(ids[how])
    elif what == "identify" and ids[how] in world.people:
        world.identify(ids[how])
    elif what == "define":
        world.define(*how)


@settings(max_examples=RUNS // 8 + 1, deadline=None, phases=PHASES, suppress_health_check=[HealthCheck.filter_too_much])
@given(
    cases.histories(PEOPLE),
    cases.segment_sets(),
    segment_sets(),
    st.tuples(*cases.leaves.values()),
    st.sampled_from((-7 * DAY, -1, 0, 1)),
)
def test_what_is_read_from_the_views_agrees(duck, people, segments, computed, leaves, lag):
    """All kinds, read in DuckDB; those that are declared gaps are refreshed."""
    segments = {**segments, **{f"live {name}": _renamed(node) for name, node in computed.items()}}
    segments |= {f"leaf {number}": node for number, node in enumerate(leaves)}
    segments |= _groups_of("leaf 0", *leaves[:2])
    now = Instant(cases.NOW + lag)
    cases.fill(duck, people)
    live = flow_live.cold(duck, segments, now)
    for later in (0, DAY, 30 * DAY):
        live.advance(Instant(now + later))
        flow_live.refresh(duck, live)
        for name, node in segments.items():
            assert live.ids(name).tolist() == oracle.members(node, people, live.now, segments), node.english()
            compared("live", node, len(people))


class Asking(World):
    """The same with declared gaps, which are asked of the views when they are due."""

    def __init__(self, duck, *told):
        self.duck = duck
        super().__init__(*told)

    def check(self):
        cases.fill(self.duck, list(self.people.values()))
        self._follow(flow_live.follow(self.duck, self.live, self.live.now))
        assert self.live.to_ask() == ()
        super().check()

    def advance(self, until):
        self._follow(self.live.advance(until))


ASKED = (EventSequence, Regular, Aggregate, EndSays, Share, Changed, Anniversary, LocalTime, Radius, OnList)
ASKED += (ImportedFrom, OptedIn, EverOptedIn, Did, Suppressed, CanReceive)
"""Kinds that may lower to a declared gap."""

facts = st.tuples(st.just("fold"), st.lists(st.integers(0, 200), min_size=1, max_size=3))
moves = st.tuples(st.just("advance"), st.sampled_from((1, DAY // 24, DAY, 30 * DAY)))


@settings(max_examples=RUNS // 8 + 1, deadline=None, phases=PHASES)
@given(
    cases.histories(PEOPLE),
    st.lists(st.one_of([leaf for kind, leaf in cases.leaves.items() if kind in ASKED]), min_size=4, max_size=12),
    st.sampled_from((-14 * DAY, 0, 1)),
    st.lists(st.one_of(facts, facts, facts, moves, steps), max_size=8),
)
def test_gaps_are_asked_when_facts_concern_them(duck, people, leaves, start, plan):
    """After each step only what is due is asked, and every answer is right."""
    segments = {f"leaf {number}": node for number, node in enumerate(leaves)}
    pieces = list(_pieces(people))
    first = [replace(one, events=(), traits=(), consents=()) for one in people]
    world = Asking(duck, first, segments, Instant(cases.NOW + start))
    world.check()
    for what, how in plan:
        _do(world, pieces, people, what, how)
        world.check()


def _groups_of(name, one, two):
    """Every kind that has parts or refers to a segment."""
    groups = (All((one, two)), Either((one, Not(two))), Neither((one, two)), IncludingAnonymous(one), Member(name))
    return {f"group {number}": node for number, node in enumerate(groups)}


def _renamed(node):
    if isinstance(node, Member):
        return Member(f"live {node.segment}")
    if isinstance(node, Not | IncludingAnonymous):
        return type(node)(_renamed(node.part))
    return type(node)(tuple(map(_renamed, node.parts))) if isinstance(node, All | Either | Neither) else node


@pytest.fixture(scope="module")
def duck(tmp_path_factory):
    with open_duck(tmp_path_factory.mktemp("duck"), threads=1, memory="1GB") as connection:
        yield connection
