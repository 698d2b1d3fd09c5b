"""Segment and RudderStack calls."""

from collections.abc import Callable
from typing import Any

import pytest

from shoal.ingest.canonical import Record
from shoal.ingest.recognise import recognise
from shoal.ingest.source import FileHead
from shoal.ingest.sources.segment import SOURCE

TIME = "2026-03-01T10:00:00Z"


@pytest.fixture
def one(mapped: Callable[..., list[Record | str]]) -> Callable[..., Record]:
    def run(**call: Any) -> Record:
        (found,) = mapped(SOURCE, [{"userId": "u1", "timestamp": TIME, "messageId": "m1", **call}])
        assert isinstance(found, Record)
        return found

    return run


def test_track(one: Callable[..., Record], at: Callable[[str], int]) -> None:
    found = one(type="track", event="Order Completed", properties={"total": 12.5, "products": [{"sku": "a"}]})
    assert found == Record(
        ("user:u1",), "Order Completed", at(TIME), "m1", {"total": 12.5, "products": [{"sku": "a"}]}, {}, ()
    )


def test_page_and_screen_take_the_name_of_their_kind(one: Callable[..., Record]) -> None:
    page = one(type="page", name="Home", context={"page": {"path": "/", "title": "Shop"}})
    assert (page.name, page.properties) == ("Page Viewed", {"name": "Home", "path": "/", "title": "Shop"})
    assert one(type="screen", name="Cart").name == "Screen Viewed"


def test_the_calls_own_properties_go_before_its_context(one: Callable[..., Record]) -> None:
    context = {
        "page": {"path": "/b"},
        "userAgent": "curl/8",
        "campaign": {"name": "spring", "source": "mail"},
        "ip": "192.0.2.1",
    }
    found = one(type="track", event="X", properties={"path": "/a"}, context=context)
    assert found.properties == {
        "path": "/a",
        "user_agent": "curl/8",
        "utm_campaign": "spring",
        "utm_source": "mail",
        "ip": "192.0.2.1",
    }


def test_identify_states_traits_and_every_key(one: Callable[..., Record]) -> None:
    traits = {"email": "Ana@Example.org", "phone": "+1 415 555 2671", "plan": "pro"}
    found = one(type="identify", anonymousId="a1", traits=traits, context={"device": {"id": "d1"}})
    assert found.keys == ("user:u1", "email:ana@example.org", "phone:+14155552671", "anonymous:a1", "device:d1")
    assert (found.name, found.traits) == (None, traits)
    assert one(type="identify", context={"traits": {"plan": "free"}}).traits == {"plan": "free"}


def test_traits_in_the_context_of_an_event_name_the_person_only(one: Callable[..., Record]) -> None:
    found = one(type="track", event="X", context={"traits": {"email": "a@example.org", "plan": "pro"}})
    assert found.keys == ("user:u1", "email:a@example.org")
    assert found.traits == {}


def test_group_states_facts_about_the_group(one: Callable[..., Record]) -> None:
    found = one(type="group", groupId="g1", traits={"name": "Initech"})
    assert (found.name, found.traits) == (None, {"group_id": "g1", "group_name": "Initech"})


@pytest.mark.parametrize(
    ("previous", "key"),
    [
        ("old-id", "user:old-id"),
        ("b@example.org", "email:b@example.org"),
        ("507f191e-810c-4197-a9e8-60ea00000000", "anonymous:507f191e-810c-4197-a9e8-60ea00000000"),
    ],
)
def test_alias_links_the_previous_id(one: Callable[..., Record], previous: str, key: str) -> None:
    found = one(type="alias", previousId=previous)
    assert set(found.keys) == {"user:u1", key}
    assert (found.name, found.traits, found.properties) == (None, {}, {})


def test_alias_of_the_browser_that_calls(one: Callable[..., Record]) -> None:
    found = one(type="alias", anonymousId="visitor-7", previousId="visitor-7")
    assert set(found.keys) == {"user:u1", "anonymous:visitor-7"}


def test_a_wrong_clock_is_corrected(one: Callable[..., Record], at: Callable[[str], int]) -> None:
    clock = {"originalTimestamp": "2020-01-01T00:00:00Z", "sentAt": "2020-01-01T00:00:10Z", "receivedAt": TIME}
    assert one(type="track", event="X", **clock).at == at("2026-03-01T09:59:50Z")
    assert one(type="track", event="X", timestamp=None, originalTimestamp=TIME).at == at(TIME)


def test_what_is_refused(mapped: Callable[..., list[Record | str]]) -> None:
    rows = [
        {"type": "track", "event": "X"},
        {"type": "track", "userId": "1"},
        {"type": "delete", "userId": "1"},
        {"type": "track", "event": "X", "userId": "1", "timestamp": "soon"},
        {"type": "track", "event": "X", "userId": "null", "anonymousId": ""},
        {"type": "alias", "userId": "1"},
        {"type": "alias", "userId": "1", "previousId": " "},
        {"type": "group", "userId": "1", "traits": {"name": "Initech"}},
        {"type": "group", "userId": "1", "groupId": None},
    ]
    assert mapped(SOURCE, rows) == [
        *("no_identity", "no_event_name", "unknown_type", "bad_time", "no_identity"),
        *("no_previous", "no_previous", "no_group", "no_group"),
    ]


def test_recognised_by_its_calls() -> None:
    calls = ({"type": "track", "userId": "1"}, {"type": "page", "anonymousId": "2"})
    assert recognise(FileHead("e.jsonl", "jsonl", ("type",), calls)) is SOURCE
    assert recognise(FileHead("e.jsonl", "jsonl", ("type",), ({"type": "sale", "userId": "1"},))) is not SOURCE


def test_reserved_traits_have_the_names_that_other_sources_use(one: Callable[..., Record]) -> None:
    found = one(type="identify", traits={"firstName": "Ana", "lastName": "Sol", "createdAt": TIME, "shoeSize": 38})
    assert found.traits == {"first_name": "Ana", "last_name": "Sol", "created_at": TIME, "shoeSize": 38}


def test_an_address_in_an_event_may_be_somebody_elses(one: Callable[..., Record]) -> None:
    invited = {"email": "bob@example.org"}
    assert one(type="track", event="Invitation Sent", properties=invited).keys == ("user:u1",)
    assert one(type="track", event="Signed Up", userId=None, properties=invited).keys == ("email:bob@example.org",)
    assert one(type="group", groupId="g1", traits={"email": "office@example.org"}).keys == ("user:u1",)


@pytest.mark.parametrize("number", [12, 12.0, "12", " 12 "])
def test_a_whole_number_is_one_id_however_it_is_written(one: Callable[..., Record], number: object) -> None:
    assert one(type="identify", userId=number, anonymousId=number).keys == ("user:12", "anonymous:12")
    assert one(type="alias", userId="u1", previousId=number).keys == ("user:12", "user:u1")


@pytest.mark.parametrize("value", [True, False, ["x"], {"a": 1}, float("inf"), 2.0**60])
@pytest.mark.parametrize("name", ["userId", "anonymousId"])
def test_what_can_be_no_id_refuses_the_row(mapped: Callable[..., list[Any]], name: str, value: object) -> None:
    row = {"type": "identify", "userId": "u1", "timestamp": TIME, "messageId": "m1", name: value}
    assert mapped(SOURCE, [row]) == ["bad_id"]


@pytest.mark.parametrize("name", ["email", "phone"])
def test_a_list_is_no_address_and_no_number(mapped: Callable[..., list[Any]], name: str) -> None:
    row = {"type": "identify", "userId": "u1", "timestamp": TIME, "traits": {name: ["ana@example.org"]}}
    assert mapped(SOURCE, [row]) == ["bad_id"]


def test_a_phone_with_a_point_nought(one: Callable[..., Record]) -> None:
    assert one(type="identify", traits={"phone": 14155552671.0}).keys == ("user:u1", "phone:+14155552671")


def test_not_a_number_is_no_id(one: Callable[..., Record]) -> None:
    assert one(type="identify", anonymousId=float("nan")).keys == ("user:u1",)
