"""Brevo's webhooks of transactional and marketing mail, which are not signed: a password stands in their address.

Sources: https://developers.brevo.com/docs/transactional-webhooks, …/docs/marketing-webhooks and
…/docs/username-and-password-authentication.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row
from shoal.ingest.sources.cells import present, read
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import objects
from shoal.ingest.webhooks.signing import passed

_KINDS: Final = {
    **dict.fromkeys(("request", "sent"), events.EMAIL_SENT),
    "delivered": events.EMAIL_DELIVERED,
    "deferred": events.EMAIL_DEFERRED,
    **dict.fromkeys(("hard_bounce", "soft_bounce"), events.EMAIL_BOUNCED),
    **dict.fromkeys(("blocked", "error", "invalid_email"), events.EMAIL_DROPPED),
    **dict.fromkeys(("opened", "unique_opened", "proxy_open", "unique_proxy_open"), events.EMAIL_OPENED),
    "click": events.EMAIL_LINK_CLICKED,
    **dict.fromkeys(("spam", "complaint"), events.EMAIL_MARKED_AS_SPAM),
    **dict.fromkeys(("unsubscribe", "unsubscribed"), events.UNSUBSCRIBED),
    "list_addition": events.LIST_JOINED,
}
_BOUNCES: Final = {"hard_bounce": messages.HARD, "soft_bounce": messages.SOFT}
_REFUSED: Final = ("blacklist", "unsub")
_KNOWN: Final = frozenset(
    {"event", "email", "id", "date", "ts", "ts_event", "ts_epoch", "s_epoch", "message-id", "subject", "link", "url"}
    | {"reason", "tag", "tags", "sending_ip", "camp_id", "campaign name", "user_agent", "ip", "date_sent", "date_event"}
    | {"ts_sent"}
)
_TIMES: Final = ("ts_epoch", "ts_event", "s_epoch", "ts", "date_event", "date")


def _map(row: Row, context: Context) -> Iterator[Record]:
    """The first opening may be told twice, as "opened" and as "unique_opened": both have one id and one content."""
    cells = read(row, context)
    word = cells.text("event") or ""
    name = messages.kind_of(cells.text("event"), _KINDS)
    reason = cells.text("reason")
    properties: dict[str, Json] = {
        **cells.rest(_KNOWN),
        **texts(cells, email_message_id="message-id", subject="subject", link_url=("link", "url"), reason="reason"),
        **texts(cells, user_agent="user_agent", ip="ip", campaign_id="camp_id", campaign_name="campaign name"),
        **present(tags=list(cells.listed("tags", "tag")), machine_open="proxy" in word or None),
    }
    if name == events.EMAIL_BOUNCED:
        properties |= present(bounce_type=messages.bounce_type(_BOUNCES[word], reason))
    yield messages.message_event(
        cells,
        name,
        ("email",),
        at=cells.at(*_TIMES),
        number=None,
        properties=properties,
        suppressed=name == events.EMAIL_DROPPED and any(part in (reason or "").casefold() for part in _REFUSED),
    )


WEBHOOK = Webhook(
    name="brevo",
    title="Brevo",
    scheme="none: a password in the address, or a bearer token",
    secret="the password of basic authentication, or the token",  # noqa: S106 - what it is
    verify=passed,
    rows=objects,
    map_row=_map,
    makes_secret=True,
)
