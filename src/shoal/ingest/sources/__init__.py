"""Every source that a file can come from, each in a file of its own.

A new source is one new file here and one line in `SOURCES`.
"""

from __future__ import annotations

from shoal.ingest.source import Source
from shoal.ingest.sources import hubspot, klaviyo, shopify_customers, shopify_orders, typeform, zendesk

SOURCES: tuple[Source, ...] = (
    *klaviyo.SOURCES,
    *hubspot.SOURCES,
    shopify_customers.SOURCE,
    shopify_orders.SOURCE,
    typeform.SOURCE,
    zendesk.SOURCE,
)
"""All sources. Their order doesn't matter: the best score recognises a file."""
