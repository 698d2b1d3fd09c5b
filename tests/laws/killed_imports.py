"""Runs imports that are killed at chosen points. A program of its own: it forks, so it must have no threads.

Reads a line of JSON for each import (`home`, `files`, and where to die: `die_at`, the number of a call or return, or
`point`, as in `POINTS`, with `time`), and answers with a line of JSON: `status` (9: killed) and `found`, the number of
calls.
"""

from __future__ import annotations

import itertools
import os
import sys
import threading
from collections.abc import Iterator
from functools import wraps
from pathlib import Path
from typing import Any

from forked import carry_out
from shoal.core.time import Instant
from shoal.flow import compaction, drain, importing
from shoal.flow.beside import Beside
from shoal.flow.home import open_home
from shoal.ingest import ledger, parse, recognise
from shoal.ingest.formats.packed import FilePart
from shoal.ingest.worker import ParseRequest
from shoal.profiles import identity
from shoal.store import journal, lake

KILLED = 9
CHUNK_ROWS = 100
TURN_ROWS = 350
CLOCK = Instant(1_780_000_000_000)

POINTS: dict[str, tuple[Any, str, str]] = {
    "before a chunk is in the journal": (journal, "append", "before"),
    "a chunk is in the journal and not in the ledger": (journal, "append", "after"),
    "a chunk is in journal and ledger and not committed": (ledger, "advance", "after"),
    "a chunk is committed": (Beside, "add", "before"),
    "a file is read and not finished": (ledger, "finish", "before"),
    "a file is finished and not committed": (ledger, "finish", "after"),
    "before left-overs are swept": (lake, "sweep", "before"),
    "before a turn": (drain.Drain, "turn", "before"),
    "a lake file is written and not renamed": (Path, "rename", "before"),
    "a lake file is renamed and the others are not": (Path, "rename", "after"),
    "a turn's files are there and nothing is in the database": (lake, "catalogue", "before"),
    "a turn's files are catalogued and not committed": (lake, "catalogue", "after"),
    "a turn's people are observed and not committed": (identity, "observe", "after"),
    "a turn's offset is moved and not committed": (journal, "move_offset", "after"),
    "before small files are replaced": (lake, "replace", "before"),
    "small files are replaced and that is not committed": (lake, "replace", "after"),
    "a turn is committed": (drain.Drain, "turn", "after"),
    "before people are unified": (identity, "resolve", "before"),
    "people are unified": (identity, "resolve", "after"),
    "before the reject file": (ledger, "write_rejects", "before"),
    "after the reject file": (ledger, "write_rejects", "after"),
}

ROOMS = tuple(
    str(Path(importing.__file__).parents[1] / room)
    for room in ("flow/", "store/", "profiles/", "ingest/ledger.py", "ingest/names.py")
)


class Here:
    """The worker's answers, given in this process."""

    def __enter__(self) -> Here:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def inspect(self, path: Path) -> tuple[recognise.Recognised | recognise.Unreadable, ...]:
        return tuple(recognise.inspect(path))

    def parse(self, request: ParseRequest) -> Iterator[parse.Chunk]:
        assert isinstance(request.source, str)
        source = recognise.named_source(request.source)
        part = FilePart(request.path, request.member)
        return parse.parse(part, source, request.context, request.start_chunk)


def run(order: dict[str, Any]) -> int:
    """One import in this process, which may not survive it; how many calls and returns it took."""
    parse.CHUNK_ROWS = CHUNK_ROWS
    importing.GENTLE = drain.Pace(TURN_ROWS, 1)
    compaction.MANY = 2
    importing.Worker = Here  # type: ignore[assignment, misc]
    importing.now = lambda: CLOCK  # type: ignore[assignment]
    if "point" in order:
        die_at_point(*POINTS[order["point"]], order["time"])
    opened = open_home(Path(order["home"]))
    count = die_at_call(order.get("die_at"))
    importing.import_paths(opened, map(Path, order["files"]))
    sys.setprofile(None)
    return next(count)


def die_at_call(number: int | None) -> Iterator[int]:
    """Count calls and returns in the rooms that write, in all threads, and die at one of them."""
    count = itertools.count(1)
    ours: dict[Any, bool] = {}

    def watch(frame: Any, event: str, _: object) -> None:
        code = frame.f_code
        if code not in ours:
            ours[code] = code.co_filename.startswith(ROOMS)
        if ours[code] and next(count) == number:
            os._exit(KILLED)

    threading.setprofile(watch)
    sys.setprofile(watch)
    return count


def die_at_point(owner: Any, name: str, when: str, time: int) -> None:
    """Die before or after the `time`-th call of a function."""
    function, count = getattr(owner, name), itertools.count(1)

    @wraps(function)
    def watched(*given: Any, **named: Any) -> Any:
        last = next(count) == time
        if last and when == "before":
            os._exit(KILLED)
        found = function(*given, **named)
        if last:
            os._exit(KILLED)
        return found

    setattr(owner, name, watched)


if __name__ == "__main__":
    carry_out(run)
