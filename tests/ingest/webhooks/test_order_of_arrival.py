"""Whatever the order in which a vendor tells them and however often, the same events make the same state."""

from __future__ import annotations

import itertools
import json
import math

import pytest
from told import ARRIVED

from shoal.ingest.source import Context
from shoal.ingest.webhook import Delivery, read
from shoal.ingest.webhooks import WEBHOOKS

AT = 1_788_000_000


def sendgrid(number, kind):
    event = {"email": "ana@example.org", "timestamp": AT + number, "event": kind, "sg_event_id": f"e{number}"}
    return [{**event, "type": "bounce"} if kind == "bounce" else event]


def mailgun(number, kind):
    return {"event-data": {"event": kind, "timestamp": AT + number, "recipient": "ana@example.org", "id": f"e{number}"}}


def brevo(number, kind):
    return {"event": kind, "email": "ana@example.org", "ts_event": AT + number, "message-id": "<1@example.org>"}


def sparkpost(number, kind):
    event = {"type": kind, "rcpt_to": "ana@example.org", "timestamp": str(AT + number), "event_id": str(number)}
    return [{"msys": {"message_event": event}}]


STORIES = {
    "sendgrid": (
        sendgrid,
        ("processed", "deferred", "delivered", "open", "click", "bounce", "spamreport", "unsubscribe"),
    ),
    "mailgun": (mailgun, ("accepted", "delivered", "opened", "clicked", "complained", "unsubscribed")),
    "brevo": (brevo, ("request", "deferred", "delivered", "opened", "click", "hard_bounce", "spam", "unsubscribe")),
    "sparkpost": (sparkpost, ("injection", "delay", "delivery", "bounce", "spam_complaint", "list_unsubscribe")),
}


def state(vendor, deliveries):
    """What counts: of one id the first, and of consent what was said last."""
    known, consent = {}, {}
    for body in deliveries:
        delivery = Delivery(json.dumps(body).encode(), {}, "", ARRIVED)
        for record in read(WEBHOOKS[vendor], delivery, Context(received_at=ARRIVED)).taken.records.to_pylist():
            del record["line"]
            assert known.setdefault(record["message_id"], record) == record
            for one in json.loads(record["consent"] or "[]"):
                consent[record["at"]] = one["state"]
    return known, consent[max(consent)]


@pytest.mark.parametrize("vendor", STORIES)
def test_any_order_and_repeats_end_in_one_state(vendor):
    made, kinds = STORIES[vendor]
    story = [made(number, kind) for number, kind in enumerate(kinds)]
    expected = state(vendor, story)
    assert len(expected[0]) == len(kinds)
    assert expected[1] == "denied"
    some = itertools.islice(itertools.permutations(story), 0, None, math.factorial(len(kinds)) // 60)
    for order in some:
        assert state(vendor, [*order, *order[::2]]) == expected


def test_a_group_that_is_joined_again_takes_no_refusal_back():
    story = [sendgrid(1, "group_unsubscribe"), sendgrid(2, "group_resubscribe")]
    assert state("sendgrid", story)[1] == "denied"
