"""Every source that a file can come from, each in a file of its own.

A new source is one new file here and one line in `SOURCES`.
"""

from __future__ import annotations

from shoal.ingest.source import Headerless, Source
from shoal.ingest.sources import (
    activecampaign,
    customerio,
    ga4,
    hubspot,
    klaviyo,
    mailchimp,
    omnisend,
    segment,
    shoal,
    shopify_customers,
    shopify_orders,
    snowplow,
    stripe,
    typeform,
    warehouse,
    woocommerce,
    zendesk,
)

SOURCES: tuple[Source, ...] = (
    segment.SOURCE,
    shoal.SOURCE,
    *klaviyo.SOURCES,
    *hubspot.SOURCES,
    shopify_customers.SOURCE,
    shopify_orders.SOURCE,
    typeform.SOURCE,
    zendesk.SOURCE,
    *mailchimp.SOURCES,
    activecampaign.SOURCE,
    omnisend.SOURCE,
    *customerio.SOURCES,
    *stripe.SOURCES,
    *woocommerce.SOURCES,
    ga4.SOURCE,
    snowplow.SOURCE,
    *warehouse.SOURCES,
)
"""All sources. Their order doesn't matter: the best score recognises a file."""

HEADERLESS: tuple[Headerless, ...] = tuple(source.headerless for source in SOURCES if source.headerless)
"""The forms of files that are read without a header line."""
