"""A definition that nobody saved yet: how many it has, condition by condition, and what is likely wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from shoal.core.time import Instant
from shoal.flow import asking
from shoal.flow.current import Current
from shoal.flow.defining import define, known
from shoal.flow.home import Opened
from shoal.flow.linting import lint_one
from shoal.segments.catalog import check_names
from shoal.segments.json_form import from_data
from shoal.segments.kinds.anonymous import includes_anonymous
from shoal.segments.kinds.groups import All
from shoal.segments.lint.finding import Finding, Subject
from shoal.segments.nodes import Node
from shoal.segments.sentence import english, parse
from shoal.segments.sql.queries import ConditionCount, Counts, conditions_of, waterfall_of


@dataclass(frozen=True, slots=True)
class Draft:
    """What is known of a definition at an instant."""

    node: Node
    as_of: Instant
    reading: Literal["live", "sql"]  # where the numbers come from; they are exact in both
    counts: Counts
    findings: tuple[Finding, ...]


def draft(opened: Opened, current: Current | None, said: str | Mapping[str, Any], *, lint: bool = True) -> Draft:
    """Count a sentence or its JSON form now: from memory where that is all there, else from the lake.

    Raises UserError for what can't be read and for names that the data does not hold.
    """
    what = known(opened)
    node = parse(said) if isinstance(said, str) else from_data(said)
    check_names(node, what.catalog, said if isinstance(said, str) else None)
    others = define(node, what).others
    live = None if current is None else from_memory(current, node, others)
    if live is None:
        answer = asking.count(opened, node)
        instant, counts = answer.as_of, answer.counts
    else:
        instant, counts = live
    text = said if isinstance(said, str) else None
    findings = lint_one(opened, Subject(english(node), node, text=text)) if lint else ()
    return Draft(node, instant, "sql" if live is None else "live", counts, findings)


def from_memory(current: Current, node: Node, others: Mapping[str, Node]) -> tuple[Instant, Counts] | None:
    """The instant and the numbers that the live reading has; None where it lacks something that they need."""
    if includes_anonymous(node):  # its conditions are about visitors, too, whom none of them counts by itself
        return None
    conditions, parts = conditions_of(node), waterfall_of(node)
    beginnings = [All(tuple(parts.values())[:number]) for number in range(1, len(parts) + 1)]
    status, found = current.counts((node, *(part for _, part in conditions), *beginnings), others)
    numbers = [each for each in found if each is not None]
    if len(numbers) < len(found):
        return None
    kept = dict(zip(parts, numbers[1 + len(conditions) :], strict=True))
    told = (
        ConditionCount(place, part.english(), number, kept.get(place))
        for (place, part), number in zip(conditions, numbers[1:], strict=False)
    )
    return status.clock, Counts(numbers[0], status.people, tuple(told))
