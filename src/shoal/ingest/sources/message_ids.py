"""Message ids of rows, made so that another export of the same row has the same ones.

An event whose row has no id of its own is known by who, what, when, and what else tells two such events apart (its
campaign, link, order). Columns that an export may have or not have are no part of it. Its time is the one that is
written (`Cells.unzoned`), so that a change of the setting `zone` makes no other events.
"""

from __future__ import annotations

import msgspec

from shoal.core.ids import bytes_id
from shoal.core.time import Instant
from shoal.ingest.canonical import Consent, Json, Record

_encode_sorted = msgspec.json.Encoder(order="deterministic").encode


def event_id(who: str, name: str, written: Instant | str | None, *what: object) -> str:
    """The id of an event: `who` is a key, `written` its time as the row has it, `what` tells it from others like it.

    >>> one, other = (event_id("email:a@example.org", "Email Opened", None, campaign) for campaign in ("C1", "C2"))
    >>> one == other
    False
    """
    return f"event-{_digest([who, name, written, *what])}"


def facts(
    keys: tuple[str, ...], at: Instant | None, number: str, traits: dict[str, Json], consent: tuple[Consent, ...]
) -> list[Record]:
    """The traits and consent of a row whose event has versions, as a record of their own; none where there are none.

    Its id ends with a digest of what it states: a fact that a later export corrects is another statement.
    """
    if not traits and not consent:
        return []
    return [facts_record(Record(keys, at=at, traits=traits, consent=consent), number)]


def facts_record(record: Record, number: str) -> Record:
    """The record of facts, known by the id of the row that states them and by what it says."""
    said = _digest([record.traits, record.consent])
    return msgspec.structs.replace(record, message_id=f"{number}:facts:{said}")


def _digest(said: object) -> str:
    return f"{bytes_id(_encode_sorted(said)):016x}"
