"""The segments: size, sentence, how the conditions narrow it down, goal, content, overlaps."""

from __future__ import annotations

from collections.abc import Sequence

from shoal.measurement.report.markup import Content, Markup, tag, together
from shoal.measurement.report.model import Overlap, Overview, SegmentSummary, Step
from shoal.measurement.report.next_step import blocked, in_range
from shoal.measurement.report.parts import Bar, Column, Tone, bars, section, shaded, table, trend
from shoal.measurement.wording import FEW, change, day_of, people, percent, portion
from shoal.segments.segment_types import UNTYPED

_APART = "margin-bottom:14px"

QUESTIONS = {
    "knows": "What they know already",
    "pain": "Their problem or goal now",
    "objection": "What holds them back",
    "proof": "The proof they need",
    "next_action": "What they should do next",
}
"""The questions of a content brief, by the names they have in a definition."""


def segments_section(overview: Overview, segments: Sequence[SegmentSummary], overlaps: Sequence[Overlap]) -> Markup:
    """All segments; says what will be here where there are none."""
    told = "Each segment is its sentence: the members follow from it alone. Sizes are exact."
    if not segments:
        empty = tag("p", "There are no segments yet. Apply the starter segments or write one in a sentence.")
        return section("segments", "Segments", told, tag("div", empty, class_="tile"))
    full = [segment for segment in segments if segment.in_full]
    cards = tag("div", [_card(segment, overview) for segment in full], class_="stack")
    return section("segments", "Segments", told, _glance(segments), cards, _overlaps(full, overlaps))


def _glance(segments: Sequence[SegmentSummary]) -> Content:
    """All segments, in a table for each type; with one or two the cards are enough."""
    if len(segments) < 3:
        return None
    types = dict.fromkeys(segment.type for segment in segments)
    tables = [_of_type(kind, [segment for segment in segments if segment.type == kind]) for kind in types]
    note = "Over time is the size in the past, from 0 upwards."
    if not all(segment.in_full for segment in segments):
        note += " Starters that are not linked have no card: point at one for its sentence."
    return tag(
        "div", tag("h3", "At a glance"), tag("p", note, class_="sub"), tables, class_="tile glance", style=_APART
    )


def _of_type(kind: str, segments: Sequence[SegmentSummary]) -> Markup:
    columns = [
        *(Column("Segment"), Column("Over time"), Column("People", True), Column("Share", True)),
        Column("Target size"),
    ]
    rows = [
        (
            _named(segment),
            trend([size for _, size in segment.series], "Size over time", kind="spark") or "",
            tag("b", f"{segment.members:,}"),
            percent(segment.share),
            _range(segment) or "no target",
        )
        for segment in segments
    ]
    return table(kind or UNTYPED, columns, rows)


def _named(segment: SegmentSummary) -> Markup:
    if segment.in_full:
        return tag("a", segment.title, href=f"#segment-{segment.name}")
    return tag("span", segment.title, title=segment.sentence)


def _card(segment: SegmentSummary, overview: Overview) -> Markup:
    size = tag(
        "div",
        tag("div", f"{segment.members:,}", class_="v"),
        tag("div", f"{percent(segment.share)} of people", class_="d"),
        _mailable(segment),
        _range(segment),
        class_="size",
    )
    title = tag("h3", segment.title, id=f"segment-{segment.name}")
    version = f" (version {segment.version})" if segment.version else ""
    head = tag("header", tag("div", title, tag("p", segment.sentence + version, class_="sentence")), size)
    parts = (_steps(segment, overview), _side(segment, overview), _content(segment))
    note = tag("p", segment.note, class_="note") if segment.note else None
    return tag("article", head, tag("div", parts, class_="parts"), note, class_="tile segment")


def _mailable(segment: SegmentSummary) -> Content:
    reach = segment.reach
    if reach is None or not reach.blocked:
        return None
    return tag("div", f"{reach.mailable:,} can be mailed", class_="d", title=blocked(segment.members, reach))


def _range(segment: SegmentSummary) -> Content:
    fits = in_range(segment)
    if fits is None:
        return None
    wanted = f"{segment.size_low:,}–{segment.size_high:,}"
    if fits:
        return tag("span", f"within {wanted}", class_="chip good")
    told = (
        f"below {segment.size_low:,}" if segment.members < (segment.size_low or 0) else f"above {segment.size_high:,}"
    )
    return tag("span", told, class_="chip watch", title=f"wanted: {wanted}")


def _steps(segment: SegmentSummary, overview: Overview) -> Content:
    everyone = max(overview.identified, 1)
    found = [Bar("Everyone", 1.0, f"{overview.identified:,}", tone="")]
    before = overview.identified
    steps = segment.steps or (Step(segment.sentence, segment.members),)
    for place, step in enumerate(steps):
        last = place == len(steps) - 1
        aside = f"keeps {percent(step.kept / before)}" if before >= FEW else ""
        found.append(Bar(step.sentence, step.kept / everyone, f"{step.kept:,}", aside, "good" if last else ""))
        before = step.kept
    return tag(
        "div", tag("h4", "How the conditions narrow it down", class_="k"), bars(found, "People left, by condition")
    )


def _side(segment: SegmentSummary, overview: Overview) -> Content:
    facts = [("Goal", segment.goal), ("Metric", segment.metric), ("Target", segment.target)]
    listed = [together(tag("dt", name), tag("dd", value)) for name, value in facts if value]
    goal = (
        tag("dl", listed, class_="facts")
        if listed
        else tag("p", "No goal yet: give it one before it is mailed.", class_="d")
    )
    return tag("div", _series(segment, overview), tag("h4", "Why it exists", class_="k"), goal)


def _series(segment: SegmentSummary, overview: Overview) -> Content:
    if len(segment.series) < 2:
        return None
    (start, first), (end, last) = segment.series[0], segment.series[-1]
    since = day_of(start, overview.zone)
    changed = change(last, first)
    told = f"{changed} on {since}" if changed else f"{last:,} now, {first:,} on {since}"
    ends = tag(
        "div", tag("span", f"{since}: {first:,}"), tag("span", f"{day_of(end, overview.zone)}: {last:,}"), class_="ends"
    )
    line = trend([size for _, size in segment.series], f"Size over time, from {first:,} to {last:,}")
    return tag("div", tag("h4", f"Size over time: {told}", class_="k"), line, ends, style="margin-bottom:16px")


def _content(segment: SegmentSummary) -> Content:
    if not segment.content:
        return None
    listed = [
        tag("div", tag("dt", question), tag("dd", segment.content[name]))
        for name, question in QUESTIONS.items()
        if name in segment.content
    ]
    return tag("details", tag("summary", "What to write to them"), tag("dl", listed, class_="brief"), class_="wide")


def _overlaps(segments: Sequence[SegmentSummary], overlaps: Sequence[Overlap]) -> Content:
    if len(segments) < 2 or not overlaps:
        return None
    both = {(each.one, each.other): each.both for each in overlaps} | {
        (each.other, each.one): each.both for each in overlaps
    }
    rows = [
        [one.title, *(_shared(one, other, both.get((one.name, other.name), 0)) for other in segments)]
        for one in segments
    ]
    note = (
        "The share of the people on the left who are in the segment above too, in numbers where they are fewer than "
        f"{FEW}. From half on, cap their mail."
    )
    columns = [Column("")] + [Column(segment.title) for segment in segments]
    return tag(
        "div",
        table("Who is in two segments", columns, rows, note=note, kind="heat"),
        class_="tile",
        style="margin-top:14px",
    )


def _shared(one: SegmentSummary, other: SegmentSummary, both: int) -> Markup:
    if one is other:
        return shaded(None, "")
    share = both / one.members if one.members else 0.0
    tone: Tone = "watch" if share >= 0.5 and one.members >= FEW else "good"
    told = f"{people(both)} of “{one.title}” are also in “{other.title}”"
    return shaded(share, portion(both, one.members).replace("under ", "<") if both else "0", tone=tone, title=told)
