"""Strangers who share a key are never one subscriber, whoever came first and in whatever order it arrives."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest

from shoal.core.ids import key_id
from shoal.ingest.keys import ordered
from shoal.profiles.resolution import components

A, B, C = (f"email:{name}@example.org" for name in "abc")
INFO, SALES = "email:info@example.org", "email:sales@example.org"
ONE, TWO = "phone:+14155552671", "phone:+14155552672"

CASES = {
    "device: a family's tablet": ("user:1", "user:2", ["user:1 device:t", "user:2 device:t"]),
    "device: a kiosk in the shop": (A, B, [f"{A} device:k", f"{B} device:k", f"{ONE} device:k"]),
    "device: two browsers on a tablet": (
        "user:1", "user:2", ["user:1 anonymous:x", "anonymous:x device:t", "user:2 anonymous:y", "anonymous:y device:t"]
    ),
    "device: two tablets and a browser between": (
        "user:1", "user:2", ["user:1 device:s", "anonymous:x device:s", "anonymous:x device:t", "user:2 device:t"]
    ),
    "anonymous: one logs in after the other": ("user:1", "user:2", ["user:1 anonymous:x", "user:2 anonymous:x"]),
    "anonymous: two subscribe at one computer": (A, B, [f"{A} anonymous:x", f"{B} anonymous:x"]),
    "anonymous: one logs in, another leaves a number": (A, ONE, [f"user:1 {A} anonymous:x", f"{ONE} anonymous:x"]),
    "anonymous: browsers that were aliased": (
        "user:1", "user:2", ["user:1 anonymous:x", "anonymous:x anonymous:y", "user:2 anonymous:y"]
    ),
    "email: an office with accounts at two vendors": (
        "user:shop/1", "user:crm/2", [f"user:shop/1 {INFO}", f"user:crm/2 {INFO}"]
    ),
    "email: an office beside two addresses": (A, B, [f"{A} {INFO}", f"{B} {INFO}"]),
    "email: an office with two numbers": (ONE, TWO, [f"{INFO} {ONE}", f"{INFO} {TWO}"]),
    "email: an office with an account and a number": ("user:1", ONE, [f"user:1 {INFO}", f"{INFO} {ONE}"]),
    "email: two offices of a firm": (
        "user:shop/1", "user:crm/2", [f"user:shop/1 {INFO}", f"{INFO} {SALES}", f"user:crm/2 {SALES}"]
    ),
    "email: two accounts of a shop": ("user:shop/1", "user:shop/2", [f"user:shop/1 {C}", f"user:shop/2 {C}"]),
    "email: one accountant of two": (A, B, [f"{A} {C}", f"{B} {C}"]),
    "phone: a couple": (A, B, [f"{A} {ONE}", f"{B} {ONE}"]),
    "phone: an account and an address": ("user:1", B, [f"user:1 {ONE}", f"{B} {ONE}"]),
    "phone: accounts at two vendors": (A, B, [f"user:shop/1 {A} {ONE}", f"user:crm/2 {B} {ONE}"]),
    "phone: two mobiles and a landline": (ONE, TWO, [f"{ONE} phone:+1415555", f"{TWO} phone:+1415555"]),
    "user: a filled-in nothing": (A, B, [f"user:guest {A}", f"user:guest {B}"]),
    "user: a vendor's filled-in nothing": (A, B, [f"user:shop/0 {A} {ONE}", f"user:shop/0 {B} {TWO}"]),
    "user: a test account": (A, "user:crm/2", [f"user:test {A}", f"user:test {ONE}", "user:test user:crm/2"]),
    "user: a CRM's id given twice": (A, B, [f"user:crm/7 user:shop/1 {A}", f"user:crm/7 user:shop/2 {B}"]),
    "user: a CRM's id on the addresses of two accounts": (
        "user:shop/1", "user:shop/2", [f"user:crm/7 {A}", f"user:crm/7 {B}", f"user:shop/1 {A}", f"user:shop/2 {B}"]
    ),
    "user: a company's id beside its people's": ("user:1", "user:2", ["user:1 user:acme", "user:2 user:acme"]),
}  # fmt: skip
"""Two strangers, and what was seen of them."""


def people(seen: list[tuple[int, str]]) -> dict[str, int]:
    """Subscriber of each key; the records (when, keys) arrive in this order."""
    keys, links = [], []
    for at, record in seen:
        first, *others = ordered(record.split())
        for text in (first, *others):
            kind, value = text.split(":", 1)
            keys.append({"id": key_id(text), "kind": kind, "value": value, "first_at": at})
        links += [{"a": key_id(first), "b": key_id(text), "first_at": at} for text in others]
    found = components(pa.Table.from_pylist(keys), pa.Table.from_pylist(links))
    subscriber = dict(zip(found.keys.tolist(), found.subscribers.tolist(), strict=True))
    return {text: subscriber[key_id(text)] for _, record in seen for text in record.split()}


@pytest.mark.parametrize("case", CASES)
def test_strangers_are_two_subscribers_whoever_came_first(case):
    one, other, records = CASES[case]
    for history in itertools.permutations(records):
        found = people(list(enumerate(history)))
        assert found[one] != found[other]


@pytest.mark.parametrize("case", CASES)
def test_the_order_of_arrival_does_not_matter(case):
    _, _, records = CASES[case]
    seen = list(enumerate(records))
    assert all(people(list(arrived)) == people(seen) for arrived in itertools.permutations(seen))


@pytest.mark.parametrize("kind", ["user", "email", "phone", "anonymous", "device"])
def test_every_kind_of_key_is_tried(kind):
    assert any(case.startswith(kind) for case in CASES)
