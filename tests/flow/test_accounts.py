"""Two shops whose ids mean different people and orders."""

from __future__ import annotations

import pytest

from shoal.core.errors import UserError
from shoal.flow.importing import import_paths
from shoal.flow.previewing import preview_paths
from shoal.flow.reading import open_reading
from shoal.ingest import ledger
from shoal.ingest.mapping import mapping_from

HEADER = "order_id,order_date,status,order_total,order_currency,customer_id,billing_email"
EU = [
    HEADER,
    "101,2026-01-02 09:00:00,completed,20.00,EUR,5,ana@example.org",
    "102,2026-01-03 09:00:00,completed,30.00,EUR,6,cy@example.org",
]
US = [
    HEADER,
    "101,2026-01-04 09:00:00,completed,40.00,USD,5,bo@example.org",
    "102,2026-01-05 09:00:00,completed,50.00,USD,9,cy@example.org",
]
ORDERS = """
SELECT source, (properties::JSON->>'$.total')::DOUBLE AS total, subscriber FROM events WHERE name = 'Order Completed'
"""


def orders_of(opened):
    with open_reading(opened) as duck:
        return sorted(duck.execute(ORDERS).fetchall())


def test_two_shops_lose_no_order_and_join_no_strangers(opened, write):
    shops = {"eu": write("eu.csv", EU), "us": write("us.csv", US)}
    for account, path in shops.items():
        (done,) = import_paths(opened, [path], account=account)
        assert (done.line.source, done.again) == (f"woocommerce_orders@{account}", False)
    found = orders_of(opened)
    assert [(source, total) for source, total, _ in found] == [
        *(("woocommerce_orders@eu", 20.0), ("woocommerce_orders@eu", 30.0)),
        *(("woocommerce_orders@us", 40.0), ("woocommerce_orders@us", 50.0)),
    ]
    ana, cy, bo, also_cy = (subscriber for _, _, subscriber in found)
    assert len({ana, bo, cy}) == 3
    assert cy == also_cy  # one address in both shops is one person
    assert all(import_paths(opened, [path], account=account)[0].again for account, path in shops.items())


def test_one_file_of_two_accounts_is_read_for_each_once(sqlite, write):
    path = write("orders.csv", EU)
    again = [import_paths(sqlite, [path], account=account)[0].again for account in ("eu", "us", None, "eu", "us", None)]
    assert again == [False, False, False, True, True, True]
    assert len(orders_of(sqlite)) == 6


def test_the_vendor_of_a_mapping_is_kept_apart_and_ids_of_ones_own_are_shared(sqlite, write):
    def subscribers(vendor, name):
        key = {"column": "id", "vendor": vendor} if vendor else "id"
        mapping = mapping_from({"source": name, "keys": {"user": key}, "traits": {"plan": "plan"}})
        for account in ("eu", "us"):
            import_paths(
                sqlite, [write(f"{name}{account}.csv", ["id,plan", f"7,{account}"])], source=mapping, account=account
            )
        with open_reading(sqlite) as duck:
            return duck.execute("SELECT count(DISTINCT subscriber) FROM subscribers").fetchone()[0]

    assert subscribers("till (old)", "till") == 2
    assert subscribers(None, "own") == 3


def test_a_dry_run_shows_the_account(sqlite, write):
    (shown,) = preview_paths(sqlite, [write("eu.csv", EU)], account="eu")
    assert shown.source == "woocommerce_orders@eu"
    assert shown.rows[0]["keys"] == ["user:woocommerce@eu/5", "email:ana@example.org"]


@pytest.mark.parametrize("name", ["", "a b", "é", "a@b", "a/b", "eu\n", "x" * 65])
def test_an_account_has_a_plain_name(sqlite, write, name):
    with pytest.raises(UserError) as raised:
        import_paths(sqlite, [write("eu.csv", EU)], account=name)
    assert raised.value.code == "bad_account"
    assert raised.value.fix
    with sqlite.database.read() as connection:
        assert ledger.all_imports(connection) == ()
