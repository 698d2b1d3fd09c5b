"""Of the statements of one event one stands, and merged people are one, whatever the order in which things come."""

from __future__ import annotations

from pathlib import Path

import pytest
from arrivals import DAY, KEYS, MOMENTS, ONE, OTHER, SOAK, Arrived, put, said, shuffled, streams, take, workspace
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.flow import reviewing
from shoal.ingest.canonical import Record
from shoal.ingest.keys import ordered

pytestmark = pytest.mark.usefixtures("few_files")


@st.composite
def states(draw: st.DrawFn) -> list[Arrived]:
    """Orders, each handed in in several states at several times, with versions or without."""
    stream = []
    for order in range(draw(st.integers(1, 4))):
        for version in draw(st.sets(st.one_of(st.none(), st.integers(0, 3)), min_size=1)):
            keys = ordered(draw(st.sets(st.sampled_from(KEYS), min_size=1, max_size=3)))
            times = (0, DAY, 3 * DAY, 9 * DAY) if version is None else (0, DAY, 3 * DAY, None, 9 * DAY)
            for at in draw(st.sets(st.sampled_from(times), min_size=1, max_size=3 if version is None else 1)):
                total = {"total": draw(st.integers(0, 3))}
                record = Record(keys, "Order Completed", at, f"o{order}", total, version=version)
                stream.append(Arrived("shop", Instant(4 * DAY + draw(st.integers(0, 2))), record))
    return stream


def standing(each: Arrived) -> tuple[int, int]:
    """The greatest version stands; without versions the earliest time."""
    record = each.record
    at = each.received_at if record.at is None else min(record.at, each.received_at)
    return (-1, -at) if record.version is None else (record.version, 0)


@settings(max_examples=20 * SOAK)
@given(data=st.data())
def test_of_the_statements_of_an_event_one_stands_whenever_it_comes(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(states()), data.draw(st.sampled_from(MOMENTS))
    best = {each.record.message_id: each for each in sorted(stream, key=standing)}
    with workspace(empty) as ideal:
        who = [
            Record(each.record.keys, at=each.record.at, message_id=f"f{number}") for number, each in enumerate(stream)
        ]
        put(ideal, [Arrived("shop", each.received_at, fact) for each, fact in zip(stream, who, strict=True)])
        take(ideal, list(best.values()))
        want = said(ideal, moment)
    want["records"] = [row for row in want["records"] if row[3]]
    again = data.draw(shuffled(stream))
    with workspace(empty) as other:
        while again:
            size = data.draw(st.integers(1, len(again)), label="states that arrive together")
            take(other, again[:size], most_rows=data.draw(st.integers(1, 5), label="records a turn"))
            again = again[size:]
        assert said(other, moment) == want


def test_two_contents_of_one_version_are_settled_by_content(empty: Path) -> None:
    stated = [Record((ONE,), "Order Completed", Instant(0), "o", {"total": total}, version=7) for total in (80, 100)]
    found = []
    for order in (stated, stated[::-1]):
        with workspace(empty) as opened:
            for record in order:
                take(opened, [Arrived("shop", Instant(4 * DAY), record)])
            found.append(said(opened, MOMENTS[0])["records"])
    assert found[0] == found[1]
    assert len(found[0]) == 1


def told_by(key: str, each: Arrived, *, consent: bool = False) -> Arrived:
    """The record as one key tells it; whose consent it is depends on the key, so that is left out unless asked for."""
    record = each.record
    stated = record.consent if consent else ()
    told = Record((key,), record.name, record.at, record.message_id, record.properties, record.traits, stated)
    return Arrived(each.source, each.received_at, told)


BOTH = [Arrived("crm", Instant(4 * DAY), Record((key,), at=Instant(0), message_id=key)) for key in (ONE, OTHER)]
LINK = Arrived("crm", Instant(4 * DAY), Record((ONE, OTHER), at=Instant(0), message_id="link"))


@settings(max_examples=6 * SOAK)
@given(data=st.data())
def test_it_makes_no_difference_when_people_are_merged(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    cut = data.draw(st.integers(0, len(stream)))
    told = [told_by(ONE if place < cut else OTHER, each, consent=True) for place, each in enumerate(stream)]
    with workspace(empty) as before:
        take(before, [LINK, *BOTH, *told])
        want = said(before, moment)
    with workspace(empty) as after:
        take(after, [*BOTH, *told])
        take(after, [LINK])
        assert said(after, moment) == want


@settings(max_examples=8 * SOAK)
@given(data=st.data())
def test_merged_people_are_one_person_with_both_histories(empty: Path, data: st.DataObject) -> None:
    stream, moment = data.draw(streams()), data.draw(st.sampled_from(MOMENTS))
    cut = data.draw(st.integers(0, len(stream)))
    apart = [*BOTH, *(told_by(ONE, each) for each in stream[:cut]), *(told_by(OTHER, each) for each in stream[cut:])]
    whole = [*BOTH, *(told_by(ONE, each) for each in stream)]
    with workspace(empty) as single:
        take(single, [*whole, LINK])
        want = said(single, moment)
    with workspace(empty) as linked:
        take(linked, apart)
        assert len({who for _, _, who in said(linked, moment)["keys"]}) == 2
        take(linked, [LINK])
        assert said(linked, moment) == want
    with workspace(empty) as decided:
        take(decided, apart)
        before = said(decided, moment)
        number = reviewing.merge(decided, key_id(OTHER), key_id(ONE), "ana", "the same person")
        merged = said(decided, moment)
        want["records"] = [row for row in want["records"] if row[1] != key_id("crm\nlink")]
        assert merged == want
        reviewing.unmerge(decided, number, "ana", "two after all")
        assert said(decided, moment) == before
