"""shoal sql and shoal tables as a user types them."""

from __future__ import annotations

import pyarrow.parquet as pq
from sqlglot import exp, parse_one

NOW = "2026-02-01"
BOUGHT = 'did "Order Completed" in the last 30 days'


def test_a_sentence_becomes_one_select(shoal, shop):
    told = shoal("sql", BOUGHT, "--dialect", "snowflake", "--as-of", NOW)
    assert told.status == 0
    assert isinstance(parse_one(told.out, dialect="snowflake"), exp.Select)
    document = shoal("sql", BOUGHT, "--dialect", "snowflake", "--as-of", NOW, as_json=True).document
    assert document == {"dialect": "snowflake", "sql": told.out.rstrip("\n")}


def test_without_an_instant_it_goes_by_the_clock(shoal, shop):
    assert "CURRENT_TIMESTAMP" in shoal("sql", BOUGHT, "--dialect", "postgres").out
    assert "CURRENT_TIMESTAMP" not in shoal("sql", BOUGHT, "--dialect", "postgres", "--as-of", NOW).out


def test_names_that_only_the_warehouse_knows(shoal, shop):
    assert "'Lesson Begun'" in shoal("sql", 'did "Lesson Begun"', "--dialect", "bigquery").out


def test_mistakes(shoal, shop):
    refused = shoal("sql", BOUGHT, "--dialect", "oracle")
    assert (refused.status, "There is no dialect 'oracle'" in refused.err) == (2, True)
    refused = shoal("sql", "birthday is today", "--dialect", "spark")
    assert (refused.status, "--as-of" in refused.err) == (2, True)


def test_the_tables_and_the_zones(shoal, shop):
    told = shoal("tables", "--dialect", "duckdb", "--zones", "zones.parquet")
    assert told.status == 0
    assert told.out.count("CREATE TABLE") == 3
    assert pq.read_table(shop / "zones.parquet").column_names == ["zone", "starts", "ends", "offset"]
    assert len(shoal("tables", "--dialect", "duckdb", as_json=True).document["statements"]) == 3
