"""Are and, or and not likely meant otherwise than they are read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations

from shoal.segments.comparison import Comparison, PropertyFilter
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.groups import All, Either, Neither, Not
from shoal.segments.kinds.trait import Trait
from shoal.segments.lint.finding import Check, Scene, Sight, Subject, path_of
from shoal.segments.lint.leaves import counted
from shoal.segments.nodes import Node, walk
from shoal.segments.operators.words import scalar, scalars
from shoal.segments.strict_yaml import read_yaml
from shoal.segments.values import Scalar, join_path

Fault = tuple[str, str, str]  # place, message, fix


def _look(scene: Scene) -> Iterator[Sight]:
    for subject in scene.subjects:
        for place, message, fix in (*_in_tree(subject.node), *_unbracketed(subject)):
            yield Sight(subject, path_of(place), message, fix)


def _in_tree(node: Node) -> Iterator[Fault]:
    for place, part in walk(node):
        if isinstance(part, All):
            yield from ((place, *told) for told in _never_both(_traits(part)))
        elif isinstance(part, Either):
            yield from ((place, *told) for told in _hardly_excludes(part))
        elif not part.children():
            for stream, _ in counted(part.lower()):
                # A path through others may reach several values.
                filters = [
                    (join_path(one.path), one.comparison)
                    for one in stream.where
                    if isinstance(one, PropertyFilter) and len(one.path) == 1
                ]
                yield from ((place, *told) for told in _never_both(filters))


def _traits(group: All) -> list[tuple[str, Comparison]]:
    return [(part.name, part.comparison) for part in group.parts if isinstance(part, Trait)]


def _never_both(compared: Sequence[tuple[str, Comparison]]) -> Iterator[tuple[str, str]]:
    """`a is "x" and a is "y"`."""
    for (name, one), (other, another) in combinations(compared, 2):
        first, second = _values(one), _values(another)
        if name == other and first and second and not first & second:
            message = f"{name} {one.english()} and {name} {another.english()} are never both true."
            yield message, "Where either will do, join them with or, or write: is one of (…)."


def _values(comparison: Comparison) -> frozenset[tuple[type, Scalar]]:
    """The values that pass; empty where they can't be listed."""
    match comparison.operator:
        case "is":
            found: tuple[Scalar, ...] = (scalar(comparison.operand),)
        case "one_of":
            found = scalars(comparison.operand)
        case _:
            return frozenset()
    return frozenset((float if type(one) is int else type(one), one) for one in found)


def _hardly_excludes(group: Either) -> Iterator[tuple[str, str]]:
    """`not … or not …`, which only those miss of whom all is true."""
    negated = [part for part in group.parts if _is_negated(part)]
    if len(negated) > 1:
        message = f"{' or '.join(part.english() for part in negated)}: one of them is true of nearly everybody."
        yield message, "To exclude each of them, join them with and, or write: none of (…)."


def _is_negated(node: Node) -> bool:
    match node:
        case Not() | Neither():
            return True
        case Trait(_, comparison):
            return comparison.plain()[1] and comparison.operator != "is_set"
        case Did(times=times):
            return times.bounds == (0, 0)
    return False


def _unbracketed(subject: Subject) -> Iterator[Fault]:
    """`a or b and c`, where the sentence has no brackets to say which belong together."""
    for place, part in walk(subject.node) if subject.text is not None else ():
        mixed = isinstance(part, Either) and any(isinstance(one, All) for one in part.parts)
        if mixed and "(" not in re.sub(r'"(?:\\.|[^"\\])*"', "", _sentence(subject)):
            message = f"The sentence mixes and with or; it is read as: {part.english()}."
            yield place, message, "Write the brackets that you mean."


def _sentence(subject: Subject) -> str:
    """The sentence as it was typed; a bracket for a tree, which says itself what belongs together."""
    if subject.file is None:
        return subject.text or ""
    when = read_yaml(subject.text or "", subject.file)["when"]
    return when if isinstance(when, str) else "("


CHECK = Check("and_or", "warning", "Do and, or and not say what was likely meant?", _look)
