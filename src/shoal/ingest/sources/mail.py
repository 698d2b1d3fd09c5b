"""The common part of all logs of messages: what was sent to whom, and what came of it."""

from __future__ import annotations

from typing import Final

from shoal.core.time import Instant
from shoal.ingest import events
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.machines import is_machine
from shoal.ingest.refusals import REFUSALS
from shoal.ingest.sources.cells import Cells
from shoal.ingest.sources.message_ids import event_id
from shoal.ingest.values import boolean

TOUCHES: Final = frozenset({events.EMAIL_OPENED, events.EMAIL_LINK_CLICKED})
"""Events that machines cause as well as people."""


FLAGS: Final = ("apple_privacy_open", "machine_open", "bot_click")
"""Properties by which an e-mail tool says itself that a machine did it."""


def with_machine(name: str, properties: dict[str, Json]) -> dict[str, Json]:
    """The properties, with `machine: true` where the user agent or the e-mail tool says that no person did this.

    >>> with_machine("Email Opened", {"user_agent": "Mozilla/5.0"})["machine"]
    True
    >>> with_machine("Email Opened", {"apple_privacy_open": "yes"})["machine"]
    True
    """
    if name not in TOUCHES:
        return properties
    agent = properties.get("user_agent")
    proven = isinstance(agent, str) and is_machine(agent)
    if proven or any(boolean(properties.get(flag)) for flag in FLAGS):
        return {**properties, "machine": True}
    return properties


def texts(cells: Cells, **columns: str | tuple[str, ...]) -> dict[str, Json]:
    """Text properties by name: `texts(cells, subject="subject", link_url=("url", "link"))`; blank ones left out."""
    found: dict[str, Json] = {}
    for name, column in columns.items():
        text = cells.text(column) if isinstance(column, str) else cells.text(*column)
        if text is not None:
            found[name] = text
    return found


CONSENT_OF: Final = {
    events.SUBSCRIBED: Consent(channel="email", state="granted"),
    **REFUSALS,
}
"""What an event in a log of messages says about consent to e-mail."""


def mail_id(keys: tuple[str, ...], name: str, written: Instant | None, properties: dict[str, Json]) -> str:
    """The id of a message event whose row has none: who did what at what written time, by which message and link."""
    named = ("campaign_id", "campaign_name", "subject")
    message = next((properties[each] for each in named if each in properties), None)
    return event_id(keys[0], name, written, message, properties.get("link_url"))


def mail_record(
    keys: tuple[str, ...], name: str, at: Instant | None, message_id: str | None, properties: dict[str, Json]
) -> Record:
    """The record of one message event, with what it says about consent and machines."""
    consent = CONSENT_OF.get(events.canonical_name(name))
    return Record(
        keys=keys,
        name=name,
        at=at,
        message_id=message_id,
        properties=with_machine(name, properties),
        consent=(consent,) if consent else (),
    )
