"""The views of local time in a reading: `workspace` and `zone_offsets`."""

from __future__ import annotations

import os
import threading
from importlib import metadata
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from shoal.core.settings import Home
from shoal.core.zones import LAST_YEAR
from shoal.flow.home import Opened
from shoal.flow.setting_aside import aside, set_aside
from shoal.segments import clocks


def load_zones(duck: duckdb.DuckDBPyConnection, opened: Opened) -> None:
    """The workspace's zone, and how far each zone is from UTC when.

    The rows are kept in `derived/` for one version of the database: working them out takes a tenth of a second.
    """
    duck.execute("CREATE TEMP TABLE workspace (zone VARCHAR)")
    duck.execute("INSERT INTO workspace VALUES (?)", [opened.settings.zone])
    path = opened.home.derived / f"zones-{metadata.version('tzdata')}-{LAST_YEAR}.parquet"
    duck.register("loading", _kept(opened.home, path))
    duck.execute("CREATE TEMP TABLE zone_offsets AS FROM loading")
    duck.unregister("loading")


def _kept(home: Home, path: Path) -> pa.Table:
    """The rows in a file, which is made where it is not there; a damaged one is set aside."""
    if path.is_file():
        try:
            return _read(path)
        except (pa.ArrowInvalid, OSError) as error:
            if getattr(error, "errno", None) is not None:  # Arrow's own errors of what it reads have no number
                raise
            set_aside(home, path, aside(home, "derived"))
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}.partial")
    pq.write_table(clocks.offsets(), partial, write_page_checksum=True)
    partial.replace(path)
    return _read(path)


def _read(path: Path) -> pa.Table:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:  # read_table would import pandas
        return file.read()
