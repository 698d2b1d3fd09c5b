"""HubSpot's tables in a warehouse.

An e-mail event is found by its recipient; a deal or ticket by the table that ties it to contacts.
Properties come as columns `property_…`, and their history as rows, which become traits at their time. Deals and tickets
go on changing: their version is the time of the last change, or else when the connector brought the row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from shoal.core.time import Instant
from shoal.ingest import events, values
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.consent_words import state_of
from shoal.ingest.keys import ordered, user_key
from shoal.ingest.source import RowRejectedError, RowSkippedError
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, newest, parsed_json, present, snake, url_path
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import NAMES, Contacts, identity, people
from shoal.ingest.sources.hubspot import OPTED_OUT
from shoal.ingest.sources.mail import mail_record, texts
from shoal.ingest.sources.message_ids import event_id
from shoal.ingest.sources.warehouse.tables import REFERENCE, Table, changed, detail_of, sibling, sources

VENDOR: Final = "hubspot"

EMAIL_EVENTS: Final = {
    "sent": events.EMAIL_SENT,
    "processed": events.EMAIL_SENT,
    "delivered": events.EMAIL_DELIVERED,
    "deferred": events.EMAIL_DEFERRED,
    "dropped": events.EMAIL_DROPPED,
    "open": events.EMAIL_OPENED,
    "click": events.EMAIL_LINK_CLICKED,
    "bounce": events.EMAIL_BOUNCED,
    "spamreport": events.EMAIL_MARKED_AS_SPAM,
    "unsubscribed": events.UNSUBSCRIBED,
    "forward": events.EMAIL_FORWARDED,
    "print": events.EMAIL_PRINTED,
    "reply": events.EMAIL_REPLIED,
}
"""HubSpot's type of an e-mail event to its canonical name."""

_TRAITS: Final = {
    "lifecyclestage": "lifecycle_stage",
    "hs_lead_status": "lead_status",
    "hubspotscore": "lead_score",
} | {
    "firstname": "first_name",
    "lastname": "last_name",
    "jobtitle": "job_title",
    "zip": "postal_code",
    "state": "region",
    "createdate": "created_at",
}


_OPTED_OUT: Final = re.compile(OPTED_OUT)


def _opted_out(cells: Cells) -> list[Stated]:
    return consents.refused(cells, *_CONTACT.consenting(cells))


_CONTACT = Contacts(
    email=("property_email", "email"),
    phone=("property_phone", "property_mobilephone"),
    ids={"id": VENDOR},
    texts={f"property_{name}": trait for name, trait in _TRAITS.items() if not name.endswith("date")},
    times={"property_createdate": "created_at"},
    updated=("property_lastmodifieddate",),
    ignored=frozenset({"property_hs_calculated_merged_vids", "property_created_at"}),
    consent=_opted_out,
    consent_pattern=re.compile(f"property_{OPTED_OUT}"),
)
_KNOWN: Final = _CONTACT.known()
_TEXTS: Final = {**NAMES, **_CONTACT.texts}


def _contact(cells: Cells) -> Iterator[Record]:
    """The contact, under its own id and those of the contacts that were merged into it."""
    merged = cells.listed("property_hs_calculated_merged_vids")
    others = [user_key(part.split(":", 1)[0], VENDOR) for part in merged]
    for record in people(cells, _CONTACT, _KNOWN, _TEXTS):
        traits = {name.removeprefix("property_"): value for name, value in record.traits.items()}
        yield Record(ordered([*record.keys, *others]), at=record.at, traits=traits, consent=record.consent)


def _merge(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"canonical_vid": VENDOR, "vid_to_merge": VENDOR})
    yield Record(keys, at=cells.at("timestamp"))


def _contact_history(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"contact_id": VENDOR})
    name = cells.text("name")
    if name is None:
        raise RowRejectedError("no_property_name", "The row names no property: column 'name' is blank.")
    at, value = cells.required_at("timestamp"), values.plain(cells.value("value"))
    if _OPTED_OUT.match(name) and consents.refused(cells, "value"):
        yield Record(keys, at=at, consent=(Consent(channel="email", state="denied"),))
    else:
        yield Record(keys, at=at, traits={_TRAITS.get(name) or snake(name): value})


def _form(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"contact_id": VENDOR})
    form = sibling(cells, VENDOR, "form", cells.text("form_id"))
    properties = {
        **texts(cells, form_id="form_id", url="page_url", title="title", page_id="page_id"),
        **present(path=url_path(cells.text("page_url")), form_name=form.text("name") if form else None),
    }
    yield Record(keys, events.FORM_SUBMITTED, cells.required_at("timestamp"), cells.text("conversion_id"), properties)


def _list_member(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"contact_id": VENDOR})
    named = sibling(cells, VENDOR, "contact_list", cells.text("contact_list_id"))
    properties = {**texts(cells, list_id="contact_list_id"), **present(list_name=named.text("name") if named else None)}
    what = (cells.unzoned().at("added_at"), cells.text("contact_list_id"))
    yield Record(
        keys, events.LIST_JOINED, cells.at("added_at"), event_id(keys[0], events.LIST_JOINED, *what), properties
    )
    if cells.flag("_fivetran_deleted"):
        left = cells.at("_fivetran_synced")  # when the connector noticed; nothing tells it better
        known_by = event_id(keys[0], events.LIST_LEFT, *what)
        estimated: dict[str, Json] = {**properties, "time_estimated": True}
        noticed_first = (
            None if left is None else -left
        )  # the greatest version counts, and here the earliest time should
        yield Record(keys, events.LIST_LEFT, left, known_by, estimated, version=noticed_first)


_EMAIL_EVENT: Final = frozenset(
    {"id", "type", "recipient", "created", "email_campaign_id", "portal_id", "app_id", "caused_by_created"}
    | {"caused_by_id", "obsoleted_by_created", "obsoleted_by_id", "sent_by_created", "sent_by_id"}
)
_DETAILS: Final = {"email_event_click": "id", "email_event_bounce": "id", "email_event_status_change": "id"}


def _email_event(cells: Cells) -> Iterator[Record]:
    stated = cells.text("type")
    if stated is None:
        raise RowRejectedError("no_event_name", "The row names no event: column 'type' is blank.")
    keys, _ = identity(cells, ("recipient",), {})
    number = cells.text("id")
    change = sibling(cells, VENDOR, "email_event_status_change", number)
    name = _email_event_name(stated, change)
    campaign = sibling(cells, VENDOR, "email_campaign", cells.text("email_campaign_id"))
    click = sibling(cells, VENDOR, "email_event_click", number)
    bounce = sibling(cells, VENDOR, "email_event_bounce", number)
    properties = {
        **cells.rest(_EMAIL_EVENT),
        **texts(cells, campaign_id="email_campaign_id", sent_id="sent_by_id"),
        **(texts(campaign, campaign_name="name", subject="subject") if campaign else {}),
        **(texts(click, link_url="url", user_agent="user_agent", ip="ip_address") if click else {}),
        **(texts(bounce, bounce_type="category", reason="response") if bounce else {}),
    }
    yield mail_record(keys, name, cells.required_at("created"), number, properties)


def _email_event_name(stated: str, change: Cells | None) -> str:
    """A STATUSCHANGE is an unsubscribe or a bounce; its own table tells which."""
    folded = stated.casefold()
    if folded == "statuschange" and change is not None:
        if _left(change):
            return events.UNSUBSCRIBED
        return events.EMAIL_BOUNCED if change.flag("bounced") else "Email Status Changed"
    return EMAIL_EVENTS.get(folded, "Email Status Changed" if folded == "statuschange" else f"Email {stated.title()}")


def _left(change: Cells) -> bool:
    """Whether somebody refused all e-mail, or one type of it (`subscriptions` is a JSON list of types)."""
    types = parsed_json(change.value("subscriptions"))
    listed = types if isinstance(types, list) else []
    words = [each.get("status") for each in listed if isinstance(each, dict)]
    return any(state_of(str(word)) == "denied" for word in (change.text("portal_subscription_status"), *words) if word)


def _contact_of(cells: Cells, table: str, number: str | None) -> tuple[str, ...]:
    """The contact that a deal or ticket is tied to; RowSkippedError where there is none."""
    tie = sibling(cells, VENDOR, table, number)
    key = user_key(tie.text("contact_id"), VENDOR) if tie else None
    if key is None:
        raise RowSkippedError("no_contact")
    return (key,)


def _property_columns(cells: Cells, known: frozenset[str]) -> dict[str, Json]:
    return {snake(name.removeprefix("property_")): value for name, value in cells.rest(known).items()}


_DEAL: Final = frozenset(
    {"deal_id", "is_deleted", "deal_pipeline_id", "deal_pipeline_stage_id", "owner_id", "portal_id"}
    | {"property_dealname", "property_amount", "property_closedate", "property_createdate", "property_description"}
)


def _deal(cells: Cells) -> Iterator[Record]:
    number = cells.text("deal_id")
    keys = _contact_of(cells, "deal_contact", number)
    stage = sibling(cells, VENDOR, "deal_pipeline_stage", cells.text("deal_pipeline_stage_id"))
    properties = {
        **_property_columns(cells, _DEAL),
        **texts(cells, deal_id="deal_id", deal_name="property_dealname", owner="owner_id", pipeline="deal_pipeline_id"),
        **present(amount=cells.amount("property_amount"), currency=cells.context.currency),
        **present(stage=(stage and stage.text("label")) or cells.text("deal_pipeline_stage_id")),
    }
    created = cells.required_at("property_createdate")
    closed = cells.at("property_closedate") if stage is not None and stage.flag("is_closed") else None
    version = _version(cells, created, closed)
    yield Record(keys, events.DEAL_CREATED, created, f"{number}:created", properties, version=version)
    if stage is not None and closed is not None:
        won: dict[str, Json] = {**properties, "won": bool(stage.flag("closed_won"))}
        yield Record(keys, events.DEAL_CLOSED, closed, f"{number}:closed", won, version=version)


def _version(cells: Cells, created: Instant, ended: Instant | None) -> Instant:
    told = changed(cells, "property_hs_lastmodifieddate", "property_lastmodifieddate")
    return newest(created, ended, told)


def _deal_stage(cells: Cells) -> Iterator[Record]:
    number = cells.text("deal_id")
    keys = _contact_of(cells, "deal_contact", number)
    stage = sibling(cells, VENDOR, "deal_pipeline_stage", cells.text("value"))
    deal = sibling(cells, VENDOR, "deal", number)
    properties = {
        **texts(cells, deal_id="deal_id", stage_id="value"),
        **present(stage=(stage and stage.text("label")) or cells.text("value")),
        **(texts(deal, deal_name="property_dealname") if deal else {}),
    }
    entered = ("date_entered", "_fivetran_start")
    known_by = event_id(f"deal/{number}", events.DEAL_STAGE_CHANGED, cells.unzoned().at(*entered), cells.text("value"))
    yield Record(keys, events.DEAL_STAGE_CHANGED, cells.required_at(*entered), known_by, properties)


_TICKET: Final = frozenset(
    {"id", "is_deleted", "property_createdate", "property_closed_date", "property_subject", "property_content"}
    | {"property_hs_pipeline", "property_hs_pipeline_stage", "property_hs_ticket_priority"}
    | {"property_hs_ticket_category"}
)


def _ticket(cells: Cells) -> Iterator[Record]:
    number = cells.text("id")
    keys = _contact_of(cells, "ticket_contact", number)
    stage = sibling(cells, VENDOR, "ticket_pipeline_stage", cells.text("property_hs_pipeline_stage"))
    properties = {
        **_property_columns(cells, _TICKET),
        **texts(cells, ticket_id="id", subject="property_subject", pipeline="property_hs_pipeline"),
        **texts(cells, priority="property_hs_ticket_priority", category="property_hs_ticket_category"),
        **present(status=stage.text("label", "ticket_state") if stage else None),
    }
    created, solved = cells.required_at("property_createdate"), cells.at("property_closed_date")
    version = _version(cells, created, solved)
    yield Record(keys, events.TICKET_CREATED, created, f"{number}:created", properties, version=version)
    if solved is not None:
        yield Record(keys, events.TICKET_SOLVED, solved, f"{number}:solved", properties, version=version)


_MAPPED: Final = (
    Table("contact", "id property_email property_firstname property_createdate", _contact),
    Table("contact_merge_audit", "canonical_vid vid_to_merge num_properties_moved", _merge),
    Table("contact_property_history", "contact_id timestamp name value source_id", _contact_history),
    Table("contact_form_submission", "contact_id form_id timestamp conversion_id page_url", _form, {"form": "guid"}),
    Table(
        "contact_list_member",
        "contact_id contact_list_id added_at",
        _list_member,
        {"contact_list": "id"},
        keeps_deleted=True,
    ),
    Table(
        "email_event",
        "id created email_campaign_id recipient type filtered_event",
        _email_event,
        {"email_campaign": "id", **_DETAILS},
    ),
    Table(
        "deal",
        "deal_id deal_pipeline_id deal_pipeline_stage_id property_dealname",
        _deal,
        {"deal_contact": "deal_id", "deal_pipeline_stage": "stage_id"},
    ),
    Table(
        "deal_stage",
        "deal_id date_entered source_id value _fivetran_start",
        _deal_stage,
        {"deal_contact": "deal_id", "deal_pipeline_stage": "stage_id", "deal": "deal_id"},
    ),
    Table(
        "ticket",
        "id property_createdate property_hs_pipeline property_subject",
        _ticket,
        {"ticket_contact": "ticket_id", "ticket_pipeline_stage": "stage_id"},
    ),
)
_SKIPPED: Final = {
    REFERENCE: {
        "company": "id property_name property_industry property_annualrevenue",
        "company_property_history": "company_id timestamp name value source_id",
        "contact_list": "id created_by_id processing_type object_type_id list_version",
        "deal_pipeline": "pipeline_id label active display_order",
        "deal_pipeline_stage": "stage_id pipeline_id closed_won probability label",
        "email_campaign": "id app_id content_id num_included num_queued",
        "form": "guid form_type lead_nurturing_campaign_id submit_text",
        "owner": "owner_id email active_user_id portal_id type",
        "owner_team": "owner_id team_id is_team_primary",
        "property": "hubspot_object field_type group_name hubspot_defined label",
        "property_option": "property_id label display_order hidden value",
        "role": "id name requires_billing_write",
        "team": "id name",
        "team_user": "user_id team_id is_secondary_user",
        "ticket_pipeline": "pipeline_id label object_type_id display_order",
        "ticket_pipeline_stage": "stage_id pipeline_id ticket_state label",
        "users": "id primary_team_id role_id email",
    },
    detail_of("deal"): {
        "deal_company": "company_id deal_id category",
        "deal_contact": "contact_id deal_id category",
        "deal_property_history": "deal_id timestamp name value source_id",
        "merged_deal": "deal_id merged_deal_id",
    },
    detail_of("email_event"): {
        "email_event_bounce": "id category status response",
        "email_event_click": "id referer url user_agent",
        "email_event_deferred": "id attempt response",
        "email_event_delivered": "id smtp_id response",
        "email_event_dropped": "id drop_reason drop_message",
        "email_event_forward": "id browser location user_agent ip_address",
        "email_event_open": "id browser duration user_agent",
        "email_event_print": "id browser location user_agent ip_address",
        "email_event_sent": "id bcc cc from reply_to subject",
        "email_event_spam_report": "id ip_address user_agent",
        "email_event_status_change": "id bounced portal_subscription_status subscriptions",
    },
    detail_of("engagement"): {
        "engagement": "id type portal_id",
        "engagement_call": "engagement_id property_hs_createdate property_hs_timestamp type",
        "engagement_communication": "engagement_id property_hs_createdate property_hs_timestamp type",
        "engagement_company": "company_id engagement_id engagement_type",
        "engagement_contact": "contact_id engagement_id engagement_type",
        "engagement_deal": "deal_id engagement_id engagement_type",
        "engagement_email": "engagement_id property_hs_email_subject property_hs_timestamp",
        "engagement_meeting": "engagement_id meeting_outcome start_time end_time",
        "engagement_note": "engagement_id property_hs_note_body property_hs_timestamp",
        "engagement_task": "engagement_id property_hs_task_type property_hs_timestamp",
    },
    detail_of("ticket"): {
        "ticket_company": "ticket_id company_id category",
        "ticket_contact": "ticket_id contact_id category",
        "ticket_deal": "ticket_id deal_id category",
        "ticket_engagement": "ticket_id engagement_id category",
        "ticket_property_history": "ticket_id name source_id value",
    },
}
SOURCES = sources(VENDOR, "HubSpot", _MAPPED, _SKIPPED)
