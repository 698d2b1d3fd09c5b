"""What a support agent sees of one subscriber."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet
import pytest

from shoal.core.time import now, parse_instant
from shoal.ingest import canonical
from shoal.ingest.canonical import Consent, Record, to_batch

TRAITS = {
    "vip": True,
    "active": False,
    "score": 12.5,
    "visits": 12_000,
    "postal_code": "05401",
    "said": "true",
    "tags": ["hiking", "tents", 5],
    "address": {"city": "Graz", "lines": ["Ring 5", "2. Stock"]},
    "nothing": [],
    "note": "[bold]two\nlines\x1b[31m",
}
CALLS = [
    {"type": "identify", "traits": {"email": "ana@example.org", **TRAITS}},
    {"type": "track", "event": "Product Viewed", "properties": {"path": "/tents", "sku": "T-1", "price": 5}},
    {"type": "track", "event": "Order Completed", "properties": {"total": 70, "currency": "EUR", "products": [{}]}},
]
REFUSED = {"channel": "email", "state": "denied", "method": "double_opt_in"}
SHOWN = {"source": "shop", "keys": {"email": "address"}, "consent": [{"column": "news", "channel": "email"}]}


@pytest.fixture
def asked(shoal: Callable, tmp_path: Path) -> Callable:
    lines = [
        {"messageId": f"m{day}", "userId": "u1", "timestamp": f"2026-01-{day:02d}T10:00:00.250Z", **call}
        for day, call in enumerate(CALLS, start=1)
    ]
    (tmp_path / "events.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    stated = Record(("email:ana@example.org",), at=parse_instant("2026-01-05"), consent=(Consent(**REFUSED),))
    batch = to_batch([(1, stated)], now()).select(canonical.SCHEMA.names[1:])
    pyarrow.parquet.write_table(pyarrow.Table.from_batches([batch]), tmp_path / "consent.parquet")
    (tmp_path / "shop.yaml").write_text(json.dumps(SHOWN))
    (tmp_path / "shop.csv").write_text("address,news\nana@example.org,yes\n")
    for words in (
        ("init",),
        ("import", "events.jsonl", "consent.parquet"),
        ("import", "shop.csv", "--map", "shop.yaml"),
    ):
        told = shoal(*words)
        assert told.status == 0, told.err
    return lambda **how: shoal("subscribers", "show", "ana@example.org", **how)


def test_a_page_for_people(asked: Callable) -> None:
    found = asked()
    assert found.status == 0, found.err
    lines = {" ".join(line.split()) for line in found.out.splitlines()}
    since = "2026-01-01 10:00:00 segment"
    assert {
        f"vip true {since}",
        f"active false {since}",
        f"score 12.5 {since}",
        f"visits 12000 {since}",
        f'postal_code "05401" {since}',
        f'said "true" {since}',
        f"tags hiking, tents, 5 {since}",
        f"address city: Graz; lines: Ring 5, 2. Stock {since}",
        f"nothing (empty) {since}",
        f"note [bold]two lines [31m {since}",
        "user id u1 2026-01-01 10:00:00",
        "e-mail ana@example.org 2026-01-01 10:00:00",
        "email marketing denied 2026-01-05 00:00:00 shoal double opt-in",
        "2026-01-03 10:00:00 Order Completed total: 70, currency: EUR",
        "2026-01-02 10:00:00 Product Viewed path: /tents, price: 5",
    } <= lines
    assert "\x1b" not in found.out
    (aside,) = [line for line in lines if line.startswith("Not counted:")]
    assert aside.startswith("Not counted: email marketing granted, as seen in shop on 20")
    assert aside.endswith("without a date of its own.")


def test_the_same_as_json(asked: Callable) -> None:
    found = asked(as_json=True).document
    told = {name: each["value"] for name, each in found["traits"].items()}
    assert told == {"email": "ana@example.org", **TRAITS}
    assert {each["key"] for each in found["identities"]} == {"user:u1", "email:ana@example.org"}
    (consent,) = found["consent"]
    assert consent == {
        "channel": "email",
        "purpose": "marketing",
        "state": "denied",
        "source": "shoal",
        "at": "2026-01-05T00:00:00Z",
        "dated": True,
        "received_at": consent["received_at"],
        "method": "double_opt_in",
        "text_version": None,
        "addresses": consent["addresses"],
        "not_counted": [consent["not_counted"][0]],
    }
    assert {address: each["state"] for address, each in consent["addresses"].items()} == {"ana@example.org": "denied"}
    (aside,) = consent["not_counted"]
    assert (aside["state"], aside["source"], aside["dated"]) == ("granted", "shop", False)
    assert aside["at"] == aside["received_at"]
    assert [(each["at"], each["name"]) for each in found["recent"]] == [
        ("2026-01-03T10:00:00.250Z", "Order Completed"),
        ("2026-01-02T10:00:00.250Z", "Product Viewed"),
    ]
    assert found["recent"][0]["properties"] == {"total": 70, "currency": "EUR", "products": [{}]}


def test_a_visitor_of_whom_little_is_known(shoal: Callable, shop: Path) -> None:
    told = shoal("subscribers", "show", "x").out
    assert "Nobody has identified this visitor yet" in told
    assert "Traits: none" in told
    assert "Consent: none on record" in told
