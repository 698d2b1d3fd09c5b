"""What the linter says of segments in this workspace."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import duckdb

from shoal.core.time import AsOf, Instant, from_datetime
from shoal.flow.applying import Decision, decide
from shoal.flow.defining import Known, define, known
from shoal.flow.home import Opened
from shoal.flow.newest import facts_as_of
from shoal.flow.reading import open_reading
from shoal.measurement.span import main_span
from shoal.segments.catalog import Catalog, missing_names
from shoal.segments.lint.finding import Finding, Scene, Subject
from shoal.segments.lint.gather import figures
from shoal.segments.lint.leaves import leaves
from shoal.segments.lint.run import lint
from shoal.segments.nodes import Node
from shoal.segments.overlaps import Memberships
from shoal.segments.reaches import reaches
from shoal.segments.streams import Stream


def lint_what(opened: Opened, what: str | Path | None = None, as_of: AsOf = None) -> tuple[Finding, ...]:
    """Findings about a folder of files, a segment's name or a sentence; by default the workspace's folder.

    Where that holds no file, it is about the segments that count. Raises UserError for what can't be read.
    """
    current = known(opened)
    subjects, compared, others = _meant(opened, what, current)
    asked = {subject.name: subject.node for subject in subjects}
    beside = {name: node for name, node in compared.items() if name not in asked}
    with open_reading(opened) as duck, facts_as_of(duck, as_of) as instant:
        members = Memberships.read(duck, asked, instant, others)
        members = members.joined(Memberships.read(duck, beside, instant, current.nodes))
        return judged(duck, subjects, members, others, current.catalog)


def lint_one(opened: Opened, subject: Subject) -> tuple[Finding, ...]:
    """Findings about one definition, saved or not, beside the segments that count."""
    current = known(opened)
    others = {**current.nodes, subject.name: subject.node}
    beside = {name: node for name, node in _own(current).items() if name != subject.name}
    with open_reading(opened) as duck, facts_as_of(duck, None) as instant:
        members = Memberships.read(duck, {subject.name: subject.node}, instant, others)
        members = members.joined(Memberships.read(duck, beside, instant, others))
        return judged(duck, (subject,), members, others, current.catalog)


def judged(
    duck: duckdb.DuckDBPyConnection,
    subjects: Sequence[Subject],
    members: Memberships,
    nodes: Mapping[str, Node],
    catalog: Catalog,
) -> tuple[Finding, ...]:
    """Findings about subjects, whose members are known; `nodes` are the segments that they may refer to."""
    catalog = Catalog(catalog.events, catalog.traits, catalog.segments | frozenset(nodes))
    looked = [reach.of for one in subjects for leaf in leaves(one.node) for reach in reaches(leaf.node.lower())]
    events = [name for of in looked if isinstance(of, Stream) for name in catalog.named(of.event)]
    traits = [of for of in looked if isinstance(of, str)]
    first, stated = (_first(duck, *asked, members.now) for asked in (("events", events), ("traits", traits)))
    return lint(Scene(tuple(subjects), catalog, figures(duck, subjects, members, nodes, first=first, stated=stated)))


def subjects_of(decision: Decision) -> tuple[Subject, ...]:
    """The declared segments with their files."""
    found = []
    for name, segment in decision.declared.items():
        file = decision.files.get(name)
        found.append(Subject(name, segment.when, segment, file.file if file else None, file.text if file else None))
    return tuple(sorted(found, key=lambda one: one.name))


def _meant(
    opened: Opened, what: str | Path | None, current: Known
) -> tuple[tuple[Subject, ...], Mapping[str, Node], Mapping[str, Node]]:
    """The subjects, the segments that they are compared with, and what the segments mean that they refer to."""
    folder = opened.home.segments if what is None else Path(what)
    if folder.is_dir() and (what is not None or any(folder.glob("*.y*ml"))):
        decision = decide(opened, folder)
        declared = {name: each.when for name, each in decision.declared.items()}
        return subjects_of(decision), declared, {**current.nodes, **declared}
    compared = _own(current)
    if what is None:
        subjects = tuple(Subject(name, node, current.segments[name]) for name, node in compared.items())
        return subjects, compared, current.nodes
    subject, others = _one(str(what), current)
    return (subject,), compared, others


def _own(current: Known) -> dict[str, Node]:
    """The applied segments; where there are none, all whose events and traits the data holds."""
    if current.current:
        return {name: current.segments[name].when for name in current.current}
    nodes = current.sound
    return {name: node for name, node in nodes.items() if not missing_names(node, current.catalog, nodes)}


def _one(text: str, current: Known) -> tuple[Subject, Mapping[str, Node]]:
    """A name, a sentence or a file, and what the segments mean that it refers to: those that a version pins, as then.

    Names that the data lacks are for the linter to tell.
    """
    path = Path(text.removeprefix("@"))
    is_file = path.suffix in (".json", ".yaml", ".yml") and path.is_file()
    definition = define(f"@{path}" if is_file else text, current, any_name=True)
    name = definition.segment.name if definition.segment else text
    written = path.read_text(encoding="utf-8") if is_file and definition.segment else None
    if definition.segment is None:
        return Subject(name, definition.node, text=None if is_file else text), definition.others
    subject = Subject(name, definition.node, definition.segment, path.name if is_file else None, written)
    return subject, definition.others


def _first(
    duck: duckdb.DuckDBPyConnection, view: Literal["events", "traits"], names: Sequence[str], now: Instant
) -> dict[str, Instant]:
    """The day on which the history of each event or trait begins, apart from a few dates far off."""
    if not names:
        return {}
    rows = duck.execute(
        f"""SELECT name, "at"::DATE AS day, count(*) FROM {view}
           WHERE "at" <= make_timestamp_ms(?) AND list_contains(?, name) GROUP BY ALL ORDER BY ALL""",
        [now, list(dict.fromkeys(names))],
    ).fetchall()
    daily: dict[str, list[tuple[dt.date, int]]] = {}
    for name, day, number in rows:
        daily.setdefault(name, []).append((day, number))
    spans = {name: main_span(days) for name, days in daily.items()}
    return {name: _midnight(span.first) for name, span in spans.items() if span is not None}


def _midnight(day: dt.date) -> Instant:
    return from_datetime(dt.datetime.combine(day, dt.time(), dt.UTC))
