"""The past of one subscriber, and who moved last."""

from __future__ import annotations

import pyarrow as pa
import pytest

from shoal.core.errors import UserError
from shoal.core.ids import key_id
from shoal.core.time import Instant
from shoal.flow.asking import find
from shoal.flow.importing import import_paths
from shoal.flow.moving import lately
from shoal.flow.past import now_called, past, who
from shoal.flow.people import timeline
from shoal.segments import feed


@pytest.fixture
def ana(opened, call, write):
    """Her number: two plans and five events."""
    rows = [
        call(1, "ana", "2026-01-01T00:00:00Z", email="ana@example.org", plan="trial"),
        call(2, "ana", "2026-02-01T00:00:00Z", plan="gold"),
        call(3, "ana", "2026-03-01T00:00:00Z", "Order Completed", total=5),
        *(call(10 + day, "ana", f"2026-01-0{day}T12:00:00Z", "Product Viewed", path="/p") for day in range(1, 5)),
    ]
    import_paths(opened, [write("calls.jsonl", rows)])
    return find(opened, "ana@example.org")


def test_traits_that_changed_have_what_they_were(opened, ana):
    found = past(opened, ana)
    assert found.profile.traits["plan"].value == "gold"
    assert {name: [each.value for each in values] for name, values in found.earlier.items()} == {"plan": ["trial"]}


def test_events_by_name_and_a_timeline_of_one(opened, ana):
    assert dict(past(opened, ana).names) == {"Product Viewed": 4, "Order Completed": 1}
    assert [event.name for event in timeline(opened, ana, name="Order Completed")] == ["Order Completed"]
    assert timeline(opened, ana, name="Signed Up") == ()
    first = timeline(opened, ana, name="Product Viewed", most=3)
    rest = timeline(opened, ana, name="Product Viewed", before=(first[-1].at, first[-1].event_id))
    assert [event.at for event in (*first, *rest)] == sorted((one.at for one in (*first, *rest)), reverse=True)
    assert (len(first), len(rest)) == (3, 1)


def test_who_somebody_is(opened, ana):
    found = who(opened, ana)
    assert found is not None
    assert (found.name, {key.kind for key in found.keys}, len(found.ties)) == ("ana@example.org", {"user", "email"}, 1)
    assert (found.merges, found.proposals) == ((), ())


def test_a_key_that_is_no_subscriber_leads_to_whose_it_is(opened, ana):
    (other,) = {key_id("user:ana"), key_id("email:ana@example.org")} - {ana}
    assert who(opened, other) is None
    assert (now_called(opened, other), now_called(opened, 5)) == (ana, None)


def test_nobody_has_no_past(opened, ana):
    with pytest.raises(UserError) as raised:
        past(opened, 5)
    assert raised.value.code == "unknown_subscriber"


def test_who_moved_last_the_newest_first(opened, ana):
    assert lately(opened, 5) == ()
    rows = pa.Table.from_pylist(
        [
            {"at": at, "subscriber": who_, "segment": "vip", "version": 1, "entered": entered, "reason": "event"}
            for at, who_, entered in ((1, ana, True), (2, 5, True), (3, ana, False))
        ],
        feed.SCHEMA,
    )
    with opened.database.write() as connection:
        feed.append(connection, rows, Instant(9))
    found = lately(opened, 2)
    told = [(each.at, each.name, each.entered) for each in found]
    assert told == [(3, "ana@example.org", False), (2, "0000000000000005", True)]
