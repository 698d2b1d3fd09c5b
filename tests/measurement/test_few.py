"""Small numbers are told as numbers; who can't be mailed is told; no source is called the worst without reason."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from shoal.core.time import Instant
from shoal.measurement.audit import Audit, audit
from shoal.measurement.audit.model import Loss
from shoal.measurement.audit.terminal import render
from shoal.measurement.reach import reach
from shoal.measurement.report import Overlap, Overview, Reach, SegmentSummary, overview, page
from shoal.measurement.report.headlines import remarks, worst_told
from shoal.measurement.report.next_step import next_step
from shoal.measurement.span import main_span

DAY = 86_400_000


@pytest.fixture(scope="module")
def seen(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> Overview:
    return overview(shop_duck, now)


@pytest.fixture(scope="module")
def found(shop_duck: duckdb.DuckDBPyConnection, now: Instant) -> Audit:
    return audit(shop_duck, now)


def _segment(name: str, members: int, **more: Any) -> SegmentSummary:
    told = {"size_low": 20, "size_high": 900, "content": {"next_action": "Look"}}
    return SegmentSummary(name, name.title(), f'did "{name}"', members, 0.1, **{**told, **more})


def _texts(seen: Overview, found: Audit, segments: Sequence[SegmentSummary], *overlaps: Overlap) -> str:
    return "\n".join(remark.text for remark in remarks(seen, found, segments, overlaps))


@pytest.mark.parametrize(("members", "told"), [(29, False), (30, True)])
def test_overlaps_of_few_are_not_remarked_on(seen: Overview, found: Audit, members: int, told: bool) -> None:
    segments = (_segment("small", members), _segment("large", 300))
    assert ("also in “Large”" in _texts(seen, found, segments, Overlap("small", "large", members))) is told
    html = page(seen, found, segments, (Overlap("small", "large", members),))
    assert (f">{members} of {members}<" in html) is not told


@pytest.mark.parametrize(("before", "expected"), [(1, "2 now, 1 on"), (60, "2.0 times")])
def test_a_trend_of_few_is_told_in_numbers(seen: Overview, found: Audit, before: int, expected: str) -> None:
    series = ((Instant(seen.as_of - 49 * DAY), before), (seen.as_of, before * 2))
    html = page(seen, found, (_segment("one", before * 2, series=series),))
    assert (expected if before == 1 else "100 % more than") in html


def test_findings_among_few_are_notes_with_a_part_of_the_points(empty_shop: Any, now: Instant) -> None:
    for number in range(10):
        empty_shop.event(number, now - DAY - number, "Product Viewed", product_id="p", price=-1)
    small = next(each for each in audit(empty_shop.load(), now).findings if each.check == "negative_amounts")
    assert (small.severity, small.points) == ("note", 3.3)
    assert "%" not in small.sentence
    for number in range(20):
        empty_shop.event(number, now - 2 * DAY - number, "Product Viewed", product_id="p", price=-1)
    large = next(each for each in audit(empty_shop.load(), now).findings if each.check == "negative_amounts")
    assert (large.severity, large.points) == ("attention", 10.0)
    assert "(100 %)" in large.sentence


def test_reach_parts_add_up(empty_shop: Any, now: Instant) -> None:
    empty_shop.people = {who: ("email",) if who != 5 else ("phone",) for who in range(1, 7)}
    for who, state, at in (
        (1, "granted", 9),
        (2, "denied", 9),
        (3, "pending", 9),
        (5, "granted", 9),
        (6, "granted", -9),
    ):
        empty_shop.consents.append((who, "email", state, now - at * DAY, "mail"))
    empty_shop.people[7] = ("email",)
    empty_shop.consents.append((7, "email", "granted", now - 9 * DAY, "mail"))
    empty_shop.event(7, now - DAY, "Email Bounced", "mail", bounce_type="hard")
    members = pa.table({"subscriber": range(1, 8), "0": [True] * 7, "1": [who in {2, 5} for who in range(1, 8)]})
    assert reach(empty_shop.load(), now, members) == (Reach(1, 1, 3, 1, 1), Reach(0, 1, 0, 0, 1))
    assert reach(empty_shop.load(), now, members.select(["subscriber"])) == ()


def test_missing_consent_comes_before_writing_to_a_segment(seen: Overview, found: Audit) -> None:
    calm = dataclasses.replace(found, findings=(), score=90.0)
    open_to_mail = dataclasses.replace(seen, reachable=seen.identified)
    free = _segment("free", 300, reach=Reach(290, 10))
    shut = _segment("shut", 500, reach=Reach(100, 250, 150))
    step = next_step(open_to_mail, calm, (free, shut))
    assert step is not None
    assert step.title == "Write to “Free”"
    assert "10 of 300 can't be mailed: 10 refused it" in step.evidence
    step = next_step(open_to_mail, calm, (shut,))
    assert step is not None
    assert step.title == "Win the consent of “Shut”"
    assert "400 of 500 can't be mailed: 250 refused it, 150 never agreed to it" in step.evidence
    assert "“Shut”: 400 of 500 can't be mailed" in _texts(open_to_mail, calm, (free, shut))
    step = next_step(dataclasses.replace(seen, reachable=100), calm, (free,))
    assert step is not None
    assert step.title == "Win consent to mail"
    assert "300 of 400 people can't be mailed" in step.evidence


def _with_scores(found: Audit, *scores: float) -> Audit:
    sources = tuple(
        dataclasses.replace(found.sources[0], name=f"s{place}", score=score) for place, score in enumerate(scores)
    )
    lowest = tuple(each.name for each in sources if each.score == min(scores)) if len(set(scores)) > 1 else ()
    return dataclasses.replace(found, score=max(scores), sources=sources, worst_sources=lowest)


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        ((100.0, 100.0), "all sources at 100"),
        ((70.0,), "one source at 70"),
        ((60.0, 60.0, 90.0), "worst sources: s0 and s1, 60"),
        ((60.0, 90.0), "worst source: s0, 60"),
    ],
)
def test_the_worst_source_is_named_only_where_there_is_one(
    seen: Overview, found: Audit, scores: tuple[float, ...], told: str
) -> None:
    changed = _with_scores(found, *scores)
    assert worst_told(changed) == told
    html = page(seen, changed)
    assert f">{told}<" in html
    assert f"{told[0].upper()}{told[1:]} of 100." in html
    console = Console(record=True, file=io.StringIO(), width=140)
    render(changed, console)
    assert ("Worst source" in console.export_text()) is told.startswith("worst")


def test_where_each_source_is_better_than_the_whole_it_is_told_why(seen: Overview, found: Audit) -> None:
    losses = (Loss("duplicates", 2.4, "Some are twice."), Loss("no_consent", 1.6, "Some were not asked."))
    changed = dataclasses.replace(_with_scores(found, 85.0, 90.0), score=83.0, losses=losses)
    html = page(seen, changed)
    assert ">worst source: s0, 85, and 4 points off for the list as a whole<" in html
    assert "Worst source: s0, 85 of 100, and 4 points off for the list as a whole." in html


def test_a_report_of_long_ago_says_so(seen: Overview, found: Audit) -> None:
    assert "what people did since" not in page(seen, found)
    old = dataclasses.replace(seen, judged=Instant(seen.as_of + 100 * 86_400_000))
    html = page(old, found)
    assert ", 3 months ago</p>" in html
    assert "what people did since is not in it" in html


def test_a_segment_of_nearly_all_is_no_next_step(seen: Overview, found: Audit) -> None:
    some = _segment("some", 40, in_full=True)
    assert _step(seen, found, dataclasses.replace(some, share=0.94)) == "Write to “Some”"
    assert _step(seen, found, dataclasses.replace(some, share=0.95)) != "Write to “Some”"


def _step(seen: Overview, found: Audit, segment: SegmentSummary) -> str | None:
    sound = dataclasses.replace(found, findings=(), score=90.0)
    step = next_step(dataclasses.replace(seen, reachable=seen.identified), sound, (segment,))
    return step.title if step else None


def test_sources_without_a_flaw_leave_none_the_worst(empty_shop: Any, now: Instant) -> None:
    for source in ("crm", "shop"):
        empty_shop.traits += [(who, "plan", "free", now - DAY, source) for who in range(40)]
    nothing = audit(empty_shop.load(), now)
    assert {source.score for source in nothing.sources} == {100.0}
    assert nothing.worst_sources == ()


START = dt.date(2026, 3, 2)


def _daily(*counts: int, first: dt.date = START) -> list[tuple[dt.date, int]]:
    return [(first + dt.timedelta(days=place), count) for place, count in enumerate(counts) if count]


def test_stray_dates_do_not_stretch_the_span() -> None:
    far = [(dt.date(2020, 1, 1), 2), (dt.date(2024, 5, 5), 1)]
    span = main_span([*far, *_daily(*[40] * 60)])
    assert span is not None
    assert (span.first, span.last, span.outside) == (START, START + dt.timedelta(days=59), 3)


def test_a_calm_day_beside_busy_ones_is_no_stray() -> None:
    span = main_span(_daily(1, *[40] * 60, 0, 2))
    assert span is not None
    assert (span.first, span.last, span.outside) == (START, START + dt.timedelta(days=62), 0)


def test_a_rhythm_of_months_has_no_strays() -> None:
    monthly = [(START + dt.timedelta(days=30 * month), 500) for month in range(30)]
    span = main_span(monthly)
    assert span is not None
    assert (span.first, span.last, span.outside) == (monthly[0][0], monthly[-1][0], 0)


@given(st.lists(st.integers(0, 60), max_size=80))
def test_the_span_holds_nearly_all(counts: list[int]) -> None:
    daily = _daily(*counts)
    span = main_span(daily)
    if span is None:
        assert not daily
        return
    inside = sum(count for day, count in daily if span.first <= day <= span.last)
    assert inside + span.outside == sum(counts)
    assert span.outside <= 0.05 * sum(counts) + 1e-9


def test_the_page_says_the_span_and_what_lies_outside(empty_shop: Any, now: Instant) -> None:
    for number in range(300):
        empty_shop.event(1, now - 1 - number * DAY // 10, "Page Viewed", path="/")
    empty_shop.event(1, now - 700 * DAY, "Page Viewed", path="/")
    duck = empty_shop.load()
    html = page(overview(duck, now), audit(duck, now))
    assert "Events from 1 Apr 2026 to 30 Apr 2026, 1 more since 31 May 2024" in html
    assert "1 event lies far from the other 300" in html
