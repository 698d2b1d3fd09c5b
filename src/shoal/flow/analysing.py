"""The whole job on what has been imported: audit, overview, segments, one report page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import duckdb
import pyarrow as pa

from shoal.core.time import NEWEST, UNITS_MS, AsOf, Instant, now
from shoal.flow.auditing import facts
from shoal.flow.defining import Known, known
from shoal.flow.home import Opened
from shoal.flow.newest import facts_as_of
from shoal.flow.planning import NotImported
from shoal.flow.reading import open_reading
from shoal.measurement.audit import Audit, audit
from shoal.measurement.reach import list_reach, reach
from shoal.measurement.report.model import Overlap, Overview, SegmentSummary, Step
from shoal.measurement.report.overview import overview
from shoal.measurement.report.page import page
from shoal.measurement.report.segments import QUESTIONS
from shoal.measurement.tally import tallied
from shoal.segments.catalog import missing_names
from shoal.segments.files import Segment
from shoal.segments.library import starters
from shoal.segments.lint.checks.size import HIGH
from shoal.segments.segment_types import TYPES
from shoal.segments.sentence import english
from shoal.segments.sql import Counts, many

WEEKS = 8
"""How many weeks back the report shows each segment's size."""

STARTERS = 2
"""How many starters of each type the report tells in full, at most."""

_PLACES = {name: place for place, name in enumerate(TYPES)}


@dataclass(frozen=True, slots=True)
class Analysis:
    """What the report shows."""

    as_of: Instant
    is_newest: bool  # whether that is the newest instant of the data (`newest.newest_instant`)
    overview: Overview
    audit: Audit
    segments: tuple[SegmentSummary, ...]
    overlaps: tuple[Overlap, ...]
    not_applicable: Mapping[str, tuple[str, ...]]  # segment to the events and traits that the data lacks

    def html(self, title: str, left_out: Sequence[NotImported] = ()) -> str:
        """The report page; it names the files that were left out of the import and may hold rows.

        Of the reason it has the code only: a message may cite the file, and the page holds nothing personal.
        """
        lost = tuple(f"{each.file} ({each.error.code.replace('_', ' ')})" for each in left_out if each.holds_data)
        return page(self.overview, self.audit, self.segments, self.overlaps, title=title, left_out=lost)


def analyse(opened: Opened, as_of: AsOf = NEWEST) -> Analysis:
    """Analyse the workspace as of an instant, by default the newest that the data knows of (`newest.facts_as_of`).

    Who may be mailed is judged by what is known now, whatever the instant: a refusal that arrived since counts.
    """
    what = known(opened)
    lacking = {name: missing_names(node, what.catalog, what.nodes) for name, node in what.sound.items()}
    shown = [what.segments[name] for name, missing in lacking.items() if not missing]
    shown.sort(key=lambda segment: _PLACES.get(segment.type, len(_PLACES)))
    with open_reading(opened) as duck:
        listed = list_reach(duck, now())
        with facts_as_of(duck, as_of) as instant:
            with tallied(duck, instant, opened.settings.zone) as tally:
                seen = overview(duck, instant, opened.settings.zone, tally=tally, reached=listed)
                found = audit(duck, instant, facts(opened), tally=tally)
            members = many.memberships(duck, {each.name: each.when for each in shown}, instant, what.nodes)
            sizes = [int(members[str(place)].to_numpy().sum()) for place in range(len(shown))]
            full = _in_full(shown, sizes, what)
            told = _told_in_full(duck, [shown[place] for place in full], what, instant)
        reached = reach(duck, listed.at, members)
    numbers = {name: each.number for name, each in what.current.items()}
    summaries = tuple(
        replace(_summary(each, size, seen.identified, told), reach=found, version=numbers.get(each.name))
        for each, size, found in zip(shown, sizes, reached, strict=True)
    )
    overlaps = _overlaps(members, shown, full)
    gaps = {name: missing for name, missing in lacking.items() if missing}
    return Analysis(instant, as_of == NEWEST, seen, found, summaries, overlaps, gaps)


def _in_full(shown: Sequence[Segment], sizes: Sequence[int], what: Known) -> list[int]:
    """Places of the segments that the page tells in full: all of the user's own, and a few starters of each type.

    The three with which to begin come first (tag `first`), then those of the size that they ask for, of these those
    that are of one kind of people by their size (`lint.checks.size`), then those with the most members.
    """
    library = starters()
    places = range(len(shown))
    own = [
        place for place in places if shown[place].name in what.current or library.get(shown[place].name) != shown[place]
    ]
    chosen = set(own)
    for kind in TYPES:
        theirs = [place for place in places if place not in own and shown[place].type == kind and sizes[place]]
        theirs.sort(key=lambda place: (_rank(shown[place], sizes[place]), -sizes[place]))
        chosen.update(theirs[:STARTERS])
    return sorted(chosen)


def _rank(segment: Segment, members: int) -> int:
    if "first" in segment.tags:
        return 0
    fits = segment.size is None or segment.size.at_least <= members <= segment.size.at_most
    return 3 if not fits else 2 if members > HIGH else 1


Told = Mapping[str, tuple[Counts, tuple[tuple[Instant, int], ...]]]


def _told_in_full(duck: duckdb.DuckDBPyConnection, full: Sequence[Segment], what: Known, instant: Instant) -> Told:
    """How the conditions narrow each down, and its size over the weeks."""
    nodes = {segment.name: segment.when for segment in full}
    counts = many.all_counts(duck, nodes, instant, what.nodes)
    weeks = [Instant(instant - week * UNITS_MS["w"]) for week in reversed(range(1, WEEKS))]
    sizes = many.sizes(duck, nodes, weeks, what.nodes)
    found = {}
    for name in nodes:
        series = zip((*weeks, instant), (*sizes[name], counts[name].members), strict=True)
        found[name] = (counts[name], tuple(series))
    return found


def _summary(segment: Segment, members: int, identified: int, told: Told) -> SegmentSummary:
    goal, size, content = segment.goal, segment.size, segment.content
    counts, series = told.get(segment.name, (None, ()))
    people = counts.eligible if counts else identified
    return SegmentSummary(
        name=segment.name,
        title=segment.title or segment.name,
        sentence=english(segment.when),
        members=members,
        share=members / people if people else 0.0,
        goal=f"{goal.target}, {goal.deadline()}" if goal else None,
        metric=goal.metric if goal else None,
        size_low=size.at_least if size else None,
        size_high=size.at_most if size else None,
        content={name: getattr(content, name) for name in QUESTIONS} if content else {},
        steps=tuple(Step(each.sentence, each.kept) for each in counts.conditions if each.kept is not None)
        if counts
        else (),
        series=series,
        type=TYPES.get(segment.type, ""),
        in_full=counts is not None,
    )


def _overlaps(members: pa.Table, shown: Sequence[Segment], places: Sequence[int]) -> tuple[Overlap, ...]:
    belongs = {place: members[str(place)].to_numpy() for place in places}
    return tuple(
        Overlap(shown[one].name, shown[other].name, int((belongs[one] & belongs[other]).sum()))
        for one, other in combinations(places, 2)
    )
