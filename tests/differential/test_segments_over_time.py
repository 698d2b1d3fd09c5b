"""Order, gaps, periods and how long a value has stood: the SQL reading gives what the oracle gives, tie by tie."""

from __future__ import annotations

import itertools

import cases
import pytest
from comparing import compared
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Duration, Instant
from shoal.segments import oracle, sql
from shoal.segments.comparison import Comparison
from shoal.segments.following import Absence, Step
from shoal.segments.history import Event, History, TraitStatement
from shoal.segments.kinds.changed import Changed
from shoal.segments.kinds.has_been import HasBeen
from shoal.segments.kinds.regular import PeriodsBack, Regular
from shoal.segments.kinds.sequence import EventSequence
from shoal.segments.nodes import Person
from shoal.segments.streams import Stream
from shoal.segments.times import ONCE, Times
from shoal.segments.windows import EVER, BeforeAgo, BetweenAgo, Last
from shoal.store.duck import open_duck

NOW = cases.NOW
PEOPLE = 25

# Seconds are the unit of everything here, so that gaps, windows and instants meet at their edges.
_lengths = st.integers(1, 6).map(lambda number: Duration(number, "s"))
_streams = st.sampled_from((*map(Stream, "ABC"), Stream("*"), Stream("A", by_person=True)))
_several = st.lists(_streams, min_size=1, max_size=2).map(tuple)
_windows = st.one_of(
    st.just(EVER),
    st.just(EVER),
    _lengths.map(Last),
    _lengths.map(BeforeAgo),
    st.builds(
        lambda end, more: BetweenAgo(Duration(end.number + more.number, "s"), Duration(end.number, "s")),
        _lengths,
        _lengths,
    ),
)
_absences = st.one_of(st.none(), st.builds(Absence, _several, st.one_of(st.none(), _lengths)))
_firsts = st.builds(
    lambda stream, window, absence: (Step(stream, window, absence=absence),), *(_streams, _windows), _absences
)
_laters = st.lists(
    st.builds(
        Step, _streams, _windows, st.one_of(st.none(), _lengths), st.one_of(st.just(()), _several), st.one_of(_absences)
    ),
    max_size=3,
).map(tuple)
_times = st.one_of(st.just(ONCE), cases.times)
sequences = st.builds(
    EventSequence,
    st.tuples(_firsts, _laters)
    .map(lambda pair: pair[0] + pair[1])
    .filter(lambda steps: len(steps) > 1 or steps[0].absence is not None),
    _times,
)
regulars = st.builds(
    lambda stream, number, length, ends, times: Regular(
        stream, PeriodsBack(number, length), Times("between", *sorted(min(end, number) for end in ends)), times
    ),
    *(_streams, st.integers(3, 5), _lengths, st.sampled_from(((1, 2), (2, 2), (0, 1), (0, 0), (1, 5), (2, 9))), _times),
)
_values = st.sampled_from(
    ("a", "b", None, 1, True, 1.0, 0.0, -0.0, False, "1", [1], [1.0], {"k": 1, "l": 2}, 2**53 + 1, 2.0**53)
)
_plain = st.sampled_from(("a", "b", 1, True, 1.0, 0, False, "1", 2**53, 2**53 + 1))
_comparisons = st.one_of(
    st.builds(Comparison, st.sampled_from(("is", "is_not")), _plain),
    st.builds(Comparison, st.sampled_from(("one_of", "none_of")), st.lists(_plain, min_size=1, max_size=3).map(tuple)),
    st.builds(Comparison, st.just("is_set"), st.booleans()),
    st.builds(Comparison, st.sampled_from(("gt", "lte")), st.sampled_from((0, 1, 0.5))),
)
held = st.builds(HasBeen, st.just("plan"), _comparisons, _lengths)
_ends = st.one_of(
    st.none(),
    st.builds(Comparison, st.just("is"), _plain),
    st.builds(Comparison, st.just("one_of"), st.lists(_plain, min_size=1, max_size=3).map(tuple)),
)
changes = st.builds(Changed, st.just("plan"), _ends, _ends, _times, _windows)

_ats = st.tuples(st.integers(0, 9), st.sampled_from((0, 0, 0, 1, -1))).map(
    lambda ago: Instant(NOW - ago[0] * 1_000 + ago[1])
)
_said = st.lists(st.tuples(st.sampled_from("ABC"), _ats, st.booleans()), max_size=9)
_stated = st.lists(st.tuples(_values, _ats), max_size=5)


@st.composite
def lists(draw, size: int = PEOPLE) -> list[History]:
    """People with few events, many of them at one instant or at an edge."""
    ids = iter(draw(st.permutations(range(size * 15))))
    return [
        History(
            number,
            True,
            tuple(
                Event(next(ids), name, at, {"machine": True} if machine else {}) for name, at, machine in draw(_said)
            ),
            tuple(TraitStatement("plan", value, at, at, next(ids)) for value, at in draw(_stated)),
        )
        for number in range(size)
    ]


@pytest.fixture(scope="module")
def duck():
    connection = open_duck(threads=1, memory="1GB")
    yield connection
    connection.close()


@pytest.mark.parametrize("kind", ["sequences", "regulars", "held", "changes"])
def test_generated_conditions_agree(duck, kind):
    asked = met = 0

    @settings(max_examples=4, deadline=None)
    @given(lists(), st.lists(globals()[kind], min_size=12, max_size=12), st.integers(0, 3))
    def agree(people, nodes, lag):
        nonlocal asked, met
        cases.fill(duck, people)
        now = Instant(NOW + lag * 1_000)
        for node in nodes:
            want = oracle.members(node, people, now)
            assert sql.members(duck, node, now) == want, node.english()
            compared("sql", node, len(people))
            asked += len(people)
            met += len(want)

    agree()
    assert asked >= 1_000
    assert 0.05 * asked < met < 0.95 * asked


@settings(max_examples=60, deadline=None)
@given(lists(1).map(lambda people: people[0]), st.one_of(sequences, regulars, held, changes))
def test_every_change_of_an_answer_is_among_the_moments(history, node):
    person = Person.of(history, Instant(NOW + 20_000), {}, None)
    moments = set(node.moments(person))
    seconds = (NOW + at * 1_000 + edge for at in range(-12, 20) for edge in (-2, -1, 0, 1, 2))
    points = sorted({*seconds, *(at - 1 for at in moments), *moments})
    answers = [node.holds(person.at(Instant(at))) for at in points]
    for (before, after), at in zip(itertools.pairwise(answers), points[1:], strict=True):
        assert before == after or at in moments, node.english()


@settings(max_examples=150, deadline=None)
@given(_said, sequences)
def test_the_oracle_finds_what_trying_every_choice_finds(said, node):
    events = tuple(Event(number, name, at, {"machine": machine}) for number, (name, at, machine) in enumerate(said))
    person = Person.of(History(events=events), NOW, {}, None)
    choices = itertools.product(*(person.events(step.stream, step.window) for step in node.steps))
    ends = {choice[-1].event_id for choice in choices if _sound(node, choice, person)}
    assert node.holds(person) == (len(ends) in node.times)


def _sound(node: EventSequence, choice: tuple[Event, ...], person: Person) -> bool:
    """One event for each step: whether these fulfil all that is said."""
    for step, before, event in zip(node.steps[1:], choice, choice[1:], strict=False):
        gap = event.at - before.at
        if gap <= 0 or (step.within is not None and gap > step.within.ms):
            return False
        barred = [one for stream in step.without for one in person.events(stream, EVER)]
        if any(before.at < one.at < event.at for one in barred):
            return False
    for step, event in zip(node.steps, choice, strict=True):
        if step.absence is None:
            continue
        end = person.now if step.absence.within is None else event.at + step.absence.within.ms
        unwanted = [one for stream in step.absence.streams for one in person.events(stream, EVER)]
        if end > person.now or any(event.at < one.at <= end for one in unwanted):
            return False
    return True
