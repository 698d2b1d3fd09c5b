"""Zendesk's export of tickets, one line a ticket."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, Source
from shoal.ingest.sources.cells import present, read
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts

_KNOWN: Final = {
    *("id", "requester", "requester email", "requester id", "subject", "status", "priority", "created at"),
    *("updated at", "solved at", "satisfaction score", "tags", "channel", "via"),
}


def _tickets(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        keys, flaws = identity(cells, ("requester email",), {"requester id": "zendesk"})
        number = cells.text("id")
        properties: dict[str, Json] = {
            **cells.rest(_KNOWN),
            **texts(cells, ticket_id="id", subject="subject", status="status", priority="priority"),
            **texts(cells, channel=("channel", "via"), satisfaction="satisfaction score"),
            **present(
                tags=list(cells.listed("tags")) if "," in str(cells.text("tags")) else _words(cells.text("tags"))
            ),
        }
        created, solved = cells.required_at("created at"), cells.at("solved at")
        traits = {**texts(cells, name="requester"), **flaws}
        yield Record(keys, events.TICKET_CREATED, created, number and f"{number}:created", properties, traits)
        if solved is not None:
            yield Record(keys, events.TICKET_SOLVED, solved, number and f"{number}:solved", properties)


def _words(tags: str | None) -> list[Json]:
    """Zendesk's tags hold no blanks and are separated by them."""
    return list(tags.split()) if tags else []


SOURCE = Source(
    name="zendesk_tickets",
    title="Zendesk tickets export",
    recognise=by_columns({"id", "requester email", "subject", "status", "created at"}, _KNOWN),
    map_rows=_tickets,
)
