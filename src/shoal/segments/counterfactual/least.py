"""The least change that turns a whole definition: the smallest set of conditions that have to turn, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import comb

from shoal.core.time import Instant, format_instant
from shoal.segments.counterfactual.by_time import Answers, moves_with_others
from shoal.segments.counterfactual.facts import NOTHING, Facts, together
from shoal.segments.counterfactual.flip import Flip, first_that_turns, performed
from shoal.segments.counterfactual.minimal_sets import smallest_sets
from shoal.segments.counterfactual.on_events import MOST_FACTS
from shoal.segments.counterfactual.over_time import Search, Step, Steps, edges_ahead, facts_of, leaves_within, placed
from shoal.segments.counterfactual.reasons import reasons
from shoal.segments.counterfactual.ways import Do, Never, Through, Wait, Way, moment_words
from shoal.segments.nodes import Node, Person, walk
from shoal.segments.values import Json

MOST_TRIED = 200
"""So many sets smaller than those that follow from the groups are tried: what turns one condition may turn another."""

MOST_TURNS = 20
"""So many times ahead at which time alone turns a condition are looked at."""

MOST_TURNED = 5
"""So many times ahead at which time turns one condition are tried together with what happens at several instants."""

MOST_INSTANTS = 30
"""So many instants ahead are looked at for that; fewer of a definition of more than a few conditions."""

MOST_CONDITIONS = 30
"""Of a definition of more conditions nothing at several instants is looked for: it would take minutes."""

AS_TODAY = " (averages and ranks of the list taken as they are now)"

AT_ONCE = 1_000
"""Milliseconds within which facts take effect at once: several can't all be of one instant."""


IDENTIFIED = "identified, or including anonymous"
"""What a visitor has to be."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One condition that has to turn."""

    places: tuple[str, ...]  # in the JSON form: "all[0]"; several where it is said several times
    sentence: str
    flip: Flip


@dataclass(frozen=True, slots=True)
class Least:
    """The fewest conditions that have to turn for the whole to turn; none where time alone does it, at `at`.

    Where no set turns it now, `start` is the earliest instant that was found at which one does. `tried` says that the
    made-up `facts`, told at `start`, do turn the oracle's answer at `at`. Where things have to come together that are
    told at several instants, `steps` are these, in order. `as_today` says that averages and ranks of the list
    were taken as they are, though `at` is ahead.
    """

    turns: tuple[Turn, ...]
    at: Instant
    start: Instant  # when the facts are told
    facts: Facts | None
    tried: bool
    waits: bool = False  # whether `start` is ahead, because time has to do a part
    steps: Steps = ()
    as_today: bool = False

    def words(self) -> str:
        """All in one sentence: `1 more "Email Opened", and consent to email marketing`."""
        if self.steps:
            return _in_turn(self) + AS_TODAY * self.as_today
        if not self.turns:
            return f"time alone on {moment_words(self.at)}" + AS_TODAY * self.as_today
        said = ", and ".join(dict.fromkeys(turn.flip.words for turn in self.turns))
        return f"on {moment_words(self.start)}, and not before: {said}" if self.waits else said

    def as_data(self) -> dict[str, Json]:
        """The JSON form; instants in ISO 8601."""
        turns: list[Json] = [
            {"places": list(turn.places), "sentence": turn.sentence, **turn.flip.as_data()} for turn in self.turns
        ]
        return {
            "words": self.words(),
            "conditions": turns,
            "told_at": format_instant(self.start),
            "at": format_instant(self.at),
            "tried": self.tried,
            "steps": [{"told_at": format_instant(one.told), "words": one.said()} for one in self.steps],
            "list_as_today": self.as_today,
        }


def _in_turn(least: Least) -> str:
    """`now: 1 more "A"; on 3 May 2026: 1 more "B", and nothing else until then`."""
    parts: list[str] = []
    for told in dict.fromkeys(step.told for step in least.steps):
        said = ", and ".join(dict.fromkeys(step.said() for step in least.steps if step.told == told))
        parts.append(f"{f'on {moment_words(told)}' if parts or least.waits else 'now'}: {said}")
    last = least.steps[-1].told
    if len(parts) == 1 and not least.waits and least.at - last <= AT_ONCE:
        return parts[0].removeprefix("now: ")
    if least.at - last > AT_ONCE:
        parts.append(f"it counts on {moment_words(least.at)}")
    return f"{'; '.join(parts)}, and nothing else until then"


def least_change(node: Node, answers: Answers, flips: Mapping[str, Flip] | None = None) -> Least | None:
    """The least change that turns a definition for a subscriber; None where none was found.

    Of what can be told now and takes effect at once the fewest conditions, of these the fewest facts. Where nothing of
    that turns it, time alone is the least; where time alone doesn't, of what is told or takes effect later the fewest
    facts, of these what takes effect first. `flips` are those of `leaf_flips`, where they are known.
    """
    person, fixed = answers.person, moves_with_others(node, answers.person)
    later = None if fixed else answers.changes_at(node, person.now)
    flips = leaf_flips(node, answers) if flips is None else flips
    found = _tried(node, person, flips, now_only=True) or _placed(node, person, person.now, flips, MOST_FACTS)
    if found is not None:
        return found
    if later is not None:
        return Least((), later, person.now, NOTHING, True)
    found = _fewest(node, person, flips, () if fixed else _one_by_one(node, person, flips))
    return found or _untried(node, person, flips)


def _one_by_one(node: Node, person: Person, flips: Mapping[str, Flip]) -> Iterator[Least | None]:
    """What is told now and takes effect later, and what is told at one instant later."""
    yield _tried(node, person, flips, now_only=False)
    yield _later(node, person)


def _fewest(node: Node, person: Person, flips: Mapping[str, Flip], others: Iterable[Least | None]) -> Least | None:
    """Of these and what can be placed at several instants that with the fewest facts, of these the soonest."""
    best = min((one for one in others if one is not None), key=_effort, default=None)
    for then in _instants_ahead(node, person, flips):
        most = MOST_FACTS if best is None else len(best.facts or NOTHING)
        found = _placed(node, person, then, flips, most)
        if found is not None and (best is None or _effort(found) < _effort(best)):
            best = found
    return best


def _effort(least: Least) -> tuple[int, Instant]:
    return len(least.facts or NOTHING), least.at


def _instants_ahead(node: Node, person: Person, flips: Mapping[str, Flip]) -> list[Instant]:
    """When windows end that begin now, when known ways take effect, and when time turns conditions."""
    leaves = leaves_within(node, person)
    if len(leaves) > MOST_CONDITIONS:
        return []
    found = {flip.at for flip in flips.values() if flip.at is not None}
    for leaf in leaves.values():
        for way in _ways(leaf, person):
            if isinstance(way, Do):
                found.add(way.at)
        if not moves_with_others(leaf, person):
            found |= set(_turns_ahead(leaf, Answers(person)))
    ahead = dict.fromkeys(one for one in (*sorted(edges_ahead(node, person), reverse=True), *sorted(found)))
    most = min(MOST_INSTANTS, 5 * MOST_INSTANTS // len(leaves))
    return sorted([one for one in ahead if one > person.now][:most])


def _turns_ahead(leaf: Node, answers: Answers) -> Iterator[Instant]:
    """The first instants at which time turns a condition, one after the other."""
    last = answers.person.now
    for _ in range(MOST_TURNED):
        turned = answers.changes_at(leaf, last)
        if turned is None:
            return
        yield turned
        last = turned


def _placed(node: Node, person: Person, then: Instant, flips: Mapping[str, Flip], most: int) -> Least | None:
    """The fewest facts by which the whole turns at an instant."""
    if len(leaves_within(node, person)) > MOST_CONDITIONS:
        return None

    def ways(leaf: Node, seen_by: Person) -> Iterator[Do]:
        return (way for way in _ways(leaf, seen_by) if isinstance(way, Do))

    steps = placed(Search(node, person, then, not node.holds(person), flips, ways), most)
    if steps is None:
        return None
    facts = facts_of(steps)
    turned = performed(person, facts, then)
    changed = [leaf for _, leaf in walk(node) if not leaf.children() and leaf.holds(person) != leaf.holds(turned)]
    told = {one.english(): _for_leaf(one, person, steps, then) for one in changed}
    start = steps[0].told if steps else person.now
    as_today = then > person.now and moves_with_others(node, person)
    turns = _turns(node, told, told) if steps else ()
    return Least(turns, then, start, facts, True, start > person.now, steps, as_today)


def _for_leaf(leaf: Node, person: Person, steps: Steps, then: Instant) -> Flip:
    """What of all that happens was for one condition; time alone where nothing was."""
    own = [step for step in steps if step.sentence in leaves_within(leaf, person)]
    words = ", and ".join(dict.fromkeys(step.said() for step in own))
    return Flip(words or f"time alone on {moment_words(then)}", then, facts_of(own), tried=True)


def least_of_visitor(node: Node, person: Person) -> Least | None:
    """The same for somebody whom nobody has identified: that, and what else it takes; None where none was found."""
    told = Facts(identified=True)
    known = Turn(
        ("",), IDENTIFIED, Flip("an address, a phone number or a user id of theirs", person.now, told, tried=True)
    )
    person = performed(person, told, person.now)
    if node.holds(person):
        return Least((known,), person.now, person.now, told, True)
    found = least_change(node, Answers(person))
    if found is None:
        return None
    facts = None if found.facts is None else replace(found.facts, identified=True)
    first = Step(known.flip.words, person.now, told, known.sentence)
    steps = (first, *found.steps) if found.steps else ()
    return replace(found, turns=(known, *found.turns), facts=facts, steps=steps)


def leaf_flips(node: Node, answers: Answers) -> dict[str, Flip]:
    """What turns each condition, by its sentence."""
    person = answers.person
    found: dict[str, Flip] = {}
    for _, leaf in walk(node):
        if not leaf.children() and leaf.english() not in found:
            later = None if moves_with_others(leaf, person) else answers.changes_at(leaf, person.now)
            found[leaf.english()] = first_that_turns(leaf, person, _ways(leaf, person), later)
    return found


def _ways(leaf: Node, person: Person) -> Iterator[Way]:
    for way in leaf.ways(person):
        if isinstance(way, Through):
            yield from _through(way.segment, person)
        else:
            yield way


def _through(segment: str, person: Person) -> Iterator[Way]:
    found = least_change(person.segments[segment], Answers(person))
    if found is not None:
        yield Do(found.words(), found.facts, found.at) if found.turns else Wait()
        return
    why = reasons(person.segments[segment], person, leaf_flips(person.segments[segment], Answers(person)))
    if why:
        yield Never(f"nothing turns {', and '.join(why)}")


def _tried(node: Node, person: Person, flips: Mapping[str, Flip], *, now_only: bool) -> Least | None:
    """The first of the smallest sets that turns the answer where its facts are told."""
    able = {
        sentence: flip
        for sentence, flip in flips.items()
        if flip.facts is not None and flip.at is not None and (not now_only or flip.at <= person.now + AT_ONCE)
    }
    for chosen in _candidates(node, person, flips, able):
        if _performed(node, person, [able[one] for one in chosen]) is not None:
            return _least(node, person, flips, chosen)
    return None


def _candidates(
    node: Node, person: Person, flips: Mapping[str, Flip], able: Mapping[str, Flip]
) -> Iterator[Sequence[str]]:
    """Sets of conditions that may turn the whole, the smallest first."""
    known = {one: able.get(one, Flip(flip.words, None)) for one, flip in flips.items()}
    sets = [list(one) for one in smallest_sets(node, person, known) if one]
    left, fewest = MOST_TRIED, len(sets[0]) if sets else len(able) + 1
    for size in range(1, fewest):
        left -= comb(len(able), size)
        if left < 0:
            break
        yield from combinations(sorted(able, key=lambda one: (able[one].at, len(able[one].facts or NOTHING))), size)
    yield from sets


def _performed(node: Node, person: Person, flips: Sequence[Flip]) -> tuple[Instant, Facts] | None:
    """When the whole turns where the facts of all are told, and these; None where it doesn't."""
    at = max((flip.at for flip in flips if flip.at is not None), default=person.now)
    facts = together(flip.facts for flip in flips if flip.facts is not None)
    return (at, facts) if node.holds(performed(person, facts, at)) != node.holds(person) else None


def _least(node: Node, person: Person, flips: Mapping[str, Flip], chosen: Sequence[str]) -> Least | None:
    """The change that turns these conditions, without those that turn already with the others."""
    kept = list(chosen)
    for one in chosen:
        fewer = [other for other in kept if other != one]
        if fewer and _performed(node, person, [flips[other] for other in fewer]) is not None:
            kept = fewer
    found = _performed(node, person, [flips[one] for one in kept])
    return None if found is None else Least(_turns(node, kept, flips), found[0], person.now, found[1], True)


def _later(node: Node, person: Person) -> Least | None:
    """At the first instant ahead at which time has turned some conditions, and facts told then do the rest."""
    leaves = {leaf.english(): leaf for _, leaf in walk(node) if not leaf.children()}
    then = person
    for _ in range(MOST_TURNS):
        answers = Answers(then)
        turns = [turn for leaf in leaves.values() if (turn := answers.changes_at(leaf, then.now)) is not None]
        if not turns:
            return None
        then = then.at(min(turns))
        found = _tried(node, then, leaf_flips(node, Answers(then)), now_only=True)
        if found is not None:
            return replace(found, waits=True)
    return None


def _untried(node: Node, person: Person, flips: Mapping[str, Flip]) -> Least | None:
    """The smallest set of all, where no example of it can be made up."""
    for chosen in smallest_sets(node, person, flips):
        turns = _turns(node, chosen, flips)
        if any(turn.flip.facts is None for turn in turns):
            at = max((turn.flip.at for turn in turns if turn.flip.at is not None), default=person.now)
            return Least(turns, at, person.now, None, False)
    return None


def _turns(node: Node, chosen: Iterable[str], flips: Mapping[str, Flip]) -> tuple[Turn, ...]:
    places: dict[str, list[str]] = {}
    wanted = set(chosen)
    for place, leaf in walk(node):
        if not leaf.children() and leaf.english() in wanted:
            places.setdefault(leaf.english(), []).append(place)
    return tuple(Turn(tuple(where), sentence, flips[sentence]) for sentence, where in places.items())
