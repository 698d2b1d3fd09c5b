"""Calls that come under the id of another and say something else: the first is kept, the others become letters.

A call is known by the id that its program gives it, so that one which is sent again counts once. One that says
something else under that id is a mistake of the program, and to drop it in silence would hide it. Sources with versions
are no such case, for their events go on changing, and neither are webhooks and files, where an id may be made of who,
what and when. The clock is no part of what a call says: the time of the same call is corrected anew each time it is
sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final

import duckdb
import msgspec
import sqlalchemy as sa

from shoal.core.ids import KEY_ID_SQL
from shoal.core.time import Instant, format_instant
from shoal.ingest import letters
from shoal.ingest.calls import Letter

REASON: Final = "id_conflict"
MESSAGE: Final = "Another call came under this messageId before and is kept: give each call an id of its own."

_PARTS: Final = ("coalesce(name, '')", "array_to_string(keys, chr(30))", "coalesce(properties, '')")
_SAID: Final = " || chr(31) || ".join((*_PARTS, "coalesce(traits, '')", "coalesce(consent, '')"))

DIGEST: Final = f"CASE WHEN version IS NULL AND starts_with(origin, 'api:') THEN {KEY_ID_SQL.format(text=_SAID)} END"
"""What a call of the table `batch` says, without its time; NULL for what is judged by nobody."""

_JUDGED: Final = "version IS NULL AND digest IS NOT NULL"

_WITHIN: Final = f"""
SELECT * FROM fresh WHERE {_JUDGED}
QUALIFY digest <> first(digest) OVER (PARTITION BY event_id ORDER BY received_at, origin, line)
"""
"""The calls that came after another one with their id."""

_BESIDE: Final = f"""
SELECT fresh.* FROM fresh SEMI JOIN (SELECT event_id, digest FROM known WHERE {_JUDGED}) AS known
    ON known.event_id = fresh.event_id AND known.digest <> fresh.digest
WHERE {_JUDGED}
"""
"""The calls of whose id the lake holds another one."""

_FORGET: Final = """
DELETE FROM fresh USING conflicts AS other
WHERE (fresh.event_id, fresh.digest, fresh.received_at, fresh.origin, fresh.line)
    = (other.event_id, other.digest, other.received_at, other.origin, other.line)
"""

_SEEN_AGAIN: Final = """
CREATE OR REPLACE TABLE seen AS
SELECT any_value(seen.id) AS id, said.text AS text, epoch_ms(min(said."at")) AS first_at
FROM (SELECT unnest(keys) AS text, "at" FROM fresh) AS said JOIN seen ON seen.text = said.text GROUP BY said.text
"""
"""The keys that are left: whom only a refused call names is nobody."""

_TOLD: Final = """
SELECT source, epoch_ms(received_at), message_id, name, epoch_ms("at"), keys, properties, traits, consent FROM conflicts
ORDER BY source, received_at, origin, line
"""

_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Conflict:
    """A call that is not kept: whose it is, when it came, and the letter that it becomes."""

    source: str
    received_at: Instant
    letter: Letter


def set_apart(duck: duckdb.DuckDBPyConnection, *, repeated: bool, known: bool) -> list[Conflict]:
    """Take the conflicting calls out of the table `fresh`, and whom only they name out of `seen`.

    `repeated` says whether `fresh` may hold an id twice and `known` whether the table `known`
    tells what is held of its ids (`lake_rows.KNOWN`). Both tables have `DIGEST` as `digest`, and `fresh` has
    `message_id`. To be asked before anything is learned of the calls, for a refused one says nothing of anybody.
    """
    looks = [_BESIDE] * known + [_WITHIN] * repeated
    return [conflict for look in looks for conflict in _taken_out(duck, look)]


def _taken_out(duck: duckdb.DuckDBPyConnection, look: str) -> list[Conflict]:
    duck.execute(f"CREATE OR REPLACE TEMP TABLE conflicts AS {look}")
    found = [_conflict(*row) for row in duck.execute(_TOLD).fetchall()]
    if found:
        duck.execute(_FORGET)
        duck.execute(_SEEN_AGAIN)
    return found


def keep(connection: sa.Connection, conflicts: Iterable[Conflict]) -> None:
    """Put them to the dead letters, in the caller's transaction."""
    ordered = sorted(conflicts, key=_arrival)
    for (source, received_at), some in groupby(ordered, key=_arrival):
        letters.keep(connection, source, received_at, [each.letter for each in some])


def _arrival(conflict: Conflict) -> tuple[str, Instant]:
    return conflict.source, conflict.received_at


def _conflict(*row: Any) -> Conflict:
    """One row of `_TOLD`. Its letter is no call, so that reading it again takes nothing either."""
    source, received_at, message_id, name, at, keys, *said = row
    parts = zip(("properties", "traits", "consent"), said, strict=True)
    told = {part: msgspec.Raw(text.encode()) for part, text in parts if text is not None}
    payload = _encode({"messageId": message_id, "name": name, "at": format_instant(Instant(at)), "keys": keys, **told})
    return Conflict(source, Instant(received_at), Letter(REASON, MESSAGE, payload))
