"""HubSpot's exports of contacts, deals and tickets.

Source: https://knowledge.hubspot.com/import-and-export/export-records; a column is named by its
property's label, so only the labels of HubSpot's own properties are known here. Deals and tickets go on changing: their
version is "Last Modified Date", or else the latest of the times the row tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, newest, present, read
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, identity, mapper
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.message_ids import event_id

OPTED_OUT: Final = r"hs_email_optout(_\d+)?$"
"""HubSpot's own names of the refusal of all e-mail, and of one type of it by the type's number."""


def _consent(cells: Cells) -> list[Stated]:
    """A refusal of one type of e-mail ("Opted out of email: Marketing Information") is one of e-mail: the careful
    reading, for what a type is used for is not in the export."""
    return consents.refused(cells, *_CONTACTS.consenting(cells))


_CONTACTS = Contacts(
    phone=("phone number", "mobile phone number"),
    ids={"record id": "hubspot", "record id - contact": "hubspot", "contact id": "hubspot"},
    texts={
        "contact owner": "owner",
        "lifecycle stage": "lifecycle_stage",
        "lead status": "lead_status",
        "state/region": "region",
        "country/region": "country",
        "street address": "address",
        "website url": "website",
    },
    times={
        "create date": "created_at",
        "last activity date": "last_activity_at",
        "last contacted": "last_contacted_at",
    },
    updated=("last modified date",),
    consent=_consent,
    consent_pattern=re.compile(rf"unsubscribed from all e-?mail|opted out of (all )?e-?mail|{OPTED_OUT}"),
)
_DEAL: Final = {
    *("record id", "record id - deal", "deal id", "deal name", "deal stage", "pipeline", "amount", "currency"),
    *("create date", "close date", "deal owner", "associated contact", "associated contact ids", "deal type"),
    *("associated contact emails", "associated contact email", "contact email", "last modified date"),
}
_TICKET: Final = {
    *("record id", "record id - ticket", "ticket id", "ticket name", "pipeline", "ticket status", "priority"),
    *("create date", "close date", "ticket owner", "source", "category", "associated contact", "ticket description"),
    *("associated contact ids", "associated contact emails", "associated contact email", "contact email"),
    "last modified date",
}
_PEOPLE: Final = ("associated contact ids", "associated contact id")
_BRACKETED: Final = re.compile(r"\(([^()\s]+@[^()\s]+)\)")  # "Ana Silva (ana@example.org);Bo …"
_ADDRESSES: Final = ("associated contact emails", "associated contact email", "contact email")


def _contacts_of(cells: Cells, kind: str) -> tuple[tuple[str, ...], dict[str, Json]]:
    """Keys of the first associated contact; exports of deals and tickets list them in one cell."""
    ids = cells.listed(*_PEOPLE)
    addresses = cells.listed(*_ADDRESSES) or _BRACKETED.findall(cells.text("associated contact") or "")
    one = read({"id": ids[0] if ids else "", "email": addresses[0] if addresses else ""}, cells.context)
    try:
        return identity(one, ("email",), {"id": "hubspot"})
    except RowRejectedError:
        raise RowRejectedError("no_identity", f"The {kind} names no contact by id or e-mail address.") from None


def _deals(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        keys, flaws = _contacts_of(cells, "deal")
        number = cells.text("record id", "record id - deal", "deal id") or _unnumbered(cells, keys, "deal name")
        stage = cells.text("deal stage") or ""
        properties = {
            **cells.rest(_DEAL | set(_PEOPLE)),
            **texts(cells, deal_name="deal name", stage="deal stage", pipeline="pipeline", owner="deal owner"),
            **texts(cells, deal_type="deal type", deal_id=("record id", "record id - deal", "deal id")),
            **present(amount=cells.amount("amount"), currency=(cells.text("currency") or context.currency).upper()),
            **flaws,
        }
        created, closed = cells.required_at("create date"), cells.at("close date")
        folded = stage.casefold().replace(" ", "")
        if not folded.startswith("closed"):
            closed = None  # when it is expected to be
        version = newest(created, closed, cells.at("last modified date"))
        yield Record(keys, events.DEAL_CREATED, created, f"{number}:created", properties, version=version)
        if closed is not None:
            won: dict[str, Json] = {**properties, "won": folded.startswith("closedwon")}
            yield Record(keys, events.DEAL_CLOSED, closed, f"{number}:closed", won, version=version)


def _tickets(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        keys, flaws = _contacts_of(cells, "ticket")
        number = cells.text("record id", "record id - ticket", "ticket id") or _unnumbered(cells, keys, "ticket name")
        properties = {
            **cells.rest(_TICKET | set(_PEOPLE)),
            **texts(cells, subject="ticket name", status="ticket status", pipeline="pipeline", priority="priority"),
            **texts(cells, channel="source", category="category", description="ticket description"),
            **texts(cells, ticket_id=("record id", "record id - ticket", "ticket id")),
            **flaws,
        }
        closed = cells.at("close date")
        created = cells.required_at("create date")
        version = newest(created, closed, cells.at("last modified date"))
        yield Record(keys, events.TICKET_CREATED, created, f"{number}:created", properties, version=version)
        if closed is not None:
            yield Record(keys, events.TICKET_SOLVED, closed, f"{number}:solved", properties, version=version)


def _unnumbered(cells: Cells, keys: tuple[str, ...], name: str) -> str:
    """What a deal or ticket is known by in an export that leaves its number out."""
    return event_id(keys[0], name, cells.unzoned().at("create date"), cells.text(name))


def _recognise_contacts(head: FileHead) -> float:
    usual = _CONTACTS.known()
    return max(
        by_columns({"record id", "email", "create date"}, usual)(head),
        by_columns({"record id - contact", "email"}, usual)(head),
        by_columns({"email", "lifecycle stage", "contact owner"}, usual)(head),
    )


CONTACTS = Source(
    name="hubspot_contacts",
    title="HubSpot contacts export",
    recognise=_recognise_contacts,
    map_rows=mapper(_CONTACTS),
)
DEALS = Source(
    name="hubspot_deals",
    title="HubSpot deals export",
    recognise=by_columns({"deal name", "deal stage", "create date"}, _DEAL),
    map_rows=_deals,
)
TICKETS = Source(
    name="hubspot_tickets",
    title="HubSpot tickets export",
    recognise=by_columns({"ticket name", "ticket status", "create date"}, _TICKET),
    map_rows=_tickets,
)
SOURCES = (CONTACTS, DEALS, TICKETS)
