"""The segments of the benchmarks as queries that an expert would write by hand: one read of the events for each.

Properties that are filtered are columns of their own types.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoal.core.time import Instant
from shoal.segments.comparison import PropertyFilter
from shoal.segments.filters import Filter
from shoal.segments.kinds.event_count import Did
from shoal.segments.kinds.groups import All, Either, Not
from shoal.segments.nodes import Node

TEXTS = ("campaign_name", "subject", "title", "path", "link_url", "category", "coupon", "topic", "version")
NUMBERS = ("price", "quantity", "total", "discount", "seconds")


@dataclass(frozen=True, slots=True)
class Engine:
    """What one engine calls it."""

    events: str  # a table expression with name, subscriber, at (ms), machine and the properties
    people: str  # one with those who may be members
    identified: str  # the same as the right side of IN
    begins: str  # whether a text begins with another
    holds: str  # whether it contains it


DUCKDB = Engine(
    events="""(SELECT name, subscriber, epoch_ms("at") AS "at",
        coalesce(TRY_CAST(properties['machine'] AS BOOLEAN), false) AS machine, """
    + ", ".join(
        f"TRY_CAST(properties['{one}'] AS {kind}) AS {one}"
        for kind, names in (("VARCHAR", TEXTS), ("DOUBLE", NUMBERS))
        for one in names
    )
    + " FROM events)",
    people="subscribers WHERE identified",
    identified="(SELECT subscriber FROM subscribers WHERE identified)",
    begins="starts_with({}, {})",
    holds="contains({}, {})",
)


def query(node: Node, now: Instant, engine: Engine) -> str:
    """The number of members: those whose events decide, and those without any where nothing is enough."""
    leaves: dict[Did, str] = {}
    member, of_nobody = _member(node, leaves)
    tests = [_matching(leaf, now, engine) for leaf in leaves]
    counted = (
        [f"count(*) FILTER (WHERE {test}) AS c{place}" for place, test in enumerate(tests)]
        if len(tests) > 1
        else ["count() AS c0"]
    )
    rest = f" + (SELECT count() FROM {engine.people}) - count()" if of_nobody else ""
    return f"""SELECT count(*) FILTER (WHERE {member}){rest} FROM (
        SELECT subscriber, {", ".join(counted)} FROM {engine.events} WHERE {" OR ".join(tests)}
        GROUP BY subscriber HAVING subscriber IN {engine.identified})"""


def _member(node: Node, leaves: dict[Did, str]) -> tuple[str, bool]:
    """Whether somebody is a member, by their counts; and what that says of somebody with no such events."""
    match node:
        case Did():
            low, high = node.times.bounds
            count = leaves.setdefault(node, f"c{len(leaves)}")
            bounds = [f"{count} >= {low}"] if low else []
            bounds += [] if high is None else [f"{count} <= {high}"]
            return f"({' AND '.join(bounds)})", low == 0
        case Not(part):
            test, of_nobody = _member(part, leaves)
            return f"NOT {test}", not of_nobody
        case All(parts) | Either(parts):
            found = [_member(part, leaves) for part in parts]
            word, join = (" AND ", all) if isinstance(node, All) else (" OR ", any)
            return f"({word.join(test for test, _ in found)})", join(one for _, one in found)
    raise TypeError(f"the benchmark has no {type(node).__name__}")


def _matching(leaf: Did, now: Instant, engine: Engine) -> str:
    span = leaf.window.span(now)
    tests = [f"name = '{leaf.stream.event}'", f'"at" < {span.end}']
    tests += [] if span.start is None else [f'"at" >= {span.start}']
    tests += [_passing(one, engine) for one in leaf.stream.where]
    return f"({' AND '.join([*tests, *(['NOT machine'] if leaf.stream.by_person else [])])})"


def _passing(one: Filter, engine: Engine) -> str:
    if not isinstance(one, PropertyFilter):
        raise TypeError(f"the benchmark has no {type(one).__name__}")
    (name,), operand = one.path, one.comparison.operand
    text = f"'{operand}'"
    signs = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
    match one.comparison.operator:
        case "is":
            return f"{name} = {text}"
        case "starts_with":
            return engine.begins.format(name, text)
        case "contains":
            return engine.holds.format(name, text)
        case "is_set":
            return f"{name} IS NOT NULL"
    return f"{name} {signs[one.comparison.operator]} {operand}"
