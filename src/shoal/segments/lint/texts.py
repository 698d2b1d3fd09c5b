"""The texts that a definition compares values with."""

from __future__ import annotations

from collections.abc import Iterator

from shoal.segments.comparison import Comparison
from shoal.segments.lint.finding import Asked, path_of
from shoal.segments.lint.leaves import cores, counted, leaves
from shoal.segments.lowered import TraitHolds
from shoal.segments.nodes import Node

PERSONAL = frozenset(
    ("email", "phone", "name", "first_name", "last_name", "firstname", "lastname", "address", "birthday")
)
"""Traits and properties whose values are never looked up: they name a person."""


def asked_texts(node: Node) -> Iterator[tuple[str, Asked]]:
    """Each text that must be equal to a value or must not, with its place."""
    for leaf in leaves(node):
        place = path_of(leaf.place)
        for core, _ in cores(leaf.node.lower()):
            if isinstance(core, TraitHolds):
                if isinstance(core.comparison, Comparison):  # it stands for all that the name may mean
                    yield from ((place, one) for one in _asked("", (core.name,), core.comparison))
                continue
            for stream, _ in counted(core):
                for test in (test for one in stream.where for test in one.tests()):
                    yield from ((place, asked) for asked in _asked(stream.event, test.path, test.comparison))


def _asked(event: str, path: tuple[str, ...], comparison: Comparison) -> Iterator[Asked]:
    plain, _ = comparison.plain()
    if plain.operator not in ("is", "one_of") or is_personal(event, path):
        return
    operands = plain.operand if isinstance(plain.operand, tuple) else (plain.operand,)
    for operand in operands:
        if isinstance(operand, str) and operand:
            yield Asked(event, path, operand)


def is_personal(event: str, path: tuple[str, ...]) -> bool:
    """A property by its last name, a trait by any part of a path that its name may be."""
    names = path[-1:] if event else path[0].split(".")
    return any(name.casefold() in PERSONAL for name in names)
