"""One self-contained HTML page: nothing is loaded from anywhere, and nothing on it names a person."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import resources

from shoal.measurement.audit.model import Audit
from shoal.measurement.report.activity import list_section
from shoal.measurement.report.headlines import remarks, standing, summary, tiles, told_once
from shoal.measurement.report.markup import Markup, tag, together
from shoal.measurement.report.method import method_section
from shoal.measurement.report.model import Overlap, Overview, SegmentSummary
from shoal.measurement.report.next_step import next_step
from shoal.measurement.report.quality import audit_section
from shoal.measurement.report.segments import segments_section
from shoal.measurement.wording import ago, day, day_of, moment, people

LEFT_OUT = 5
"""How many of the files that were left out are named."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:"


def page(
    overview: Overview,
    audit: Audit,
    segments: Sequence[SegmentSummary] = (),
    overlaps: Sequence[Overlap] = (),
    *,
    title: str = "Your list",
    left_out: Sequence[str] = (),
) -> str:
    """The whole report as HTML; `left_out` are the files that are not part of it, each with the reason."""
    step = next_step(overview, audit, segments)
    body = together(
        _masthead(
            title,
            _span(overview),
            (("segments", "Segments"), ("list", "The list"), ("audit", "The data"), ("method", "How this was counted")),
        ),
        _left_out(left_out),
        tiles(overview, audit),
        standing(told_once(remarks(overview, audit, segments, overlaps), step), step),
        segments_section(overview, segments, overlaps),
        list_section(overview),
        audit_section(audit),
        method_section(overview),
    )
    lead = f"{summary(overview, audit)}."
    return _document(title, lead, body)


def audit_page(audit: Audit, *, title: str = "The data") -> str:
    """The audit alone as HTML."""
    told = f"{people(audit.identified)}, {audit.events:,} events; as of {moment(audit.as_of)}"
    return _document(title, told, together(_masthead(title, told, ()), audit_section(audit)))


def _masthead(title: str, told: str, parts: Sequence[tuple[str, str]]) -> Markup:
    mark = tag(
        "svg",
        tag(
            "circle", cx=12, cy=12, r=9, fill="none", stroke="currentColor", stroke_width=3, stroke_dasharray="3.2 2.45"
        ),
        viewBox="0 0 24 24",
        width=20,
        height=20,
        aria_hidden="true",
    )
    links = tag(
        "nav",
        tag("ul", [tag("li", tag("a", name, href=f"#{link}")) for link, name in parts], class_="contents"),
        aria_label="Contents",
    )
    return tag(
        "header",
        tag("div", mark, "shoal", class_="brand"),
        tag("h1", title),
        tag("p", told, class_="sub"),
        links if parts else None,
    )


def _left_out(files: Sequence[str]) -> Markup | None:
    if not files:
        return None
    more = f"; and {len(files) - LEFT_OUT:,} more" if len(files) > LEFT_OUT else ""
    return tag("p", f"Not part of this report: {'; '.join(files[:LEFT_OUT])}{more}.", class_="sub watch")


def _span(overview: Overview) -> str:
    at = f"as of {moment(overview.as_of, overview.zone)}"
    if overview.age is not None:
        at += f", {ago(overview.age)}"
    if overview.first is None or overview.last is None or overview.span is None:
        return f"No events yet; {at}"
    span = overview.span
    told = f"Events from {day(span.first)} to {day(span.last)}"
    if span.outside:
        first, last = day_of(overview.first, overview.zone), day_of(overview.last, overview.zone)
        told += f", {span.outside:,} more " + (f"since {first}" if first != day(span.first) else f"until {last}")
    return f"{told}; {at}"


@cache
def _asset(name: str, package: str = "shoal.measurement.report") -> str:
    return resources.files(package).joinpath(name).read_text(encoding="utf-8")


def _document(title: str, description: str, body: Markup) -> str:
    head = together(
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        tag("meta", name_="description", content=description),
        tag("meta", name_="generator", content="shoal"),
        tag("title", f"{title} – shoal"),
        tag("style", Markup(_asset("style.css"))),
    )
    foot = "Made with shoal. Sizes only: this page holds no names or addresses, and loads nothing from anywhere."
    main = together(
        tag("a", "Skip to the content", href="#main", class_="skip"),
        tag("div", tag("main", body, id="main"), tag("footer", foot), class_="page"),
        tag("noscript", tag("p", "The charts need JavaScript; all other figures are here without it.", class_="page")),
        tag("script", Markup(_asset("package_data/plotly.min.js", "plotly"))),
        tag("script", Markup(_asset("charts.js"))),
    )
    return f"<!doctype html>\n{tag('html', tag('head', head), tag('body', main), lang='en')}\n"
