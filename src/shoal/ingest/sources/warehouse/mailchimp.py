"""Mailchimp's tables in a warehouse: members, who got which campaign, and what they did with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import RowRejectedError, RowSkippedError
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, present
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import NAMES, Contacts, identity, people
from shoal.ingest.sources.mail import mail_id, mail_record, texts
from shoal.ingest.sources.mailchimp import ACTIONS
from shoal.ingest.sources.message_ids import event_id
from shoal.ingest.sources.warehouse.tables import REFERENCE, Table, detail_of, sibling, sources

VENDOR: Final = "mailchimp"


def _consent(cells: Cells) -> list[Stated]:
    """A refusal is as old as the member's last change or older, so that date can only be too cautious."""
    word = consents.word_of(cells, "status")
    state = consents.state(word, "status")
    if state is None:
        return []
    if state == "granted":
        when = cells.at("timestamp_opt", "timestamp_signup")
    else:
        when = cells.at("last_changed") if state == "denied" else None
    method = "cleaned" if word and word.casefold() == "cleaned" else None
    return [(Consent(channel="email", state=state, method=method), when)]


_MEMBER = Contacts(
    email=("email_address",),
    phone=("merge_phone",),
    ids={"id": VENDOR, "unique_email_id": "mailchimp-euid"},
    texts={
        "merge_fname": "first_name",
        "merge_lname": "last_name",
        "merge_address": "address",
        "merge_birthday": "birthday",
        "email_client": "email_client",
        "email_type": "email_type",
        "list_id": "list_id",
        "ip_opt": "optin_ip",
        "ip_signup": "signup_ip",
    },
    times={"timestamp_signup": "created_at"},
    flags={"vip": "vip"},
    updated=("last_changed",),
    ignored=frozenset({"gmtoff", "dstoff"}),
    consent=_consent,
    consent_columns=frozenset({"status", "timestamp_opt"}),
)
_KNOWN: Final = _MEMBER.known()
_TEXTS: Final = {**NAMES, **_MEMBER.texts}


def _member(cells: Cells) -> Iterator[Record]:
    """Facts and consent; the table `unsubscribe` has the events, so none are made up here."""
    for record in people(cells, _MEMBER, _KNOWN, _TEXTS):
        traits: dict[str, Json] = {name.removeprefix("merge_"): value for name, value in record.traits.items()}
        yield Record(record.keys, at=record.at, traits=traits, consent=record.consent)


def _message(cells: Cells) -> dict[str, Json]:
    """What is known of the campaign or automation e-mail that a row is about."""
    campaign = sibling(cells, VENDOR, "campaign", cells.text("campaign_id"))
    mail = campaign or sibling(cells, VENDOR, "automation_email", cells.text("automation_email_id"))
    return {
        **texts(cells, campaign_id=("campaign_id", "automation_email_id"), list_id="list_id"),
        **(texts(mail, campaign_name="title", subject="subject_line") if mail else {}),
    }


def _recipient(cells: Cells) -> Iterator[Record]:
    campaign = sibling(cells, VENDOR, "campaign", cells.text("campaign_id"))
    at = campaign.at("send_time") if campaign else None
    if at is None:
        raise RowSkippedError(detail_of("campaign"))
    keys, _ = identity(cells, (), {"member_id": VENDOR})
    number = f"{cells.text('campaign_id')}:{cells.text('member_id')}:sent"
    yield Record(keys, events.EMAIL_SENT, at, number, _message(cells))


_ACTIVITY: Final = frozenset(
    {"action", "campaign_id", "automation_email_id", "member_id", "timestamp", "list_id", "url", "ip", "bounce_type"}
)


def _activity(cells: Cells) -> Iterator[Record]:
    action = cells.text("action")
    if action is None:
        raise RowRejectedError("no_event_name", "The row names no event: column 'action' is blank.")
    keys, _ = identity(cells, (), {"member_id": VENDOR})
    properties = {
        **cells.rest(_ACTIVITY),
        **_message(cells),
        **texts(cells, link_url="url", ip="ip", bounce_type="bounce_type"),
    }
    yield _dated(cells, keys, ACTIONS.get(action.casefold(), action), properties)


def _unsubscribe(cells: Cells) -> Iterator[Record]:
    keys, _ = identity(cells, (), {"member_id": VENDOR})
    properties = {**_message(cells), **texts(cells, reason="reason")}
    yield _dated(cells, keys, events.UNSUBSCRIBED, properties)


def _dated(cells: Cells, keys: tuple[str, ...], name: str, properties: dict[str, Json]) -> Record:
    at = cells.required_at("timestamp")
    return mail_record(keys, name, at, mail_id(keys, name, cells.unzoned().at("timestamp"), properties), properties)


def _segment_member(cells: Cells) -> Iterator[Record]:
    """Membership of a segment or tag; when it began isn't told, so the import's time stands in."""
    keys, _ = identity(cells, (), {"member_id": VENDOR})
    segment = sibling(cells, VENDOR, "segment", cells.text("segment_id"))
    properties = {
        **texts(cells, list_id="segment_id", audience_id="list_id"),
        **present(list_name=segment.text("name") if segment else None),
    }
    name = events.LIST_LEFT if cells.flag("_fivetran_deleted") else events.LIST_JOINED
    known_by = event_id(keys[0], name, None, cells.text("segment_id"))
    yield Record(keys, name, None, known_by, properties)


_CAMPAIGN: Final = {"campaign": "id"}
_AUTOMATION: Final = {"automation_email": "id"}
SOURCES = sources(
    VENDOR,
    "Mailchimp",
    [
        Table("member", "id list_id email_address status last_changed timestamp_opt", _member),
        Table("campaign_recipient", "campaign_id member_id list_id combination_id", _recipient, _CAMPAIGN),
        Table("campaign_recipient_activity", "action campaign_id member_id timestamp list_id", _activity, _CAMPAIGN),
        Table(
            "automation_recipient_activity", "action automation_email_id member_id timestamp", _activity, _AUTOMATION
        ),
        Table("unsubscribe", "campaign_id member_id list_id reason timestamp", _unsubscribe, _CAMPAIGN | _AUTOMATION),
        Table("segment_member", "member_id segment_id list_id", _segment_member, {"segment": "id"}, keeps_deleted=True),
    ],
    {
        REFERENCE: {
            "automation": "id list_id segment_id trigger_settings start_time status",
            "automation_email": "id automation_id delay_action delay_type position subject_line",
            "campaign": "id list_id send_time subject_line winner_criteria segment_text",
            "list": "id list_rating permission_reminder subscribe_url_short contact_company",
            "segment": "id list_id member_count name type updated_at",
        },
        detail_of("automation_email"): {"automation_recipient": "automation_email_id member_id list_id"},
    },
)
