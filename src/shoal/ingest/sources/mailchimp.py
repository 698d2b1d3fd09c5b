"""Mailchimp: members of an audience (subscribed, unsubscribed, cleaned) and campaign activity.

Source: https://mailchimp.com/help/view-export-contacts/ ; the three kinds of member files differ by
the columns at their end (UNSUB_TIME …, CLEAN_TIME …), not by a column of state.

Neither file has ids of events: they are known by who, what, when, and by which campaign and link.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import Context, FileHead, Row, RowRejectedError, Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells, read
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import NAMES, Contacts, identity, people
from shoal.ingest.sources.headers import by_columns
from shoal.ingest.sources.mail import mail_id, mail_record, texts

ACTIONS: Final = {
    "sent": events.EMAIL_SENT,
    "open": events.EMAIL_OPENED,
    "click": events.EMAIL_LINK_CLICKED,
    "bounce": events.EMAIL_BOUNCED,
    "unsub": events.UNSUBSCRIBED,
    "unsubscribe": events.UNSUBSCRIBED,
    "abuse": events.EMAIL_MARKED_AS_SPAM,
    "spam": events.EMAIL_MARKED_AS_SPAM,
}
"""Mailchimp's actions to canonical names; any other keeps its own."""

_LEFT: Final = {"unsub_time": None, "clean_time": "cleaned"}
"""Columns of the files of people who may not be mailed, and the method of their refusal."""

_GONE: Final = frozenset(
    {"unsub_time", "unsub_campaign_title", "unsub_campaign_id", "unsub_reason", "unsub_reason_other"}
    | {"clean_time", "clean_campaign_title", "clean_campaign_id"}
)
_ACTIVITY: Final = frozenset(
    {"email address", "email", "member_id", "leid", "action", "timestamp", "url", "ip", "bounce_type", "user_agent"}
    | {"campaign_id", "campaign id", "campaign_title", "campaign title", "subject"}
)


def _consent(cells: Cells) -> list[Stated]:
    """Opting in is dated by OPTIN_TIME. CONFIRM_TIME alone says when a list's owner added somebody: no consent.

    Mailchimp writes subscribed, unsubscribed and cleaned members to files of their own, so whoever stands in a file
    with UNSUB_TIME or CLEAN_TIME may not be mailed, also where the cell is blank or older than OPTIN_TIME.
    """
    stated: list[Stated] = []
    given = cells.at("optin_time")
    if given is not None:
        stated.append(
            (Consent(channel="email", state="granted", method="form" if cells.text("optin_ip") else None), given)
        )
    files = [(column, method) for column, method in _LEFT.items() if column in cells.names]
    gone = [(Consent(channel="email", state="denied", method=method), cells.at(column)) for column, method in files]
    dated: list[Stated] = [(consent, when) for consent, when in gone if when is not None]
    is_older = given is not None and all(consents.is_later(cells, ("optin_time",), (column,)) for column, _ in files)
    if gone and (not dated or is_older):
        dated.append((gone[0][0], None))
    return stated + dated


_IDS: Final = {"member_id": "mailchimp", "leid": "mailchimp-leid"}  # a member's id is the digest of the address

_MEMBERS = Contacts(
    email=("email address", "email"),
    phone=("phone number", "phone"),
    ids={"euid": "mailchimp-euid", "leid": "mailchimp-leid"},
    texts={"cc": "country_code", "notes": "notes", "optin_ip": "optin_ip"},
    lists={"tags": "tags"},
    updated=("last_changed",),
    ignored=frozenset({"confirm_ip", "gmtoff", "dstoff"}),
    consent=_consent,
    consent_columns=_GONE | {"optin_time", "confirm_time"},
)
_KNOWN: Final = _MEMBERS.known()
_TEXTS: Final = {**NAMES, **_MEMBERS.texts}


def _members(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        why = texts(
            cells,
            campaign_id=("unsub_campaign_id", "clean_campaign_id"),
            campaign_name=("unsub_campaign_title", "clean_campaign_title"),
            reason=("unsub_reason_other", "unsub_reason"),
        )
        for record in people(cells, _MEMBERS, _KNOWN, _TEXTS):
            yield _explained(record, why) if record.name == events.UNSUBSCRIBED else record


def _explained(record: Record, why: dict[str, Json]) -> Record:
    return Record(record.keys, record.name, record.at, record.message_id, why, consent=record.consent)


def _activity(group: Sequence[Row], context: Context) -> Iterator[Record]:
    for row in group:
        cells = read(row, context)
        action = cells.text("action")
        if action is None:
            raise RowRejectedError("no_event_name", "The row names no event: column 'action' is blank.")
        keys, flaws = identity(cells, ("email address", "email"), _IDS)
        name = ACTIONS.get(action.casefold(), action)
        properties = {
            **cells.rest(_ACTIVITY),
            **texts(cells, campaign_id=("campaign_id", "campaign id"), subject="subject", link_url="url", ip="ip"),
            **texts(cells, campaign_name=("campaign_title", "campaign title"), bounce_type="bounce_type"),
            **texts(cells, user_agent="user_agent"),
            **flaws,
        }
        at = cells.required_at("timestamp")
        known_by = mail_id(keys, name, cells.unzoned().at("timestamp"), properties)
        yield mail_record(keys, name, at, known_by, properties)


def _recognise_members(head: FileHead) -> float:
    usual = _KNOWN | {"email_type", "member_rating", "latitude", "longitude", "optin_time", "confirm_time", "region"}
    return max(
        by_columns({"email address", "optin_time", "confirm_time"}, usual)(head),
        by_columns({"email address", "member_rating", "leid", "euid"}, usual)(head),
        by_columns({"unsub_time", "unsub_campaign_title", "unsub_campaign_id"}, usual)(head),
    )


MEMBERS = Source(
    name="mailchimp_members",
    title="Mailchimp audience export",
    recognise=_recognise_members,
    map_rows=_members,
)
ACTIVITY = Source(
    name="mailchimp_activity",
    title="Mailchimp campaign activity",
    recognise=lambda head: max(
        by_columns({"email address", "action", "timestamp"}, _ACTIVITY)(head),
        by_columns({"email", "action", "timestamp", "campaign_id"}, _ACTIVITY)(head),
    ),
    map_rows=_activity,
)
SOURCES = (MEMBERS, ACTIVITY)
