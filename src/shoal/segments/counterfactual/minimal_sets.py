"""Which conditions have to turn for a whole definition to turn, from its groups alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import reduce

from shoal.segments.counterfactual.facts import NOTHING
from shoal.segments.counterfactual.flip import Flip
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.nodes import Node, Person

Literals = frozenset[tuple[str, bool]]
"""Conditions by their sentence, each with whether it turns (or has to stay as it is)."""

WIDEST = 64
"""So many sets, the smallest, are kept of every group; with repeated conditions a smaller one may be missed beyond."""


def smallest_sets(node: Node, person: Person, flips: Mapping[str, Flip]) -> list[frozenset[str]]:
    """Sets of conditions, by their sentences, that turn the whole where each of them turns; the smallest first."""

    places = {sentence: place for place, sentence in enumerate(flips)}

    def order(one: Literals) -> tuple[int, int, int, list[tuple[int, bool]]]:
        turned = [flips[sentence] for sentence, turns in one if turns]
        facts = sum(len(flip.facts or NOTHING) for flip in turned)
        return (
            len(turned),
            max((flip.at or 0 for flip in turned), default=0),
            facts,
            sorted((places[sentence], turns) for sentence, turns in one),
        )

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
