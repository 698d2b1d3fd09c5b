"""Why nothing turns a whole definition, where that is certain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from shoal.segments.counterfactual.flip import Flip
from shoal.segments.counterfactual.minimal_sets import smallest_sets
from shoal.segments.nodes import Node, Person


def reasons(node: Node, person: Person, flips: Mapping[str, Flip]) -> tuple[str, ...]:
    """Conditions that would have to turn and that nothing turns, each with why; none where it isn't certain.

    `flips` are what turns each condition, by its sentence (`least.leaf_flips`).
    """
    able = {sentence: replace(flip, at=None if flip.never else person.now) for sentence, flip in flips.items()}
    if smallest_sets(node, person, able):
        return ()
    all_able = {sentence: replace(flip, at=person.now) for sentence, flip in flips.items()}
    wanted = next(iter(smallest_sets(node, person, all_able)), frozenset())
    return tuple(
        f"{sentence} ({flip.words.removeprefix('nothing: ')})"
        for sentence, flip in flips.items()
        if sentence in wanted and flip.never
    )
