"""Tables of other tools as warehouse connectors land them, one file a vendor."""

from __future__ import annotations

from shoal.ingest.source import Source
from shoal.ingest.sources.warehouse import hubspot, klaviyo, mailchimp, shopify, zendesk

SOURCES: tuple[Source, ...] = (
    *klaviyo.SOURCES,
    *mailchimp.SOURCES,
    *shopify.SOURCES,
    *hubspot.SOURCES,
    *zendesk.SOURCES,
)
