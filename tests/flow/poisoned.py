"""An engine with faults, for tests to start in a process of its own: `python poisoned.py HOME`.

What a record has as its property `fault` happens to the engine that takes it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import NoReturn

import duckdb

from shoal.flow import drain, following
from shoal.flow.engine_process import follow
from shoal.flow.home import open_home


def _raise(error: Exception) -> NoReturn:
    raise error


FAULTS = {
    "raises": lambda: _raise(ValueError("ada@example.org")),
    "dies": lambda: os._exit(3),
    "has no room": lambda: _raise(OSError("no room")),
    "is killed": lambda: os.kill(os.getpid(), 9),
}


def fail(duck: duckdb.DuckDBPyConnection, table: str, when: str) -> None:
    """Do what the records of a table ask for."""
    count = f"SELECT count(*) FROM {table} WHERE json_extract_string(properties, '$.{when}') = ?"
    for name, fault in FAULTS.items():
        if duck.execute(count, [name]).fetchall() != [(0,)]:
            fault()
    pairs = f"SELECT count(*) FROM {table} WHERE json_extract_string(properties, '$.{when}') = 'raises with another'"
    if duck.execute(pairs).fetchall()[0][0] > 1:
        raise ValueError


def poison() -> None:
    """Make the engine fail on such records: when they are told, and when files of them are written."""
    tell, write = following.tell, drain.write_events

    def telling(duck):
        fail(duck, "fresh", "fault")
        return tell(duck)

    def writing(folder, duck, rows, **named):
        fail(duck, rows.table, "fault_of_files")
        return write(folder, duck, rows, **named)

    following.tell, drain.write_events = telling, writing


if __name__ == "__main__":
    poison()
    follow(open_home(Path(sys.argv[1])), *map(int, sys.argv[2:]))
