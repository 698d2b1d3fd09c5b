from __future__ import annotations

import pyarrow as pa
import pytest

from shoal.core.ids import key_id
from shoal.ingest.keys import ordered
from shoal.profiles.decisions import Decision
from shoal.profiles.resolution import components
from shoal.profiles.rules import Rules


def tables(*records: str) -> tuple[pa.Table, pa.Table]:
    """Keys and links of records such as "user:1 email:a@example.org"; the n-th was seen at n ms."""
    keys, links = [], []
    for at, record in enumerate(records):
        first, *others = ordered(record.split())
        for text in (first, *others):
            kind, value = text.split(":", 1)
            keys.append({"id": key_id(text), "kind": kind, "value": value, "first_at": at})
        links += [{"a": key_id(first), "b": key_id(text), "first_at": at, "source": "test"} for text in others]
    return (
        pa.Table.from_pylist(keys, pa.schema({"id": "i8", "kind": "str", "value": "str", "first_at": "i8"})),
        pa.Table.from_pylist(links, pa.schema({"a": "i8", "b": "i8", "first_at": "i8", "source": "str"})),
    )


def people(*records: str, decisions: list[Decision] | None = None, rules: Rules | None = None) -> set[frozenset[str]]:
    """Subscribers as sets of keys."""
    texts = {key_id(text): text for record in records for text in record.split()}
    found = components(*tables(*records), decisions or [], rules)
    groups: dict[int, set[str]] = {}
    for key, subscriber in zip(found.keys.tolist(), found.subscribers.tolist(), strict=True):
        groups.setdefault(subscriber, set()).add(texts[key])
    assert set(groups) <= set(texts)
    return {frozenset(group) for group in groups.values()}


def shared(*records: str, rules: Rules | None = None) -> dict[str, str]:
    texts = {key_id(text): text for record in records for text in record.split()}
    found = components(*tables(*records), (), rules).shared.to_pylist()
    return {texts[row["key"]]: row["reason"] for row in found}


def groups(*texts: str) -> set[frozenset[str]]:
    return {frozenset(text.split()) for text in texts}


def decide(kind: str, left: str, right: str, number: int = 1) -> Decision:
    return Decision(number, kind, tuple(map(key_id, left.split())), tuple(map(key_id, right.split())))


def test_keys_of_one_record_are_one_subscriber():
    assert people("user:1 email:a@example.org phone:+14155552671 anonymous:x device:d") == groups(
        "user:1 email:a@example.org phone:+14155552671 anonymous:x device:d"
    )


def test_keys_meet_through_a_third():
    assert people("user:1 email:a@example.org", "email:a@example.org anonymous:x") == groups(
        "user:1 email:a@example.org anonymous:x"
    )


def test_nothing_seen_is_nobody():
    assert people() == set()


def test_ids_of_different_vendors_meet_at_an_address():
    assert people("user:shop/1 email:a@example.org", "user:crm/9 email:a@example.org") == groups(
        "user:shop/1 user:crm/9 email:a@example.org"
    )


def test_two_accounts_of_one_vendor_never_meet_at_an_address():
    records = ("user:shop/1 email:a@example.org", "user:shop/2 email:a@example.org")
    assert people(*records) == groups("user:shop/1", "user:shop/2", "email:a@example.org")
    assert shared(*records) == {"email:a@example.org": "strangers"}


def test_a_vendor_that_gives_several_ids_to_one_address_does_not_tell_people_apart():
    assert len(people("user:stripe/1 email:a@example.org", "user:stripe/2 email:a@example.org")) == 1


def test_a_chain_of_addresses_never_joins_two_accounts_of_one_vendor_and_the_later_link_gives_way():
    found = people(
        "user:shop/1 email:a@example.org",
        "user:crm/9 email:a@example.org",
        "user:crm/9 email:b@example.org",
        "user:shop/2 email:b@example.org",
    )
    assert found == groups("user:shop/1 user:crm/9 email:a@example.org email:b@example.org", "user:shop/2")


def test_a_phone_belongs_to_one_account_with_its_addresses():
    found = people("user:1 email:a@example.org", "user:1 email:b@example.org", "email:b@example.org phone:+1")
    assert len(found) == 1


@pytest.mark.parametrize("other", ["user:crm/2", "email:b@example.org", "user:crm/2 email:b@example.org"])
@pytest.mark.parametrize("one", ["user:shop/1", "email:a@example.org", "user:shop/1 email:a@example.org"])
def test_a_phone_never_joins_two_identities(one, other):
    records = (f"{one} phone:+1", f"{other} phone:+1")
    assert people(*records) == people(*reversed(records)) == groups(one, other, "phone:+1")
    assert shared(*records) == {"phone:+1": "strangers"}


def test_phones_in_a_chain_never_join_two_identities_and_the_later_link_gives_way():
    found = people("email:a@example.org phone:+1", "phone:+1 phone:+2", "email:b@example.org phone:+2")
    assert found == groups("email:a@example.org phone:+1", "email:b@example.org phone:+2")


@pytest.mark.parametrize("weak", ["anonymous:x", "device:x"])
def test_a_weak_key_seen_with_two_people_joins_nobody(weak):
    records = (f"user:1 {weak}", f"email:b@example.org {weak}")
    assert people(*records) == groups("user:1", "email:b@example.org", weak)
    assert shared(*records) == {weak: "strangers"}


def test_a_device_of_two_addresses_of_one_account_is_theirs():
    found = people(
        "user:1 email:a@example.org",
        "user:1 email:b@example.org",
        "email:a@example.org device:d",
        "email:b@example.org device:d",
    )
    assert len(found) == 1


def test_a_device_joins_many_browsers_of_one_person():
    assert (
        len(people("user:1 anonymous:x", "anonymous:x device:d", "anonymous:y device:d", "anonymous:z device:d")) == 1
    )


def test_browsers_of_two_people_are_not_joined_by_a_chain_of_devices():
    found = people(
        "user:1 anonymous:x", "anonymous:x device:d", "anonymous:y device:d", "anonymous:y device:e", "user:2 device:e"
    )
    assert found == groups("user:1 anonymous:x device:d anonymous:y device:e", "user:2")


@pytest.mark.parametrize(
    "address", ["noreply@example.org", "no-reply+7@example.org", "test@example.org", "a@noemail.com"]
)
def test_placeholders_join_nobody(address):
    assert people(f"user:1 email:{address}", "user:1 anonymous:x") == groups("user:1 anonymous:x", f"email:{address}")


@pytest.mark.parametrize("number", ["+10000000000", "+14155555555", "+11234567"])
def test_made_up_numbers_join_nobody(number):
    assert shared(f"user:1 phone:{number}") == {f"phone:{number}": "placeholder"}


@pytest.mark.parametrize("one", ["user:shop/1", "email:a@example.org", "phone:+1"])
def test_a_role_address_belongs_to_one_person_or_to_none(one):
    assert len(people(f"{one} email:info@example.org", "email:info@example.org anonymous:x")) == 1
    assert shared(f"{one} email:info@example.org", "user:crm/2 email:info@example.org") == {
        "email:info@example.org": "role"
    }


def test_ids_of_one_vendor_in_one_record_are_one_person_and_open_the_address_to_both():
    merged = ("user:crm/1 user:crm/2", "user:crm/1 email:a@example.org", "user:crm/2 email:a@example.org")
    assert len(people(*merged)) == 1


def test_an_id_that_stands_between_two_accounts_of_one_vendor_is_shared():
    records = ("user:crm/7 user:shop/1", "user:crm/7 user:shop/2")
    assert people(*records) == groups("user:crm/7", "user:shop/1", "user:shop/2")
    assert shared(*records) == {"user:crm/7": "strangers"}


def test_a_key_seen_with_two_of_its_kind_is_sound_where_an_account_joins_them():
    two = ("email:b@example.org email:a@example.org", "email:b@example.org email:c@example.org")
    assert shared(*two) == {"email:b@example.org": "strangers"}
    assert len(people(*two, *(f"user:1 email:{name}@example.org" for name in "abc"))) == 1


@pytest.mark.parametrize("kind", ["user:", "user:crm/", "anonymous:", "device:"])
@pytest.mark.parametrize("text", ["guest", "GUEST", "test", "(not_set)", "{{user.id}}", "0", "000-0.0", "-1"])
def test_ids_that_stand_for_nobody_join_nobody(kind, text):
    record = f"email:a@example.org {kind}{text}"
    assert shared(record) == {f"{kind}{text}": "placeholder"}


@pytest.mark.parametrize("key", ["user:10", "user:crm/testa", "user:ж", "anonymous:10", "device:d0", "user:a-1"])
def test_ids_of_somebody_are_no_placeholders(key):
    assert shared(f"email:a@example.org {key}") == {}


def test_a_user_with_too_many_addresses_is_no_person():
    records = [f"user:import email:p{number}@example.org" for number in range(4)]
    assert shared(*records, rules=Rules(emails_per_user=3)) == {"user:import": "hub"}


@pytest.mark.parametrize("key", ["user:import", "email:till@example.org"])
def test_a_key_with_too_many_numbers_is_no_person(key):
    records = [f"{key} phone:+1415555267{number}" for number in range(4)]
    assert len(people(*records[:3], rules=Rules(phones_per_key=3))) == 1
    assert shared(*records, rules=Rules(phones_per_key=3)) == {key: "hub"}


def test_a_key_with_too_many_neighbours_is_no_person():
    records = [f"user:kiosk anonymous:v{number}" for number in range(4)]
    assert len(people(*records, rules=Rules(neighbours=4))) == 1
    assert len(people(*records, rules=Rules(neighbours=3))) == 5


def test_the_canonical_key_is_the_strongest_then_the_earliest():
    records = ("anonymous:x", "user:crm/9 email:a@example.org anonymous:x", "user:shop/1 email:a@example.org")
    assert set(components(*tables(*records)).subscribers.tolist()) == {key_id("user:crm/9")}


def test_the_canonical_key_of_keys_seen_at_once_has_the_smallest_id():
    record = "email:a@example.org email:b@example.org"
    assert set(components(*tables(record)).subscribers.tolist()) == {min(map(key_id, record.split()))}


def test_a_link_to_a_key_never_seen_waits():
    keys, links = tables("user:1 email:a@example.org")
    assert components(keys.slice(0, 1), links).subscribers.tolist() == [key_id("user:1")]


def test_a_decision_joins_what_rules_keep_apart():
    records = ("user:shop/1 device:d", "user:shop/2 device:d")
    merge = decide("merge", "user:shop/1", "user:shop/2")
    assert people(*records, decisions=[merge]) == groups("user:shop/1 user:shop/2 device:d")


def test_a_split_holds_against_links():
    records = ("user:1 email:a@example.org", "user:1 email:b@example.org")
    split = decide("split", "user:1 email:a@example.org", "email:b@example.org")
    assert people(*records, decisions=[split]) == groups("user:1 email:a@example.org", "email:b@example.org")


def test_a_key_that_both_sides_of_a_split_use_is_shared():
    records = ("user:shop/1 email:a@example.org", "user:crm/2 email:a@example.org")
    split = decide("split", "user:shop/1", "user:crm/2")
    assert people(*records, decisions=[split]) == groups("user:shop/1", "user:crm/2", "email:a@example.org")


def test_the_later_of_two_contradicting_decisions_wins():
    records = ("user:1", "user:2")
    merge, split = decide("merge", "user:1", "user:2", 1), decide("split", "user:1", "user:2", 2)
    assert len(people(*records, decisions=[merge, split])) == 2
    later = decide("merge", "user:1", "user:2", 3)
    assert len(people(*records, decisions=[later, split, merge])) == 1


def test_a_decision_taken_back_has_never_been():
    records = ("user:1", "user:2")
    merge, undo = decide("merge", "user:1", "user:2", 1), Decision(2, "undo", (), (), undoes=1)
    assert len(people(*records, decisions=[merge, undo])) == 2
    assert len(people(*records, decisions=[merge, undo, Decision(3, "undo", (), (), undoes=2)])) == 1


def test_decisions_about_keys_that_are_gone_change_nothing():
    assert people("user:1", decisions=[decide("merge", "user:1", "user:erased")]) == groups("user:1")
