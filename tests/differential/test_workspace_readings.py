"""The three readings agree over a workspace's own files, as commands read them: several imports, people who merged."""

from __future__ import annotations

import json
import random

import cases
import pytest
from comparing import compared
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.time import Instant, format_instant
from shoal.flow import live
from shoal.flow.home import open_home
from shoal.flow.reading import open_reading
from shoal.segments import oracle, parse, sql
from shoal.segments.sql.histories import all_histories
from shoal.workspace import Workspace

RUNS = 8
PEOPLE = 40
DAY = 86_400_000
LAGS = (-1, 0, 1, DAY, 7 * DAY - 1, 7 * DAY, 14 * DAY, 30 * DAY, 60 * DAY, 61 * DAY)
ODD = (*cases.TEXTS[1:], *cases.DATES[:6], *cases.WHOLE, *cases.BROKEN, True, None, [], ["a", 5], {"k": "a"})


def calls(seed):
    """Calls in the Segment wire format; some people only stated facts, and some were anonymous first."""
    draw = random.Random(seed)
    for number in range(PEOPLE * 12):
        person = draw.randrange(PEOPLE)
        at = format_instant(Instant(cases.NOW - draw.choice(LAGS)))
        call = {"messageId": f"{seed}-{number}", "timestamp": at, "userId": f"u{person}"}
        if person % 5 == 0 and draw.random() < 0.5:
            call = {**call, "anonymousId": f"a{person}"} if draw.random() < 0.3 else {**call, "userId": None}
            call = {name: value for name, value in call.items() if value is not None} | {"anonymousId": f"a{person}"}
        values = {path[0]: draw.choice(ODD) for path in draw.sample(cases.PATHS, 2)}
        if person % 7 == 0 or draw.random() < 0.2:
            yield {**call, "type": "identify", "traits": {"plan": draw.choice(ODD), **values}}
        else:
            name = draw.choice(cases.EVENTS)
            yield {**call, "type": "track", "event": name, "properties": values}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """An open reading, and everybody's history."""
    folder = tmp_path_factory.mktemp("readings")
    made = Workspace.create(folder / "home")
    for seed in (1, 2, 1):
        file = folder / f"calls{seed}.jsonl"
        file.write_text("".join(f"{json.dumps(call)}\n" for call in calls(seed)))
        made.import_files([file])
    opened = open_home(folder / "home")
    with open_reading(opened) as duck, all_histories(duck, opened.home.scratch) as everyone:
        yield duck, list(everyone)


def agree(workspace, node, now):
    duck, everyone = workspace
    right = oracle.members(node, everyone, now)
    assert sql.members(duck, node, now) == right, node.english()
    assert live.members(duck, node, now) == right, node.english()
    compared("sql", node, len(everyone))
    compared("live", node, len(everyone))


def test_people_who_only_stated_facts_did_nothing(workspace):
    for sentence in ('did "*"', 'did "*" exactly 0 times', '"*" events in the last 30 days are above average'):
        agree(workspace, parse(sentence), Instant(cases.NOW))


@settings(max_examples=RUNS, deadline=None)
@given(st.tuples(*cases.leaves.values()), st.sampled_from((-DAY, -1, 0, 1, DAY)))
def test_readings_agree_over_the_files(workspace, leaves, lag):
    for node in leaves:
        agree(workspace, node, Instant(cases.NOW + lag))
