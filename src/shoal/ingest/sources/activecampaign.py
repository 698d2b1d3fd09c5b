"""ActiveCampaign's export of contacts.

Its columns are nowhere documented in full; https://help.activecampaign.com/hc/en-us/articles/360006760900 tells of the
fields that its own import reads. Its states are numbers in the API (0 unconfirmed, 1 active, 2 unsubscribed,
3 bounced) and words in the app.
"""

from __future__ import annotations

from typing import Final

from shoal.ingest.canonical import Consent, ConsentState
from shoal.ingest.source import Source
from shoal.ingest.sources import consents
from shoal.ingest.sources.cells import Cells
from shoal.ingest.sources.consents import Stated
from shoal.ingest.sources.contacts import Contacts, mapper
from shoal.ingest.sources.headers import by_columns

_STATES: Final[dict[str, ConsentState]] = {"0": "pending", "1": "granted", "2": "denied", "3": "denied"}
_STATUS: Final = ("status", "contact status")
_REFUSED: Final = ("date unsubscribed", "unsubscribed date")


def _consent(cells: Cells) -> list[Stated]:
    """The day of unsubscribing refuses whatever the status is; a later day of subscribing agrees again."""
    word = consents.word_of(cells, *_STATUS)
    state = _STATES.get(word or "") or consents.state(word, _STATUS[0])
    given, refused = consents.time_of(cells, "date subscribed"), consents.time_of(cells, *_REFUSED)
    stated: list[Stated] = []
    if refused is not None:
        stated.append((Consent(channel="email", state="denied"), refused))
        if state is None and consents.is_later(cells, ("date subscribed",), _REFUSED):
            stated.append((Consent(channel="email", state="granted"), given))
    if state == "denied" and refused is None:
        stated.append((Consent(channel="email", state="denied"), None))
    elif state in ("granted", "pending"):
        stated.append((Consent(channel="email", state=state), given))
    return stated


_CONTACTS = Contacts(
    phone=("phone", "phone number"),
    ids={"id": "activecampaign", "contact id": "activecampaign"},
    texts={"account": "company", "ip address": "ip", "ip": "ip", "referer": "referrer"},
    times={"date created": "created_at", "created date": "created_at"},
    lists={"tags": "tags", "lists": "lists"},
    updated=("date updated", "last updated"),
    consent=_consent,
    consent_columns=frozenset({*_STATUS, *_REFUSED, "date subscribed"}),
)
_USUAL: Final = _CONTACTS.known() | {"score", "contact score", "organization", "email domain"}

SOURCE = Source(
    name="activecampaign_contacts",
    title="ActiveCampaign contacts export",
    recognise=lambda head: max(
        by_columns({"email", "date created", "ip address"}, _USUAL)(head),
        by_columns({"email", "date created", "tags", "lists"}, _USUAL)(head),
        by_columns({"email", "date subscribed", "status"}, _USUAL)(head),
    ),
    map_rows=mapper(_CONTACTS),
)
