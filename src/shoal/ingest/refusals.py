"""Events that refuse mail by what they are: whoever reports one, the person has said no.

The two about e-mail are of the Segment specification (https://segment.com/docs/connections/spec/email/), and all have
other names elsewhere (`events.REFUSING`). "Subscribed" is not one: it may be a newsletter or a plan that
somebody pays for, so a yes is only what a source states as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Consent, Record

REFUSALS: Final[Mapping[str, Consent]] = {
    events.UNSUBSCRIBED: Consent(channel="email", state="denied"),
    events.EMAIL_MARKED_AS_SPAM: Consent(channel="email", state="denied", method="spam_complaint"),
    events.SMS_UNSUBSCRIBED: Consent(channel="sms", state="denied"),
}
"""What such an event says of consent, unless its record states a refusal for the channel itself.

The lake adds it to whatever comes in (`lake_rows.FACTS`) under a canonical name, so no source can forget it. An event
with versions states no consent: its source states it in a record of its own.
"""


def refusal_of(name: str | None) -> Consent | None:
    """The refusal that an event of this name is, however it is spelled; None for every other.

    >>> refusal_of("spam_complaint").method, refusal_of("Order Completed")
    ('spam_complaint', None)
    """
    return REFUSALS.get(events.canonical_name(name)) if name else None


def consents_of(record: Record) -> tuple[Consent, ...]:
    """What a record says of consent: what it states, and the refusal that it is.

    >>> [one.state for one in consents_of(Record(("user:1",), "Unsubscribed"))]
    ['denied']
    """
    refusal = refusal_of(record.name) if record.version is None else None
    if refusal is None or any((one.channel, one.state) == (refusal.channel, "denied") for one in record.consent):
        return record.consent
    return (*record.consent, refusal)
