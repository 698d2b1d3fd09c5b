"""SparkPost's event webhooks, which are not signed: basic authentication protects them.

Sources: https://developers.sparkpost.com/api/webhooks/ and https://support.sparkpost.com/docs/deliverability/bounce-classification-codes.
"initial_open" is a picture at the beginning of a mail and "open" one at its end: where both are chosen, one reading may
be told by both. `initial_open` is true of the first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from shoal.ingest import events
from shoal.ingest.canonical import Json, Record
from shoal.ingest.source import Context, Row, RowSkippedError
from shoal.ingest.sources.cells import Cells, present, read
from shoal.ingest.sources.mail import texts
from shoal.ingest.webhook import Webhook
from shoal.ingest.webhooks import messages
from shoal.ingest.webhooks.rows import inner, objects
from shoal.ingest.webhooks.signing import passed

_KINDS: Final = {
    "injection": events.EMAIL_SENT,
    "delivery": events.EMAIL_DELIVERED,
    "delay": events.EMAIL_DEFERRED,
    **dict.fromkeys(("bounce", "out_of_band"), events.EMAIL_BOUNCED),
    **dict.fromkeys(("policy_rejection", "generation_failure", "generation_rejection"), events.EMAIL_DROPPED),
    "spam_complaint": events.EMAIL_MARKED_AS_SPAM,
    **dict.fromkeys(("list_unsubscribe", "link_unsubscribe"), events.UNSUBSCRIBED),
    **dict.fromkeys(("open", "initial_open", "amp_open", "amp_initial_open"), events.EMAIL_OPENED),
    **dict.fromkeys(("click", "amp_click"), events.EMAIL_LINK_CLICKED),
}
_BOUNCES: Final = {
    **dict.fromkeys(("10", "30"), messages.HARD),
    **dict.fromkeys(("1", "20", "21", "22", "23", "24", "40", "70", "100"), messages.SOFT),
    **dict.fromkeys(("25", "50", "51", "52", "53", "54"), messages.BLOCKED),
}
_AUTOMATIC: Final = frozenset({"60", "80"})
_UNSUBSCRIBED: Final = "90"
_KNOWN: Final = frozenset(
    {"type", "rcpt_to", "raw_rcpt_to", "event_id", "message_id", "transmission_id", "timestamp", "bounce_class"}
    | {"raw_reason", "reason", "error_code", "user_agent", "target_link_url", "ip_address", "campaign_id", "subject"}
    | {"rcpt_tags", "user_agent_parsed", "geo_ip", "rcpt_meta", "rcpt_subs", "customer_id", "msg_from", "friendly_from"}
    | {"rcpt_hash", "sms_text", "queue_time", "msg_size"}
)


def _name(cells: Cells) -> str:
    name = messages.kind_of(cells.text("type"), _KINDS)
    if name != events.EMAIL_BOUNCED:
        return name
    code = cells.text("bounce_class")
    if code in _AUTOMATIC:
        raise RowSkippedError("automatic_reply")
    return events.UNSUBSCRIBED if code == _UNSUBSCRIBED else name


def _map(row: Row, context: Context) -> Iterator[Record]:
    found = next((inner(row, "msys", kind) for kind in inner(row, "msys")), None)
    if found is None:
        raise RowSkippedError("ping")
    cells = read(found, context)
    name, number = _name(cells), cells.text("event_id")
    reason = cells.text("raw_reason", "reason")
    properties: dict[str, Json] = {
        **cells.rest(_KNOWN),
        **texts(cells, email_message_id=("message_id", "transmission_id"), link_url="target_link_url", ip="ip_address"),
        **texts(cells, user_agent="user_agent", subject="subject", campaign_id="campaign_id", status="error_code"),
        **present(reason=reason, tags=list(cells.listed("rcpt_tags")), metadata=dict(inner(found, "rcpt_meta"))),
        **present(initial_open="initial_open" in (cells.text("type") or "") or None),
    }
    if inner(found, "user_agent_parsed").get("is_prefetched") is True:
        properties["machine_open"] = True
    if name == events.EMAIL_BOUNCED:
        stated = _BOUNCES.get(cells.text("bounce_class") or "")
        properties |= present(bounce_type=messages.bounce_type(stated, reason))
    yield messages.message_event(
        cells,
        name,
        ("rcpt_to", "raw_rcpt_to"),
        at=cells.at("timestamp"),
        number=f"{number}:{cells.text('type')}" if number else None,
        properties=properties,
        suppressed=name == events.EMAIL_DROPPED and "suppressed" in (reason or ""),
    )


WEBHOOK = Webhook(
    name="sparkpost",
    title="SparkPost",
    scheme="none: basic authentication",
    secret="the password of basic authentication",  # noqa: S106 - what it is
    verify=passed,
    rows=objects,
    map_row=_map,
    makes_secret=True,
)
