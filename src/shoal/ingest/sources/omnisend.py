"""Omnisend's export of contacts: a state and dates for each channel.

Source: https://support.omnisend.com/en/articles/4234735 (statuses and the dates of opting in and out);
the export writes "Email subscription status" and "SMS subscription status". "Non-subscribed" means that nobody asked,
and states nothing.
"""

from __future__ import annotations

from typing import Final

from shoal.ingest.canonical import Consent
from shoal.ingest.source import FileHead, Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, mapper
from shoal.ingest.sources.headers import by_columns


def _columns(channel: str, what: str) -> tuple[str, ...]:
    """Spellings of one column: "email status", "emailstatus", "email_status"; "email opt-in date" …"""
    tight = what.replace("-", "").replace(" ", "")
    return f"{channel} {what}", f"{channel}{tight}", f"{channel}_{what.replace('-', '_').replace(' ', '_')}"


_CHANNELS: Final = ("email", "sms", "push")
_STATUS: Final = {
    channel: (*_columns(channel, "status"), *_columns(channel, "subscription status")) for channel in _CHANNELS
}
_IN: Final = {channel: _columns(channel, "opt-in date") for channel in _CHANNELS}
_OUT: Final = {channel: _columns(channel, "opt-out date") for channel in _CHANNELS}
_CONSENT: Final = frozenset(
    name for columns in (_STATUS, _IN, _OUT) for channel in _CHANNELS for name in columns[channel]
)


def _consent(cells: Cells) -> list[Stated]:
    return [found for channel in _CHANNELS for found in _of(cells, channel)]


def _of(cells: Cells, channel: str) -> list[Stated]:
    """The dates tell it; the status only where they don't, and where it refuses what they allow."""
    given, refused = cells.at(*_IN[channel]), cells.at(*_OUT[channel])
    state = consents.state(consents.word_of(cells, *_STATUS[channel]), _STATUS[channel][0])
    stated: list[Stated] = []
    if given is not None:
        stated.append((Consent(channel=channel, state="granted"), given))
    if refused is not None:
        stated.append((Consent(channel=channel, state="denied"), refused))
    is_allowed = refused is None or consents.is_later(cells, _IN[channel], _OUT[channel])
    if state and (not stated or (state == "denied" and is_allowed)):
        stated.append((Consent(channel=channel, state=state), None))
    return stated


_CONTACTS = Contacts(
    phone=("phone", "phone number", "phonenumber"),
    ids={"contact id": "omnisend", "contactid": "omnisend", "customer id": None},
    texts={
        "firstname": "first_name",
        "lastname": "last_name",
        "countrycode": "country_code",
        "postalcode": "postal_code",
    },
    times={"date added": "created_at", "createdat": "created_at", "created at": "created_at"},
    lists={"tags": "tags", "segments": "segments"},
    updated=("updated at", "updatedat"),
    consent=_consent,
    consent_columns=_CONSENT,
)
_KNOWN: Final = _CONTACTS.known()


def _recognise(head: FileHead) -> float:
    found = [by_columns({"email", email, sms}, _KNOWN)(head) for email in _STATUS["email"] for sms in _STATUS["sms"]]
    dated = [
        by_columns({"email", given, refused}, _KNOWN)(head)
        for given, refused in zip(_IN["email"], _OUT["email"], strict=True)
    ]
    return max(found + dated)


SOURCE = Source(
    name="omnisend_contacts", title="Omnisend contacts export", recognise=_recognise, map_rows=mapper(_CONTACTS)
)
