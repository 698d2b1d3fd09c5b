"""The views of local time in a reading: `workspace` and `zone_offsets`."""

from __future__ import annotations

import os
import threading
from importlib import metadata

import duckdb
import pyarrow.parquet as pq

from shoal.core.zones import LAST_YEAR
from shoal.flow.home import Opened
from shoal.segments import clocks


def load_zones(duck: duckdb.DuckDBPyConnection, opened: Opened) -> None:
    """The workspace's zone, and how far each zone is from UTC when.

    The rows are kept in `derived/` for one version of the database: working them out takes a tenth of a second.
    """
    duck.execute("CREATE TEMP TABLE workspace (zone VARCHAR)")
    duck.execute("INSERT INTO workspace VALUES (?)", [opened.settings.zone])
    path = opened.home.derived / f"zones-{metadata.version('tzdata')}-{LAST_YEAR}.parquet"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
        pq.write_table(clocks.offsets(), partial)
        partial.replace(path)
    with pq.ParquetFile(path) as file:  # read_table would import pandas, for half a second
        duck.register("loading", file.read())
    duck.execute("CREATE TEMP TABLE zone_offsets AS FROM loading")
    duck.unregister("loading")
