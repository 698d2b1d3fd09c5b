"""The numbers that the checks need, read from the data: two queries, and one for each property compared with texts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import duckdb
from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.inside import readings
from shoal.segments.lint.finding import Asked, Figures, Known, Subject
from shoal.segments.lint.texts import asked_texts, is_personal
from shoal.segments.lint.unset import included, unset_conditions
from shoal.segments.nodes import Node
from shoal.segments.operators import paths, variant
from shoal.segments.operators.binding import Binding
from shoal.segments.overlaps import Memberships
from shoal.segments.sql import many

SHARED = 3
"""People who have a value at least before the linter suggests it: rarer ones may tell who somebody is."""
SUGGESTED = 1_000
"""Most frequent values that are looked at for each trait or property."""


def figures(
    duck: duckdb.DuckDBPyConnection,
    subjects: Sequence[Subject],
    members: Memberships,
    nodes: Mapping[str, Node],
    *,
    first: Mapping[str, Instant],
    stated: Mapping[str, Instant],
) -> Figures:
    """The figures as of the instant of `members`, which knows who is in which segment.

    `nodes` are the definitions that the subjects may refer to, `first` and `stated` say when the history of each event
    and of each trait begins.
    """
    now = members.now
    counts = many.all_counts(duck, _asked_nodes(subjects), now, nodes)
    (row,) = duck.execute("SELECT count(*) FROM subscribers WHERE identified").fetchall()
    return Figures(
        now=now,
        people=int(row[0]),
        counts={subject.name: counts[_key(subject)] for subject in subjects},
        overlaps={subject.name: members.overlaps(subject.name) for subject in subjects},
        unset={
            subject.name: tuple(
                counts[_key(subject, place)].members for place, _ in enumerate(unset_conditions(subject.node))
            )
            for subject in subjects
        },
        never=dict(_never(duck, _distinct(subjects), now)),
        first=first,
        stated=stated,
    )


def _key(subject: Subject, unset: int | None = None) -> str:
    return f"{subject.name} {'' if unset is None else unset}"


def _asked_nodes(subjects: Sequence[Subject]) -> dict[str, Node]:
    """Every definition, and beside it those of its members who are in for want of a value."""
    found: dict[str, Node] = {}
    for subject in subjects:
        found[_key(subject)] = subject.node
        for place, unset in enumerate(unset_conditions(subject.node)):
            found[_key(subject, place)] = included(subject.node, unset)
    return found


def _distinct(subjects: Sequence[Subject]) -> dict[tuple[str, tuple[str, ...]], tuple[str, ...]]:
    """Texts to look for, by event and path."""
    found: dict[tuple[str, tuple[str, ...]], dict[str, None]] = {}
    for subject in subjects:
        for _, asked in asked_texts(subject.node):
            found.setdefault((asked.event, asked.path), {})[asked.value] = None
    return {about: tuple(values) for about, values in found.items()}


def _never(
    duck: duckdb.DuckDBPyConnection, asked: Mapping[tuple[str, tuple[str, ...]], tuple[str, ...]], now: Instant
) -> Iterator[tuple[Asked, tuple[Known, ...]]]:
    """The texts that nobody has, with what people have instead, the most frequent first."""
    for (event, path), values in asked.items():
        found = _values(duck, event, path, values, now)
        shared = tuple(one for one in found if one.people >= SHARED)
        present = {one.text for one in found}
        yield from ((Asked(event, path, value), shared) for value in values if value not in present)


def shared_values(duck: duckdb.DuckDBPyConnection, event: str, path: tuple[str, ...], now: Instant) -> list[str]:
    """Texts that a property of an event, or a trait (event ""), has for several people, the most frequent first.

    None of those that name a person.
    """
    if is_personal(event, path):
        return []
    return [one.text for one in _values(duck, event, path, (), now) if one.people >= SHARED]


def _values(
    duck: duckdb.DuckDBPyConnection, event: str, path: tuple[str, ...], values: Sequence[str], now: Instant
) -> list[Known]:
    """The most frequent texts, and those asked for however rare."""
    binding = Binding(now)
    if event:
        inner = paths.each(_told("events", event, now, binding), path, _text, "text", binding).sql("duckdb")
    else:
        inner = " UNION ALL ".join(one.sql("duckdb") for one in _of_trait(path[0], now, binding))
    wanted = ", ".join(binding.value(one).sql("duckdb") for one in values) or "NULL"
    query = f"""SELECT text, count(DISTINCT subscriber) AS people FROM ({inner})
        WHERE text IS NOT NULL GROUP BY text
        QUALIFY text IN ({wanted}) OR row_number() OVER (ORDER BY people DESC, text) <= {SUGGESTED}
        ORDER BY people DESC, text"""
    return [Known(*row) for row in duck.execute(query, binding.parameters).fetchall()]


def _of_trait(name: str, now: Instant, binding: Binding) -> Iterator[exp.Select]:
    """The texts of all that a trait's name may mean."""
    for trait, path in readings(name):
        text = _text(variant.inside(_column("value"), path, binding))
        yield _told("traits", trait, now, binding).select(exp.alias_(text, "text", quoted=True))


def _told(view: str, name: str, now: Instant, binding: Binding) -> exp.Select:
    """Who told something of this name by now."""
    told = exp.select(_column("subscriber")).from_(exp.table_(view))
    known = exp.LTE(this=_column("at"), expression=binding.instant(now))
    return told.where(_named(name, binding, prefix=view == "events"), known)


def _text(value: exp.Expr) -> exp.Expr:
    return exp.Case(ifs=[exp.If(this=variant.is_text(value), true=variant.text(value))])


def _named(name: str, binding: Binding, *, prefix: bool) -> exp.Expr:
    if prefix and name.endswith("*"):
        return variant.call("starts_with", _column("name"), binding.value(name[:-1]))
    return exp.EQ(this=_column("name"), expression=binding.value(name))


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)
