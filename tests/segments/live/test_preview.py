"""A definition that nobody saved is counted from what is counted already."""

from __future__ import annotations

import numpy as np
import pytest

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.segments import parse
from shoal.segments.history import Event, History
from shoal.segments.live import Live, Persons, preview
from shoal.segments.live.histories import facts_of

DAY = 86_400_000
NOW = Instant(1_770_000_000_000)
SAVED = {
    "active": parse('did "Page Viewed" in the last 7 days'),
    "buyers": parse('did "Order Completed" ever and "Page Viewed" events are above average'),
    "regular": parse('did "Page Viewed" in at least 2 of the last 3 weeks'),  # a declared gap
}
ASKED = {
    'did "Page Viewed" at least 2 times in the last 7 days': 1,
    'not did "Page Viewed" in the last 7 days': 1,
    'not did "Page Viewed" in the last 7 days including anonymous': 2,
    'did "Order Completed" exactly 0 times or did "Page Viewed" in the last 7 days': 2,
    'in segment "active" and not in segment "buyers"': 1,
    '"Page Viewed" events are below average': 1,
    'did "Page Viewed" in at least 2 of the last 3 weeks': 0,
    'did "Page Viewed" in at least 1 of the last 3 weeks': 2,
}
UNKNOWN = (
    'did "Page Viewed" in the last 8 days',
    'did "Page Viewed" where path is set in the last 7 days',
    "plan is set",
    'did "Page Viewed" in at least 1 of the last 4 weeks',
)


@pytest.fixture
def live():
    people = [_one(1, ("Page Viewed", 1), ("Page Viewed", 2), ("Order Completed", 50)), _one(2, ("Page Viewed", 3))]
    people += [_one(3, ("Order Completed", 8)), _one(4, ("Order Completed", 9), identified=False)]
    found = Live(NOW)
    needs = found.define(SAVED)
    ids = np.array([one.subscriber for one in people])
    found.persons(Persons(ids, np.ones(4, np.bool_), np.array([one.identified for one in people])))
    found.load(facts_of(people, needs, {int(one): place for place, one in enumerate(ids)}))
    found.settle(silent=True)
    return found


def _one(subscriber, *said, identified=True):
    events = [Event(subscriber * 10 + n, name, Instant(NOW - ago * DAY)) for n, (name, ago) in enumerate(said)]
    return History(subscriber, identified, tuple(events))


@pytest.mark.parametrize("sentence", ASKED)
def test_it_is_exact(live, sentence):
    assert preview.size(live, parse(sentence), SAVED) == ASKED[sentence]


@pytest.mark.parametrize("sentence", UNKNOWN)
def test_what_is_not_counted_is_not_guessed(live, sentence):
    assert preview.size(live, parse(sentence), SAVED) is None


def test_nothing_changes(live):
    before = live.sizes(), live.needs, live.program
    preview.size(live, parse(next(iter(ASKED))))
    assert (live.sizes(), live.needs, live.program) == before


def test_a_segment_that_is_not_there(live):
    with pytest.raises(UserError, match="nobody"):
        preview.size(live, parse('in segment "nobody"'), SAVED)
