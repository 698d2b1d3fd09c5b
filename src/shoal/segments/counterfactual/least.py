"""The least change that turns a whole definition: the smallest set of conditions that have to turn, and how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from shoal.core.time import Instant, format_instant
from shoal.segments.counterfactual.facts import NOTHING, Facts, together
from shoal.segments.counterfactual.flip import Flip, first_that_turns, moves_with_others, performed
from shoal.segments.counterfactual.ways import Do, Through, Wait, Way, moment_words
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.nodes import Node, Person, walk
from shoal.segments.values import Json

Literals = frozenset[tuple[str, bool]]
"""Conditions by their sentence, each with whether it turns (or has to stay as it is)."""

WIDEST = 64
"""So many sets, the smallest, are kept of every group; with repeated conditions a smaller one may be missed beyond."""

MOST_TURNS = 20
"""So many times ahead at which time alone turns a condition are looked at."""


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
    made-up `facts`, told at `start`, do turn the oracle's answer at `at`.
    """

    turns: tuple[Turn, ...]
    at: Instant
    start: Instant  # when the facts are told
    facts: Facts | None
    tried: bool
    waits: bool = False  # whether `start` is ahead, because time has to do a part

    def words(self) -> str:
        """All in one sentence: `1 more "Email Opened", and consent to email marketing`."""
        if not self.turns:
            return f"time alone on {moment_words(self.at)}"
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
        }


def least_change(node: Node, person: Person) -> Least | None:
    """The least change that turns a definition for a subscriber; None where none was found.

    Where nothing that can be told now turns it, time alone is the least; where time alone doesn't, facts that take
    effect later, then facts told later.
    """
    fixed = moves_with_others(node, person)
    later = None if fixed else turns_by_time(node, person)
    flips = leaf_flips(node, person)
    found = _tried(node, person, flips, now_only=True)
    if found is not None:
        return found
    if later is not None:
        return Least((), later, person.now, NOTHING, True)
    found = None if fixed else _tried(node, person, flips, now_only=False)
    return found or (None if fixed else _later(node, person)) or _untried(node, person, flips)


def leaf_flips(node: Node, person: Person) -> dict[str, Flip]:
    """What turns each condition, by its sentence."""
    found: dict[str, Flip] = {}
    for _, leaf in walk(node):
        if not leaf.children() and leaf.english() not in found:
            later = None if moves_with_others(leaf, person) else turns_by_time(leaf, person)
            found[leaf.english()] = flip_of(leaf, person, later)
    return found


def flip_of(leaf: Node, person: Person, later: Instant | None) -> Flip:
    """What turns a condition; `later` is when time alone does, None where it doesn't."""
    return first_that_turns(leaf, person, _ways(leaf, person), later)


def _ways(leaf: Node, person: Person) -> Iterator[Way]:
    for way in leaf.ways(person):
        if isinstance(way, Through):
            yield from _through(way.segment, person)
        else:
            yield way


def _through(segment: str, person: Person) -> Iterator[Way]:
    found = least_change(person.segments[segment], person)
    if found is not None:
        yield Do(found.words(), found.facts, found.at) if found.turns else Wait()


def moments(node: Node, person: Person) -> list[Instant]:
    """Instants, past and future, at which the answer may change, in order."""
    return sorted({moment for _, part in walk(node) for moment in part.moments(person)})


def turns_by_time(node: Node, person: Person) -> Instant | None:
    """When the answer changes if nothing happens but time; None where it doesn't."""
    holds = node.holds(person)
    ahead = (moment for moment in moments(node, person) if moment > person.now)
    return next((moment for moment in ahead if node.holds(person.at(moment)) != holds), None)


def smallest_sets(node: Node, person: Person, flips: Mapping[str, Flip]) -> list[frozenset[str]]:
    """Sets of conditions, by their sentences, that turn the whole where each of them turns; the smallest first."""

    def order(one: Literals) -> tuple[int, int, int, list[str]]:
        turned = [flips[sentence] for sentence, turns in one if turns]
        facts = sum(len(flip.facts or NOTHING) for flip in turned)
        return len(turned), max((flip.at or 0 for flip in turned), default=0), facts, sorted(map(str, one))

    def cut(sets: Iterable[Literals]) -> list[Literals]:
        return sorted(set(sets), key=order)[:WIDEST]

    def ways(part: Node, want: bool) -> list[Literals]:
        if not part.children():
            sentence, holds = part.english(), part.holds(person)
            possible = holds == want or flips[sentence].at is not None
            return [frozenset({(sentence, holds != want)})] if possible else []
        parts = [one for _, one in part.children()]
        if not isinstance(part, All | Either | Neither):
            return ways(parts[0], want != isinstance(part, Not))
        each = [ways(one, want if not isinstance(part, Neither) else not want) for one in parts]
        if want == (not isinstance(part, Either)):
            return reduce(lambda done, more: cut(_joined(done, more)), each[1:], each[0])
        return cut(one for several in each for one in several)

    found = ways(node, not node.holds(person))
    return list(dict.fromkeys(frozenset(sentence for sentence, turns in one if turns) for one in found))


def _joined(these: Sequence[Literals], those: Sequence[Literals]) -> Iterator[Literals]:
    """Each of these with each of those; not where a condition would have to turn and to stay."""
    for one in these:
        for other in those:
            both = one | other
            if len({sentence for sentence, _ in both}) == len(both):
                yield both


def _tried(node: Node, person: Person, flips: Mapping[str, Flip], *, now_only: bool) -> Least | None:
    """The first of the smallest sets that turns the answer where its facts are told."""
    holds = node.holds(person)
    able = {
        sentence: flip
        for sentence, flip in flips.items()
        if flip.facts is not None and flip.at is not None and (not now_only or flip.at <= person.now + 1)
    }
    for chosen in smallest_sets(node, person, _only(flips, able)):
        turned = [able[sentence] for sentence in chosen]
        at = max((flip.at for flip in turned if flip.at is not None), default=person.now)
        facts = together(flip.facts for flip in turned if flip.facts is not None)
        if turned and node.holds(performed(person, facts, at)) != holds:
            return Least(_turns(node, chosen, flips), at, person.now, facts, True)
    return None


def _only(flips: Mapping[str, Flip], able: Mapping[str, Flip]) -> dict[str, Flip]:
    return {sentence: able.get(sentence, Flip(flip.words, None)) for sentence, flip in flips.items()}


def _later(node: Node, person: Person) -> Least | None:
    """At the first instant ahead at which time has turned some conditions, and facts told then do the rest."""
    leaves = {leaf.english(): leaf for _, leaf in walk(node) if not leaf.children()}
    then = person
    for _ in range(MOST_TURNS):
        turns = [turn for leaf in leaves.values() if (turn := turns_by_time(leaf, then)) is not None]
        if not turns:
            return None
        then = then.at(min(turns))
        found = _tried(node, then, leaf_flips(node, then), now_only=True)
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


def _turns(node: Node, chosen: frozenset[str], flips: Mapping[str, Flip]) -> tuple[Turn, ...]:
    places: dict[str, list[str]] = {}
    for place, leaf in walk(node):
        if not leaf.children() and leaf.english() in chosen:
            places.setdefault(leaf.english(), []).append(place)
    return tuple(Turn(tuple(where), sentence, flips[sentence]) for sentence, where in places.items())
