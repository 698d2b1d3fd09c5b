"""The first screen: headline numbers and what stands out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shoal.measurement.audit.model import Audit
from shoal.measurement.report.benchmarks import CLICK, OPEN
from shoal.measurement.report.markup import Content, Markup, tag
from shoal.measurement.report.model import Compared, Orders, Overlap, Overview, SegmentSummary
from shoal.measurement.report.next_step import NextStep, blocked, is_blocked, unreachable
from shoal.measurement.report.parts import Tone, headline
from shoal.measurement.wording import FEW, ago, change, day_of, listing, many, money, people, percent, portion, rate

REMARKS = 4


@dataclass(frozen=True, slots=True)
class Remark:
    """One thing worth knowing; the greater the weight, the higher it stands."""

    weight: float
    tone: Tone
    text: str


def tiles(overview: Overview, audit: Audit) -> Markup:
    """The headline numbers, each with what it is compared with."""
    found = [
        headline("People", f"{overview.identified:,}", _newcomers(overview)),
        _reachable(overview),
        headline("Events", f"{overview.events:,}", _compared("in the last 30 days", overview.compared_events)),
    ]
    if overview.orders is not None:
        orders = overview.orders
        value = money(orders.compared_revenue.recent, orders.currency)
        found.append(headline("Revenue, last 30 days", value, _before(orders)))
    if audit.score is not None:
        found.append(_score(audit))
    return tag("div", found, class_="tiles")


def _newcomers(overview: Overview) -> str:
    strangers = overview.people - overview.identified
    count = f"{overview.newcomers.recent:,.0f}" if overview.newcomers.recent else "none"
    told = f"{count} first seen in the last 30 days"
    return f"{told}; {many(strangers, 'more visitor')} not identified" if strangers else told


def _reachable(overview: Overview) -> Markup:
    share = overview.reachable / overview.identified if overview.identified else 0.0
    told = f"{portion(overview.reachable, overview.identified)} of people: an address and consent granted"
    return headline("Reachable by e-mail", f"{overview.reachable:,}", told, "" if share >= 0.5 else "watch")


def _compared(when: str, compared: Compared) -> str:
    changed = change(compared.recent, compared.before)
    return (
        f"{compared.recent:,.0f} {when}, "
        + (f"{changed} in" if changed else f"{compared.before:,.0f} in")
        + (" the 30 before")
    )


def _before(orders: Orders) -> str:
    changed = _revenue_changed(orders)
    if changed:
        return f"{changed} in the 30 days before"
    recent, before = (round(number) for number in (orders.compared_orders.recent, orders.compared_orders.before))
    return f"from {many(recent, 'order')}, {before:,} in the 30 days before: too few to compare"


def _revenue_changed(orders: Orders) -> str | None:
    revenue, counted = orders.compared_revenue, orders.compared_orders
    return change(revenue.recent, revenue.before, counted=(counted.recent, counted.before))


def _score(audit: Audit) -> Markup:
    score = audit.score or 0.0
    tone: Tone = "good" if score >= 80 else "watch" if score >= 60 else "attention"
    return headline("Data score", f"{score:.0f}", f"{worst_told(audit)}{whole_told(audit)}", tone, "of 100")


def worst_told(audit: Audit) -> str:
    """Which source is worst, in a few words; that none stands out, where all have the same score."""
    if not audit.worst_sources:
        one = "one source" if len(audit.sources) == 1 else "all sources"
        return f"{one} at {audit.sources[0].score:.0f}"
    which = "source" if len(audit.worst_sources) == 1 else "sources"
    return f"worst {which}: {listing(audit.worst_sources)}, {audit.sources[0].score:.0f}"


def whole_told(audit: Audit) -> str:
    """What the list as a whole loses, to be read on; empty unless that is why its score is below each source's."""
    lowest = min((source.score for source in audit.sources), default=0.0)
    if audit.score is None or round(audit.score) >= round(lowest):
        return ""
    return f", and {sum(loss.points for loss in audit.losses):.0f} points off for the list as a whole"


def standing(remarks: Sequence[Remark], step: NextStep | None) -> Markup:
    """What stands out beside the one next step."""
    listed: Content = (
        tag("ul", [tag("li", remark.text, class_=remark.tone or None) for remark in remarks], class_="remarks")
        if remarks
        else tag("p", "Nothing out of the ordinary. That is good news, or too little data to tell.", class_="sub")
    )
    found = [tag("div", tag("h3", "What stands out"), listed, class_="tile")]
    if step is not None:
        found.append(
            tag(
                "div",
                tag("div", "Next step", class_="k"),
                tag("h3", step.title),
                tag("p", step.evidence),
                tag("p", step.action),
                tag("p", tag("a", "See the evidence", href=step.link)),
                class_="tile next",
            )
        )
    return tag("div", found, class_="two" if step is not None else "stack", style="margin-top:14px")


def remarks(
    overview: Overview, audit: Audit, segments: Sequence[SegmentSummary], overlaps: Sequence[Overlap]
) -> list[Remark]:
    """What stands out, most first."""
    found = [*_age_remarks(overview), *_mail_remarks(overview, audit), *_trade_remarks(overview), *_data_remarks(audit)]
    found += _reach_remarks(overview, audit, segments)
    found += _segment_remarks(segments, overlaps)
    return sorted(found, key=lambda remark: -remark.weight)


def told_once(found: Sequence[Remark], step: NextStep | None) -> list[Remark]:
    """The first few remarks, without the one that the next step gives as its reason."""
    return [remark for remark in found if step is None or step.evidence not in remark.text][:REMARKS]


def _age_remarks(overview: Overview) -> list[Remark]:
    if overview.age is None:
        return []
    text = (
        f"All of this is as of {day_of(overview.as_of, overview.zone)}, {ago(overview.age)}: what people did since is "
        "not in it. Import newer exports before you act on it."
    )
    return [Remark(7, "watch", text)]


def _mail_remarks(overview: Overview, audit: Audit) -> list[Remark]:
    found = []
    funnel = overview.funnel
    if funnel is not None and funnel.delivered >= 100:
        opened, clicked = funnel.opened / funnel.delivered, funnel.clicked / funnel.delivered
        tone = CLICK.tone(clicked)
        text = (
            f"People clicked {rate(clicked)} of the mail of the last 30 days and opened {rate(opened)}; "
            f"the benchmarks are {CLICK.line * 100:g} % and {OPEN.line * 100:g} %."
        )
        found.append(Remark(6 if tone == "attention" else 3, tone, text))
    for estimate in audit.machines:
        if estimate.kind == "opens" and estimate.events >= FEW and estimate.share >= 0.1:
            text = f"About {percent(estimate.share)} of opens were made by machines, so clicks tell more than opens."
            found.append(Remark(2 + 4 * estimate.share, "watch", text))
    return found


def _trade_remarks(overview: Overview) -> list[Remark]:
    if overview.orders is None:
        return []
    compared = overview.orders.compared_revenue
    changed = _revenue_changed(overview.orders)
    if changed is None or changed == "the same as":
        return []
    grown = compared.recent > compared.before
    size = abs(compared.recent / compared.before - 1)
    amount = money(compared.recent, overview.orders.currency)
    text = f"Revenue of the last 30 days is {amount}, {changed} in the 30 days before."
    return [Remark(2 + min(size, 1) * 4, "good" if grown else "attention" if size > 0.2 else "watch", text)]


def _data_remarks(audit: Audit) -> list[Remark]:
    found = []
    for finding in audit.findings[:4]:
        if finding.severity == "attention" and finding.dimension != "completeness":
            where = " and ".join(finding.sources)
            text = f"{where}: {finding.sentence}" if where else finding.sentence
            found.append(Remark(finding.points / 3, "attention", text))
    return found


def _segment_remarks(segments: Sequence[SegmentSummary], overlaps: Sequence[Overlap]) -> list[Remark]:
    titles = {segment.name: segment for segment in segments}
    found = []
    for overlap in overlaps:
        one, other = titles.get(overlap.one), titles.get(overlap.other)
        smaller = min((one, other), key=lambda segment: segment.members if segment else 0) if one and other else None
        if one and other and smaller and smaller.members >= FEW and overlap.both / smaller.members >= 0.5:
            share = percent(overlap.both / smaller.members)
            larger = other if smaller is one else one
            text = f"{share} of “{smaller.title}” are also in “{larger.title}”: cap how often they get mail."
            found.append(Remark(3.5, "watch", text))
    empty = [segment.title for segment in segments if not segment.members]
    if empty:
        named = " and ".join(f"“{title}”" for title in empty[:2])
        found.append(Remark(3, "watch", f"Nobody is in {named} now."))
    return found


def _reach_remarks(overview: Overview, audit: Audit, segments: Sequence[SegmentSummary]) -> list[Remark]:
    """Where half or more can't be mailed: of the list, else of a segment."""
    if is_blocked(overview.identified, overview.reachable):
        return [Remark(8, "attention", unreachable(overview, audit))]
    return [
        Remark(3.6, "watch", f"“{segment.title}”: {blocked(segment.members, segment.reach)}.")
        for segment in segments
        if segment.reach is not None and is_blocked(segment.members, segment.reach.mailable)
    ]


def summary(overview: Overview, audit: Audit) -> str:
    """The line below the title."""
    size = f"{people(overview.identified)}, {many(overview.events, 'event')}"
    return f"{size} from {many(len(audit.sources), 'source')}"
