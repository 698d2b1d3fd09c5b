"""Webhooks, one file a vendor."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from shoal.core.errors import UserError, nearest
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import (
    activecampaign,
    amazon_ses,
    bigcommerce,
    brevo,
    customerio,
    generic,
    hubspot,
    klaviyo,
    mailchimp,
    mailgun,
    mandrill,
    postmark,
    sendgrid,
    shopify,
    sparkpost,
    stripe,
    twilio,
    typeform,
    woocommerce,
    zendesk,
)

_ALL: Final = tuple(
    each.WEBHOOK
    for each in (
        activecampaign,
        amazon_ses,
        bigcommerce,
        brevo,
        customerio,
        hubspot,
        klaviyo,
        mailchimp,
        mailgun,
        mandrill,
        postmark,
        sendgrid,
        shopify,
        sparkpost,
        stripe,
        twilio,
        typeform,
        woocommerce,
        zendesk,
    )
)
WEBHOOKS: Final[Mapping[str, Webhook]] = MappingProxyType(
    {each.name: each for each in _ALL},
)
"""Every vendor's, by its name."""


def webhook_of(vendor: str) -> Webhook:
    """The webhook of a vendor. Raises UserError `unknown_vendor`."""
    found = WEBHOOKS.get(vendor)
    if found is None:
        fix = (
            nearest(vendor, [*WEBHOOKS, generic.NAME])
            or f"Choose of {', '.join(WEBHOOKS)}; of any other {generic.NAME}."
        )
        raise UserError("unknown_vendor", f"There is no webhook of {vendor!r}.", fix=fix)
    return found
