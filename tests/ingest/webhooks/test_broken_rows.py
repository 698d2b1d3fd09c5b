"""Whatever stands where something else was meant, a row is taken, skipped or a letter, and no mistake of ours."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, urlencode

import pytest
from payloads import EXPECTED, delivered
from told import ARRIVED
from vendors import GENERIC_HMAC, VENDORS, amazon

from shoal.core.errors import UserError
from shoal.ingest.mapping import mapping_from
from shoal.ingest.source import Context
from shoal.ingest.webhook import Delivery, proved, read
from shoal.ingest.webhooks import WEBHOOKS
from shoal.ingest.webhooks.generic import Terms, webhook_by
from shoal.ingest.webhooks.rows import nested

ODD = (None, 5, -1.5, 10**30, True, "", "x", "\u0000", "2026-13-45", [], [[]], {}, {"a": {"b": []}}, [{"id": 1}, None])
FORMS = ("activecampaign", "mailchimp", "twilio")
_TOPICS = {"x-shopify-topic": "orders/paid", "x-wc-webhook-topic": "order.updated"}


def places(value, path=()):
    """Every place inside a JSON value."""
    yield path
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in inside:
        yield from places(each, (*path, name))


def put(value, path, other):
    if not path:
        return other
    found = dict(value) if isinstance(value, dict) else list(value)
    found[path[0]] = put(value[path[0]], path[1:], other)
    return found


def taken(vendor, headers, value):
    if vendor == "amazon_ses":
        value = {"Type": "Notification", "MessageId": "m1", "Message": json.dumps(value)}
    body = json.dumps(value).encode()
    if vendor == "mandrill":
        body = urlencode({"mandrill_events": body}).encode()
    if vendor in FORMS:
        body = urlencode(list(fields(value))).encode(errors="surrogatepass")
    try:
        read(WEBHOOKS[vendor], Delivery(body, headers, "", ARRIVED), Context(received_at=ARRIVED))
    except UserError as error:
        assert error.code in ("bad_json", "bad_form")  # noqa: PT017 - any other is a failure


def fields(value, name=""):
    """A JSON value as the fields of a form, as PHP names them."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for part, each in inside:
        yield from fields(each, f"{name}[{part}]" if name else str(part))
    if not inside and name:
        yield name, "" if value is None else str(value)


def value_of(vendor, body):
    if vendor in FORMS:
        return nested(dict(parse_qsl(body.decode())))
    if vendor == "mandrill":
        return json.loads(dict(parse_qsl(body.decode()))["mandrill_events"])
    found = json.loads(body)
    return json.loads(found["Message"]) if vendor == "amazon_ses" else found


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_odd_values_anywhere(vendor):
    value = value_of(vendor.name, vendor.body(1))
    for path in places(value):
        for odd in ODD:
            taken(vendor.name, _TOPICS, put(value, path, odd))


RICH = mapping_from(
    {
        "source": "rich",
        "at": "at",
        "keys": {
            "email": "person.email",
            "phone": "person.phone",
            "user": {"column": "number", "vendor": "shop"},
            "device": "items.0.id",
        },
        "events": [
            {
                "name_from": "plan",
                "id": "number",
                "version": "at",
                "when": [{"column": "plan", "gt": 1}],
                "properties": {"sum": {"sum": ["number", "items.0.sku"]}, "all": "items"},
            },
            {"name": "Signed Up", "properties": {"at": {"column": "at", "type": "time"}}},
        ],
        "traits": {"yes": {"column": "plan", "type": "boolean"}, "plan": "plan"},
        "consent": [{"column": "consent"}],
        "skip": [{"reason": "empty", "when": [{"column": "items.1", "blank": False}]}],
        "keep_unmapped": True,
    }
)


def test_odd_values_of_a_generic_webhook():
    value = json.loads(GENERIC_HMAC.body(1)) | {"items": [{"id": "d", "sku": 2}], "consent": "yes"}
    webhook = webhook_by(Terms(RICH))
    for path in places([value]):
        for odd in ODD:
            body = json.dumps(put([value], path, odd)).encode()
            read(webhook, Delivery(body, {}, "", ARRIVED), Context(received_at=ARRIVED))


@pytest.mark.parametrize("name", EXPECTED)
def test_odd_values_in_real_payloads(name, shared_data):
    vendor = name.partition("/")[0]
    headers, body = delivered(shared_data / "payloads" / f"{name}.json")
    value = value_of(vendor, body)
    for number, path in enumerate(places(value)):
        taken(vendor, headers, put(value, path, ODD[number % len(ODD)]))
        taken(vendor, headers, put(value, path, ODD[(number * 5 + 3) % len(ODD)]))


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.name)
def test_odd_values_in_what_is_signed(vendor):
    secret, key = vendor.new_key()
    webhook, url = WEBHOOKS[vendor.name], "https://shoal.example.org/"
    headers, body = vendor.signed(key, vendor.body(1), ARRIVED // 1_000, url)
    headers = {name.lower(): text for name, text in headers.items()}
    for name in headers:
        for odd in ("", "x", "é", "t=,v1=", "Basic ä", "9" * 40, "Bearer"):
            believed(webhook, Delivery(body, {**headers, name: odd}, url, ARRIVED, amazon()[1]), secret)
    value = json.loads(body) if body[:1] in b"{[" else None
    for path in places(value):
        for odd in ODD:
            believed(webhook, Delivery(json.dumps(put(value, path, odd)).encode(), headers, url, ARRIVED), secret)


def believed(webhook, delivery, secret):
    try:
        if webhook.certificate is not None:
            webhook.certificate(delivery, [secret])
        proved(webhook, delivery, [secret])
        webhook.confirmation(delivery)
    except UserError as error:
        assert error.code in (  # noqa: PT017 - any other is a failure
            *("bad_json", "bad_form", "missing_signature", "bad_signature", "stale_signature"),
            *("untrusted_topic", "untrusted_certificate"),
        )


def test_a_reject_of_mandrill_with_an_odd_reason():
    for odd in ODD:
        event = {"event": "reject", "ts": 1_788_000_000, "msg": {"email": "ana@example.org", "reject": {"reason": odd}}}
        taken("mandrill", {}, [event])


def test_rows_that_are_nested_too_deeply_are_letters():
    row = b'{"event": "open", "email": "ana@example.org", "deep": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"
    try:
        found = read(WEBHOOKS["sendgrid"], Delivery(row, {}, "", ARRIVED), Context(received_at=ARRIVED))
        assert [letter.reason for letter in found.taken.letters] == ["too_deep"]
    except UserError as error:
        assert error.code == "bad_json"  # noqa: PT017 - the parser's own limit
