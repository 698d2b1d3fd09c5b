"""Zendesk's export of tickets, one line a ticket. A ticket goes on changing: its version is its last change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, Source
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.message_ids import event_id, facts

_KNOWN: Final = {
    *("id", "requester", "requester email", "requester id", "subject", "status", "priority", "created at"),
    *("updated at", "solved at", "satisfaction score", "tags", "channel", "via"),
}


def _tickets(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        keys, flaws = identity(cells, ("requester email",), {"requester id": "zendesk"})
        number = cells.text("id") or _unnumbered(cells, keys)
        properties: dict[str, Json] = {
            **cells.rest(_KNOWN),
            **texts(cells, ticket_id="id", subject="subject", status="status", priority="priority"),
            **texts(cells, channel=("channel", "via"), satisfaction="satisfaction score"),
            **present(
                tags=list(cells.listed("tags")) if "," in str(cells.text("tags")) else _words(cells.text("tags"))
            ),
        }
        created, solved = cells.required_at("created at"), cells.at("solved at")
        version = cells.latest("created at", "updated at", "solved at")
        yield Record(keys, events.TICKET_CREATED, created, f"{number}:created", properties, version=version)
        if solved is not None:
            yield Record(keys, events.TICKET_SOLVED, solved, f"{number}:solved", properties, version=version)
        yield from facts(keys, created, number, {**texts(cells, name="requester"), **flaws}, ())


def _unnumbered(cells: Cells, keys: tuple[str, ...]) -> str:
    return event_id(keys[0], events.TICKET_CREATED, cells.unzoned().at("created at"), cells.text("subject"))


def _words(tags: str | None) -> list[Json]:
    """Zendesk's tags hold no blanks and are separated by them."""
    return list(tags.split()) if tags else []


SOURCE = Source(
    name="zendesk_tickets",
    title="Zendesk tickets export",
    recognise=by_columns({"id", "requester email", "subject", "status", "created at"}, _KNOWN),
    map_rows=_tickets,
)
