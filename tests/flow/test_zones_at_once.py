"""Many threads of a server may be the first to read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import duckdb

from shoal.flow.zones import load_zones


def test_many_may_be_the_first(sqlite):
    for made in sqlite.home.derived.iterdir():
        made.unlink()

    def read(_):
        with duckdb.connect() as duck:
            load_zones(duck, sqlite)
            return duck.sql("SELECT count(*) FROM zone_offsets").fetchall()[0][0]

    with ThreadPoolExecutor(8) as threads:
        counts = set(threads.map(read, range(8)))
    assert len(counts) == 1
    assert [each.suffix for each in sqlite.home.derived.iterdir()] == [".parquet"]
