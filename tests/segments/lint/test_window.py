"""Every kind of condition that looks back is measured against the data, however it says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass

import cases
import pytest
from hypothesis import given, settings

from shoal.core.time import UNITS_MS, Duration, Instant, parse_instant
from shoal.segments.catalog import Catalog
from shoal.segments.comparison import Comparison
from shoal.segments.kinds import KINDS
from shoal.segments.lint.finding import Figures, Scene, Subject
from shoal.segments.lint.run import lint
from shoal.segments.local import CalendarDays
from shoal.segments.reaches import reaches
from shoal.segments.sentence import parse
from shoal.segments.streams import Stream

NOW = parse_instant("2026-11-23")
BEGIN = parse_instant("2026-05-28")
CATALOG = Catalog.of([(name, "") for name in ("Email Opened", "Page Viewed", "Order Completed")] + [("", "country")])
FIGURES = Figures(
    NOW,
    first={"Email Opened": BEGIN, "Order Completed": BEGIN, "Page Viewed": Instant(NOW - 20 * UNITS_MS["d"])},
    stated={"country": BEGIN},
)

TOO_LONG = {
    # kind: what looks back further than the data goes; None where nothing can
    "did": 'did "Order Completed" in the last 900 days',
    "first did, last did": 'first did "Order Completed" more than 900 days ago',
    "latest, first": 'total of the latest "Order Completed" in the last 900 days is more than 5',
    "sum, average, minimum, maximum, distinct": "average of total of orders in the last 900 days is at least 1",
    "regularly": "opens by a person in at least 2 of the last 100 weeks",
    "sequence": 'did "Page Viewed" then "Order Completed" within 900 days',
    "trend": "opens in the last 400 days are at most 0.5 times the 400 days before",
    "above average, below average": "orders in the last 900 days are above average",
    "top, bottom": "in the top 10 % by number of orders in the last 900 days",
    "trait": None,
    "has been": 'country has been "DE" for at least 4000 days',
    "changed": "country changed in the last 900 days",
    "anniversary": None,
    "country group": None,
    "radius": None,
    "can receive": None,
    "consent": None,
    "opted in": None,
    "ever opted in": None,
    "suppressed": None,
    "on list": None,
    "imported from": None,
    "local time": None,
    "score": None,
    "cluster": None,
    "experiment arm": None,
    "random bucket": None,
    "segment": None,
    "all, any, none": 'any of (did "Email Opened" in the last 900 days, country is set)',
    "not": 'not did "Email Opened" in the last 900 days',
    "including anonymous": 'did "Email Opened" in the last 900 days including anonymous',
}


def told(sentence):
    scene = Scene((Subject("s", parse(sentence)),), CATALOG, FIGURES)
    return [one.message for one in lint(scene) if one.check == "window"]


def test_no_kind_slips_out():
    assert list(TOO_LONG) == [kind.name for kind in KINDS]


@pytest.mark.parametrize("sentence", [one for one in TOO_LONG.values() if one], ids=str)
def test_what_looks_back_further_than_the_data(sentence):
    assert len(told(sentence)) == 1


@pytest.mark.parametrize(
    ("sentence", "message"),
    [
        (
            "opens in at least 2 of the last 100 weeks",
            "It looks at 'Email Opened' over the last 100 weeks, and there is none before 2026-05-28.",
        ),
        (
            'did "Page Viewed" then "Order Completed" within 900 days',
            "It looks at 'Page Viewed' with 900 days after it, and there is none before 2026-11-03.",
        ),
        (
            'did "Order Completed" without "Page Viewed" within 900 days',
            "It looks at 'Order Completed' with 900 days after it, and there is none before 2026-05-28.",
        ),
        (
            'country has not been "DE" for at least 4000 days',
            "It looks at the trait 'country' over the last 4000 days, and nothing is said of it before 2026-05-28.",
        ),
        (
            "country changed exactly 0 times in the last 900 days",
            "It looks at the trait 'country' in the last 900 days, and nothing is said of it before 2026-05-28.",
        ),
        (
            'did "Order Completed" in the last 900 calendar days',
            "It looks at 'Order Completed' in the last 900 calendar days, and there is none before 2026-05-28.",
        ),
        ("opens in 2025", "It looks at 'Email Opened' in 2025, and there is none before 2026-05-28."),
        (
            'did "Order Completed" before 2026-01-01',
            "It looks at 'Order Completed' until 2026-01-01, and there is none before 2026-05-28.",
        ),
        (
            'did "Page Viewed" in the last 5 days then "Order Completed" in the last 200 days',
            "It looks at 'Order Completed' in the last 200 days, and there is none before 2026-05-28.",
        ),
    ],
)
def test_how_it_is_told(sentence, message):
    assert told(sentence) == [message]


@pytest.mark.parametrize(
    "sentence",
    [
        "opens in at least 2 of the last 26 weeks",
        'did "Email Opened" then "Order Completed" within 180 days',
        'did "Order Completed" without "Page Viewed" within 180 days',
        'did "Order Completed" without "Page Viewed" afterwards',
        'country has been "DE" for at least 180 days',
        "country changed in the last 180 days",
        "country changed",
        'plan has been "trial" for at least 900 days',
        'did "Order Completed" in the last 180 calendar days',
        "opens this month",
        'did "Order Completed" before 2026-06-01',
        'first did "Order Completed" in the last 190 days',
        'last did "Order Completed" more than 100 days ago',
    ],
)
def test_what_the_data_covers_is_left_alone(sentence):
    assert told(sentence) == []


def streams(part: object) -> Iterator[Stream]:
    """Every stream anywhere in a lowered condition."""
    if isinstance(part, Stream):
        yield part
    elif isinstance(part, tuple):
        for one in part:
            yield from streams(one)
    elif is_dataclass(part):
        for one in fields(part):
            yield from streams(getattr(part, one.name))


def lengths(part: object) -> Iterator[int]:
    """Every length of time anywhere in a lowered condition, but for those of dates that are compared."""
    if isinstance(part, Duration):
        yield part.ms
    elif isinstance(part, tuple):
        for one in part:
            yield from lengths(one)
    elif is_dataclass(part) and not isinstance(part, Comparison):
        for one in fields(part):
            yield from lengths(getattr(part, one.name))


@pytest.mark.parametrize("kind", cases.leaves, ids=lambda kind: kind.__name__)
def test_no_length_of_time_is_overlooked(kind):
    @settings(max_examples=30)
    @given(cases.leaves[kind])
    def check(node):
        core = node.lower()
        found = list(reaches(core))
        seen = [length for reach in found for length in lengths(reach.window)]
        assert max(lengths(core), default=0) <= max(seen, default=0)
        assert {one for one in streams(core) if one.local and one.local.days} <= {
            reach.of for reach in found if isinstance(reach.window, CalendarDays)
        }

    check()
