"""Which family of signals an event belongs to."""

from __future__ import annotations

from typing import Final

from shoal.ingest import events

EMAIL: Final = "E-mail"
WEBSITE: Final = "Website"
PURCHASES: Final = "Purchases"
CROSS_CHANNEL: Final = "Other channels"
ZERO_PARTY: Final = "What people told you"
SALES: Final = "Sales and support"
OTHER: Final = "Everything else"

FAMILIES: Final = (EMAIL, WEBSITE, PURCHASES, CROSS_CHANNEL, ZERO_PARTY, SALES, OTHER)
"""In the order of the report."""

_STARTS: Final = (
    ("Email ", EMAIL),
    ("Order ", PURCHASES),
    ("Payment ", PURCHASES),
    ("SMS ", CROSS_CHANNEL),
    ("Push ", CROSS_CHANNEL),
    ("In-App ", CROSS_CHANNEL),
    ("Ad ", CROSS_CHANNEL),
    ("App ", CROSS_CHANNEL),
    ("Application ", CROSS_CHANNEL),
    ("Social ", CROSS_CHANNEL),
    ("Content ", CROSS_CHANNEL),
    ("Trial ", SALES),
    ("Deal ", SALES),
    ("Ticket ", SALES),
    ("Lead ", SALES),
    ("Live Chat ", SALES),
    ("Page ", WEBSITE),
    ("Product", WEBSITE),
    ("Video ", WEBSITE),
    ("Cart ", WEBSITE),
    ("Checkout ", WEBSITE),
    ("Promotion ", WEBSITE),
    ("Form ", ZERO_PARTY),
    ("Survey ", ZERO_PARTY),
)

_NAMED: Final = {
    events.SUBSCRIBED: EMAIL,
    events.UNSUBSCRIBED: EMAIL,
    events.LIST_JOINED: EMAIL,
    events.LIST_LEFT: EMAIL,
    events.PRODUCT_ORDERED: PURCHASES,
    events.PRODUCT_REVIEWED: ZERO_PARTY,
    events.PAYMENT_INFO_ENTERED: WEBSITE,
    events.FORM_STARTED: WEBSITE,
    events.SITE_VISITED: WEBSITE,
    events.SESSION_STARTED: WEBSITE,
    events.LINK_CLICKED: WEBSITE,
    events.FILE_DOWNLOADED: WEBSITE,
    events.SIGNED_UP: WEBSITE,
    events.SIGNED_IN: WEBSITE,
}


def family(event: str) -> str:
    """The family of an event's name.

    >>> family("Email Opened"), family("Product Viewed"), family("Product Ordered"), family("Badge Earned")
    ('E-mail', 'Website', 'Purchases', 'Everything else')
    """
    named = _NAMED.get(event)
    if named is not None:
        return named
    return next((found for start, found in _STARTS if event.startswith(start)), OTHER)
