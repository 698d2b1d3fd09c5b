"""Zendesk's tables in a warehouse: users, tickets, and what requesters wrote.

A ticket goes on changing: its version is `updated_at`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Record
from shoal.ingest.source import RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells, present
from shoal.ingest.sources.contacts import NAMES, Contacts, identity, people
from shoal.ingest.sources.mail import texts
from shoal.ingest.sources.warehouse.tables import REFERENCE, Table, changed, detail_of, sibling, sources

VENDOR: Final = "zendesk"

_USER = Contacts(
    phone=("phone",),
    ids={"id": VENDOR, "external_id": None},
    times={"created_at": "created_at", "last_login_at": "last_login_at"},
    flags={"verified": "email_verified", "suspended": "suspended", "active": "active"},
    updated=("updated_at",),
    ignored=frozenset(
        {"authenticity_token", "remote_photo_url", "url", "signature", "role", "locale_id", "ticket_restriction"}
        | {"restricted_agent", "moderator", "shared", "shared_agent", "only_private_comments", "chat_only"}
        | {"two_factor_auth_enabled"}
    ),
)
_KNOWN: Final = _USER.known()


def _user(cells: Cells) -> Iterator[Record]:
    if (cells.text("role") or "end-user").casefold() != "end-user":
        raise RowSkippedError("staff")
    yield from people(cells, _USER, _KNOWN, NAMES)


_TICKET: Final = frozenset(
    {"id", "created_at", "updated_at", "requester_id", "subject", "status", "priority", "type", "via_channel"}
    | {"description", "assignee_id", "submitter_id", "url", "recipient", "merged_ticket_ids", "followup_ids"}
    | {"via_source_from_address", "via_source_from_title", "via_source_to_address", "via_source_to_name", "brand_id"}
)


def _ticket(cells: Cells) -> Iterator[Record]:
    """When a ticket was solved isn't in this table: its last change stands in, and the event says so."""
    status = (cells.text("status") or "").casefold()
    if status == "deleted":
        raise RowSkippedError("deleted")
    keys, _ = identity(cells, (), {"requester_id": VENDOR})
    number = cells.text("id")
    if number is None:
        raise RowRejectedError("no_row_id", "The row has no number of its own: column 'id' is blank.")
    properties = {
        **cells.rest(_TICKET),
        **texts(cells, ticket_id="id", subject="subject", status="status", priority="priority", kind="type"),
        **texts(cells, channel="via_channel", description="description"),
    }
    created = cells.required_at("created_at")
    version = changed(cells, "updated_at", otherwise=created)
    yield Record(keys, events.TICKET_CREATED, created, f"{number}:created", properties, version=version)
    solved = cells.at("updated_at")
    if status in ("solved", "closed") and solved is not None:
        estimated = {**properties, "time_estimated": True}
        yield Record(keys, events.TICKET_SOLVED, solved, f"{number}:solved", estimated, version=version)


def _comment(cells: Cells) -> Iterator[Record]:
    """What the ticket's requester wrote; agents' answers and notes are left out."""
    ticket = sibling(cells, VENDOR, "ticket", cells.text("ticket_id"))
    author = cells.text("user_id")
    if ticket is None or author is None or author != ticket.text("requester_id"):
        raise RowSkippedError(detail_of("ticket"))
    keys, _ = identity(cells, (), {"user_id": VENDOR})
    properties = {**texts(cells, ticket_id="ticket_id"), **texts(ticket, subject="subject", channel="via_channel")}
    yield Record(keys, events.TICKET_COMMENTED, cells.required_at("created"), cells.text("id"), properties)


def _user_tag(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"user_id": VENDOR})
    tag = cells.text("tag")
    yield Record(keys, traits=present(**{f"tag: {tag}": True}) if tag else {})


_MAPPED: Final = (
    Table("user", "id email role suspended ticket_restriction", _user),
    Table("ticket", "id requester_id submitter_id via_channel status", _ticket),
    Table("ticket_comment", "id ticket_id user_id body public voice_comment", _comment, {"ticket": "id"}),
    Table("user_tag", "tag user_id", _user_tag),
)
_SKIPPED: Final = {
    REFERENCE: {
        "audit_log": "actor_id change_description source_label source_type",
        "brand": "brand_url has_help_center help_center_state subdomain",
        "daylight_time": "time_zone year daylight_offset",
        "domain_name": "organization_id domain_name index",
        "group": "id name url created_at updated_at",
        "organization": "id shared_comments shared_tickets group_id",
        "organization_tag": "organization_id tag",
        "schedule": "id start_time_utc end_time_utc time_zone",
        "schedule_holiday": "schedule_id start_date end_date",
        "time_zone": "time_zone standard_offset",
        "ticket_form_history": "id display_name end_user_visible active",
    },
    detail_of("ticket"): {
        "ticket_chat": "chat_id conversation_id initiator ticket_id visitor_id",
        "ticket_chat_event": "chat_id chat_index message_id is_history_context",
        "ticket_field_history": "field_name ticket_id updated value",
        "ticket_schedule": "ticket_id schedule_id created_at",
        "ticket_tag": "tag ticket_id",
    },
}
SOURCES = sources(VENDOR, "Zendesk", _MAPPED, _SKIPPED)
