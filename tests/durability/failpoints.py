"""Named points at which a process is killed. A program of its own: it forks, so it must have no threads.

`POINTS` is the table: each name is a place in the product's own functions, so the product knows nothing of it. The
points of an import are in `tests/laws/killed_imports.py`, those of an upgrade are all of its statements
(`test_upgrade_killed.py`).

Reads a line of JSON for each process: `folder` and what to do in it: `begin` (with the `url` of a receiver), or a
`scene` of the workload, with the `point` at which to die or to its end. Answers with a line of JSON: `status` (-9:
killed) and, of a scene that came to its end, `found`, the number of changes on the feed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from sqlalchemy.engine.default import DefaultDialect
from workload import Place, begin, play, play_to_the_end, small, warm

from forked import carry_out
from shoal.access import webhooks
from shoal.destinations import membership, record
from shoal.flow import backing_up, backup_form, baseline, drain, replaying, restoring, retention, saving, unifying
from shoal.flow.accepting import Intake
from shoal.flow.drain import Drain
from shoal.flow.following import Following
from shoal.flow.telling import Teller
from shoal.ingest import letters
from shoal.profiles import identity
from shoal.segments import feed, versions
from shoal.store import copies, journal, lake
from shoal.store.database import Database

COMMIT = (DefaultDialect, "do_commit")
RENAME = (Path, "rename")
REPLACE = (Path, "replace")


@dataclass(frozen=True)
class Point:
    """Before or after a call of a function; `within` counts only the calls that another function makes."""

    scene: str
    when: Literal["before", "after"]
    function: tuple[Any, str]
    within: tuple[Any, str] | None = None
    time: int = 1  # at which of these calls


INTO_JOURNAL = (Intake, "_keep")
START = (Following, "__init__")
KEEP = (Drain, "keep")

POINTS: dict[str, Point] = {
    # what arrives
    "requests are packed and not in the journal": Point("hand in", "before", (journal, "append_all")),
    "requests are in the journal and not committed": Point("hand in", "after", (journal, "append_all")),
    "ids of old deliveries are pruned and not committed": Point(
        "hand in", "after", (sa.Connection, "execute"), (webhooks, "remember")
    ),
    "a signed delivery is noted and not in the journal": Point("hand in", "after", (webhooks, "remember")),
    "dead letters are kept and their requests are not": Point("hand in", "after", (letters, "keep")),
    "before requests are committed": Point("hand in", "before", COMMIT, INTO_JOURNAL),
    "requests are committed and nobody is told": Point("hand in", "after", COMMIT, INTO_JOURNAL),
    # a start
    "a start has its reading and told nothing": Point("serve", "before", (feed, "move"), START),
    "a start has told and not committed": Point("serve", "after", (feed, "move"), START),
    "a start has told and not written the members down": Point("serve", "before", (baseline, "save"), START),
    "members are written and not in their place": Point("serve", "before", REPLACE, (baseline, "save")),
    "members are in their place": Point("serve", "after", REPLACE, (baseline, "save")),
    # a turn
    "records are taken and nobody is known": Point("serve", "after", (drain.Fresh, "__init__")),
    "people are observed and not resolved": Point("serve", "after", (identity, "observe")),
    "people are resolved and nothing is folded": Point("serve", "after", (identity, "resolve_within")),
    "records are folded and not told": Point("serve", "after", (Following, "_fold")),
    "changes are on the feed without how far it is": Point("serve", "after", (feed, "append")),
    "how far the feed is is told and not committed": Point("serve", "after", (feed, "move"), (Following, "_unified")),
    "before a turn is committed": Point("serve", "before", COMMIT, (Following, "_unified")),
    "a turn is committed and people are in no file": Point("serve", "before", (unifying, "keep"), (Following, "turn")),
    "a file of people is written and not in its place": Point("serve", "before", REPLACE, (unifying, "_write")),
    "a file of people is in its place and old ones are there": Point("serve", "before", (unifying, "_sweep")),
    # the lake
    "a lake file is written and not on disk": Point("serve", "before", (lake, "flush")),
    "a lake file is on disk and has no name": Point("serve", "before", RENAME),
    "a lake file has its name and the others do not": Point("serve", "after", RENAME),
    "lake files are there and not catalogued": Point("serve", "before", (lake, "catalogue")),
    "lake files are catalogued and the offset is behind": Point("serve", "after", (lake, "catalogue")),
    "the offset of the lake is moved and not committed": Point("serve", "after", (journal, "move_offset")),
    "the lake is committed and nothing is forgotten": Point("serve", "after", COMMIT, KEEP),
    "small files are one and not exchanged": Point("serve", "before", (lake, "replace")),
    "small files are exchanged and that is not committed": Point("serve", "after", (lake, "replace")),
    "small files are exchanged and not retired": Point("serve", "before", (lake, "retire")),
    # definitions
    "a new segment is read and not told": Point("define", "before", (Following, "_tell"), (Following, "_look")),
    "a new segment is told": Point("define", "after", (Following, "_tell"), (Following, "_look")),
    "a version is decided and not written": Point("save", "before", (versions, "add")),
    "a version is written and not committed": Point("save", "after", (versions, "add")),
    "a version is committed and its file is not written": Point("save", "before", (saving, "_follow")),
    "the file of a segment is written and not in its place": Point("save", "before", REPLACE, (saving, "_written")),
    # people who turn out to be several
    "somebody is several and no file says so": Point("split", "before", (Following, "_rebuild")),
    "files are written before it is told who is several": Point("split", "after", (Following, "_built"), time=2),
    # forgetting
    "members are written and nothing is forgotten": Point("forget", "before", (retention, "trim")),
    "the journal is trimmed and the feed is not": Point("forget", "after", (journal, "trim")),
    "the feed is trimmed and that is not committed": Point("forget", "after", (feed, "forget")),
    "all that is old is forgotten": Point("forget", "after", (retention, "trim")),
    # a stop
    "files are written at the end and members are not": Point(
        "forget", "before", (baseline, "save"), (Following, "close")
    ),
    "before the last checkpoint": Point("forget", "before", (Database, "close")),
    "after the last checkpoint": Point("forget", "after", (Database, "close")),
    # dead letters
    "a letter is no more and not in the journal": Point("letters", "before", (journal, "append"), (replaying, "_take")),
    "a letter is in the journal and not committed": Point(
        "letters", "after", (journal, "append"), (replaying, "_take")
    ),
    "a letter is committed and not in the lake": Point("letters", "before", (replaying, "_drain")),
    # destinations
    "a batch is kept and not committed": Point("tell", "after", (record, "depart")),
    "a batch is kept and not sent": Point("tell", "before", (Teller, "_deliver")),
    "a file for a receiver is written and not in its place": Point("tell", "before", REPLACE, (Teller, "_send")),
    "a file for a receiver is in its place": Point("tell", "after", REPLACE, (Teller, "_send")),
    "a file is delivered and that is not noted": Point("tell", "after", (Teller, "_send")),
    "it is noted that a batch arrived and not what it held": Point("tell", "after", (record, "arrived")),
    "before a delivery is committed": Point("tell", "after", (membership, "confirm")),
    "a delivery is committed and the next is not due": Point("tell", "after", (Teller, "_deliver")),
    "a sync is noted and not committed": Point("tell", "after", (record, "synced")),
    "a webhook is delivered and that is not noted": Point(
        "tell", "after", (Teller, "_send"), (Teller, "_tell_changes")
    ),
    # backups
    "the database of a backup is copied": Point("back up", "after", (copies, "_copy")),
    "lake files stay for a backup": Point("back up", "after", (backing_up, "_pinned")),
    "a backup is whole and has no list": Point("back up", "before", (backup_form._Folder, "end")),
    "a backup has its list and not its name": Point("back up", "before", (os, "rename")),
    "a backup has its name": Point("back up", "after", (os, "rename")),
    "a backup in one file is whole and has no name": Point(
        "back up", "before", (os, "link"), (backup_form._Tar, "__exit__")
    ),
    "a backup in one file has its name": Point("back up", "after", (os, "link"), (backup_form._Tar, "__exit__")),
    "a workspace is unpacked and not checked": Point("back up", "after", (restoring, "_unpack")),
    "a workspace is checked and not in its place": Point("back up", "after", (restoring, "_check")),
    "a workspace is in its place": Point("back up", "before", (restoring, "flush")),
}


def die(point: Point) -> None:
    """Kill this process at a point that it will come to."""
    depth = calls = 0
    if point.within is not None:

        def inside(function: Callable[..., Any]) -> Callable[..., Any]:
            @wraps(function)
            def entered(*given: Any, **named: Any) -> Any:
                nonlocal depth
                depth += 1
                try:
                    return function(*given, **named)
                finally:
                    depth -= 1

            return entered

        _wrap(*point.within, inside)

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def watched(*given: Any, **named: Any) -> Any:
            nonlocal calls
            counts = point.within is None or depth > 0
            calls += counts
            last = counts and calls == point.time
            if last and point.when == "before":
                os.kill(os.getpid(), signal.SIGKILL)
            found = function(*given, **named)
            if last:
                os.kill(os.getpid(), signal.SIGKILL)
            return found

        return watched

    _wrap(*point.function, deadly)


def _wrap(owner: Any, name: str, how: Callable[[Callable[..., Any]], Callable[..., Any]]) -> None:
    setattr(owner, name, how(getattr(owner, name)))


def run(order: dict[str, Any]) -> int:
    """What an order asks for, in this process."""
    place = Place(Path(order["folder"]))
    if "begin" in order:
        begin(place, order["begin"])
        return 0
    if "point" not in order:
        return play_to_the_end(place, order["scene"])
    die(POINTS[order["point"]])
    play(place, order["scene"])
    return 0


def main() -> None:
    warm()
    small()
    carry_out(run)


if __name__ == "__main__":
    main()
