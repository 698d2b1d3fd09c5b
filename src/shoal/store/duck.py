"""DuckDB connections: in memory, offline, shut in to the folders they need.

Source of the settings: https://duckdb.org/docs/stable/operations_manual/securing_duckdb/overview
"""

from __future__ import annotations

import os
from pathlib import Path

import duckdb


def open_duck(
    *folders: Path,
    memory: str = "4GB",
    threads: int | None = None,
    async_threads: int | None = None,
    scratch: Path | None = None,
    again: bool = False,
) -> duckdb.DuckDBPyConnection:
    """An in-memory DuckDB that can read and write files below `folders` only.

    `memory` limits what it may hold before it spills to `scratch` (where given); `again` keeps
    the footers of Parquet files in memory, for many queries over the same files. `async_threads` are those that wait
    for the disk, by default DuckDB's choice; with one thread and none of these, a fork of the process can go on
    with the connection. Times without a zone mean UTC. Nothing can be installed, loaded or attached.
    """
    config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory}
    config["threads"] = threads or os.cpu_count() or 1
    if async_threads is not None:
        config["async_threads"] = async_threads
    duck = duckdb.connect(":memory:", config=config)
    duck.execute("SET GLOBAL TimeZone = 'UTC'")  # cursors too
    duck.execute("SET preserve_insertion_order = false")
    duck.execute("SET enable_progress_bar = false")  # it would stand among the answers on standard output
    duck.execute("SET parquet_metadata_cache = ?", [again])
    duck.execute("SET autoinstall_known_extensions = false")
    duck.execute("SET autoload_known_extensions = false")
    if scratch is not None:
        scratch.mkdir(parents=True, exist_ok=True)
        duck.execute("SET temp_directory = ?", [str(scratch)])
    allowed = [str(folder.resolve()) for folder in (*folders, *([scratch] if scratch else []))]
    duck.execute("SET allowed_directories = ?", [allowed])
    duck.execute("SET enable_external_access = false")
    duck.execute("SET lock_configuration = true")
    return duck
