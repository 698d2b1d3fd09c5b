"""How each vendor signs, for tests: keys, invented deliveries, and the nine ways in which one may be wrong."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import count
from typing import Any
from urllib.parse import parse_qsl, urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from shoal.ingest.mapping import mapping_from
from shoal.ingest.webhooks.generic import Terms

Key = Any
Headers = Mapping[str, str]
JSON = {"content-type": "application/json"}


@dataclass(frozen=True)
class Vendor:
    """One vendor as a test plays it.

    `downgraded` signs as `signed` does but by a weaker or another method. `expected` names the cases that a scheme
    can't tell from a good delivery, with the status that is answered then.
    """

    name: str
    new_key: Callable[[], tuple[str, Key]]  # what is told to `shoal webhook create`, and what signs
    body: Callable[[int], bytes]  # a delivery of one event, other for each number
    signed: Callable[[Key, bytes, int, str], tuple[Headers, bytes]]  # key, body, seconds since 1970, address
    downgraded: Callable[[Key, bytes, int, str], tuple[Headers, bytes]]
    unsigned: Callable[[Headers, bytes], tuple[Headers, bytes]]
    altered: Callable[[bytes], bytes] = lambda body: body.replace(b"ana@", b"eva@", 1)
    window_s: int = 300
    replay: int = 409
    expected: Mapping[str, Any] = field(default_factory=dict)
    reserialised: Callable[[bytes], bytes] = lambda body: json.dumps(json.loads(body), indent=1).encode()
    terms: Terms | None = None  # of a generic webhook

    def __str__(self) -> str:
        return self.name if self.terms is None else f"{self.name}_{self.terms.scheme}"


def without(*names: str) -> Callable[[Headers, bytes], tuple[Headers, bytes]]:
    return lambda headers, body: ({name: text for name, text in headers.items() if name not in names}, body)


# SendGrid

_SENDGRID = "X-Twilio-Email-Event-Webhook-"


def _sendgrid_key():
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(public).decode(), key


def _sendgrid_body(number):
    event = {"email": "ana@example.org", "timestamp": 1_788_000_000 + number, "event": "delivered"}
    return json.dumps([{**event, "sg_event_id": f"event-{number}", "sg_message_id": "m1.x.0"}]).encode()


def _sendgrid_signed(key, body, at, _url):
    signature = base64.b64encode(key.sign(str(at).encode() + body, ec.ECDSA(SHA256()))).decode()
    return {**JSON, f"{_SENDGRID}Signature": signature, f"{_SENDGRID}Timestamp": str(at)}, body


def _sendgrid_downgraded(key, body, at, _url):
    """HMAC with the public key, which everybody knows."""
    public = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    digest = hmac.new(base64.b64encode(public), str(at).encode() + body, hashlib.sha256).digest()
    signature = base64.b64encode(digest).decode()
    return {**JSON, f"{_SENDGRID}Signature": signature, f"{_SENDGRID}Timestamp": str(at)}, body


SENDGRID = Vendor(
    "sendgrid",
    _sendgrid_key,
    _sendgrid_body,
    _sendgrid_signed,
    _sendgrid_downgraded,
    without(f"{_SENDGRID}Signature"),
)

# Mailgun: the signature covers a time and a token only


def _secret():
    text = secrets.token_hex(16)
    return text, text.encode()


def _hmac(key, message, digest="sha256"):
    return hmac.new(key, message, digest)


def _mailgun_body(number):
    event = {"event": "delivered", "id": f"e{number}", "timestamp": 1_788_000_000.5, "recipient": "ana@example.org"}
    return json.dumps({"event-data": event}).encode()


def _mailgun(digest):
    def signed(key, body, at, _url):
        token = hashlib.sha256(body + str(at).encode()).hexdigest()[:50]
        stated = _hmac(key, f"{at}{token}".encode(), digest).hexdigest()
        block = {"timestamp": str(at), "token": token, "signature": stated}
        return JSON, json.dumps({**json.loads(body), "signature": block}).encode()

    return signed


def _unsigned_body(headers, body):
    return headers, json.dumps({**json.loads(body), "signature": {}}).encode()


MAILGUN = Vendor(
    "mailgun",
    _secret,
    _mailgun_body,
    _mailgun("sha256"),
    _mailgun("sha1"),
    _unsigned_body,
    altered=lambda body: body.replace(b'"token": "', b'"token": "0', 1),
    expected={"reserialised": 200},
)


# Postmark, Brevo and SparkPost: a password


def _basic(key, body, _at, _url):
    return {**JSON, "authorization": f"Basic {base64.b64encode(b'shoal:' + key).decode()}"}, body


def _digest(key, body, _at, url):
    stated = hashlib.md5(b"shoal:" + key + url.encode(), usedforsecurity=False).hexdigest()
    return {**JSON, "authorization": f'Digest username="shoal", response="{stated}"'}, body


def _postmark_body(number):
    event = {"RecordType": "Delivery", "MessageID": f"m{number}", "Recipient": "ana@example.org"}
    return json.dumps({**event, "DeliveredAt": "2026-08-01T13:28:10.2735393-04:00"}).encode()


def _brevo_body(number):
    event = {"event": "delivered", "email": "ana@example.org", "ts_epoch": 1_788_000_000_000 + number}
    return json.dumps({**event, "message-id": f"<{number}@example.org>"}).encode()


def _sparkpost_body(number):
    event = {"type": "delivery", "event_id": str(number), "rcpt_to": "ana@example.org", "timestamp": "1788000000"}
    return json.dumps([{"msys": {"message_event": event}}]).encode()


_UNTOLD = {"altered": 200, "reserialised": 200, "stale": 200, "replay": "by_id"}


def _with_password(name, body):
    unsigned = without("authorization")
    return Vendor(name, _secret, body, _basic, _digest, unsigned, replay=200, expected=_UNTOLD)


POSTMARK = _with_password("postmark", _postmark_body)
BREVO = _with_password("brevo", _brevo_body)
SPARKPOST = _with_password("sparkpost", _sparkpost_body)


# Mandrill: a form, and no time


def _mandrill_body(number):
    event = {"event": "send", "_id": f"m{number}", "ts": 1_788_000_000, "msg": {"email": "ana@example.org"}}
    return urlencode({"mandrill_events": json.dumps([event])}, safe="@").encode()


def _mandrill(digest):
    def signed(key, body, _at, url):
        told = url + "".join(name + text for name, text in sorted(parse_qsl(body.decode())))
        stated = base64.b64encode(_hmac(key, told.encode(), digest).digest()).decode()
        return {"content-type": "application/x-www-form-urlencoded", "x-mandrill-signature": stated}, body

    return signed


def _mandrill_reserialised(body):
    (events,) = (json.loads(text) for _, text in parse_qsl(body.decode()))
    return urlencode({"mandrill_events": json.dumps(events, indent=1)}).encode()


MANDRILL = Vendor(
    "mandrill",
    _secret,
    _mandrill_body,
    _mandrill("sha1"),
    _mandrill("md5"),
    without("x-mandrill-signature"),
    reserialised=_mandrill_reserialised,
    replay=200,
    expected={"stale": 200},
)


# Amazon SES: what proves it is a certificate of Amazon and a topic of ours, so another topic is the wrong key


TOPIC = "arn:aws:sns:eu-west-1:123456789012:mail"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b2c.pem"
_SIGNED = ("Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")


@cache
def amazon():
    """A key, and the certificate that Amazon would have made for it."""
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "sns.example.org")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = dt.datetime.now(dt.UTC)
    dated = builder.not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
    return key, dated.sign(key, SHA256()).public_bytes(Encoding.PEM)


_topics = (f"{TOPIC}{number}" for number in count())


def _topic():
    topic = next(_topics)
    return topic, topic.encode()


def _ses_body(number):
    mail = {"messageId": f"m{number}", "destination": ["ana@example.org"], "timestamp": "2026-08-01T10:00:00.000Z"}
    delivery = {"recipients": ["ana@example.org"], "timestamp": "2026-08-01T10:00:01.000Z"}
    message = {"eventType": "Delivery", "mail": mail, "delivery": delivery}
    return json.dumps({"Type": "Notification", "MessageId": f"sns-{number}", "Message": json.dumps(message)}).encode()


def sns(version, digest, *, certificate=CERTIFICATE):
    def signed(topic, body, at, _url):
        time = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        found = {**json.loads(body), "TopicArn": topic.decode(), "Timestamp": time}
        told = "".join(f"{name}\n{found[name]}\n" for name in _SIGNED if name in found)
        stated = base64.b64encode(amazon()[0].sign(told.encode(), PKCS1v15(), digest)).decode()
        more = {"SignatureVersion": version, "Signature": stated, "SigningCertURL": certificate}
        return {"content-type": "text/plain; charset=UTF-8"}, json.dumps({**found, **more}).encode()

    return signed


AMAZON_SES = Vendor(
    "amazon_ses",
    _topic,
    _ses_body,
    sns("2", SHA256()),
    sns("2", SHA1()),
    lambda headers, body: (headers, body.replace(b'"Signature": ', b'"Other": ')),
    window_s=3_600,
    replay=200,
    expected={"reserialised": 200, "wrong_key": 403},
)

# Shopify and WooCommerce: the body, and no time


def _order(number):
    order = {"id": number, "created_at": "2026-08-01T10:00:00Z", "date_created_gmt": "2026-08-01T10:00:00"}
    paid = {"financial_status": "paid", "status": "processing", "total": "5.00", "total_price": "5.00"}
    person = {"email": "ana@example.org", "billing": {"email": "ana@example.org"}}
    return json.dumps({**order, **paid, **person, "line_items": []}).encode()


def _body_signed(prefix, topic, digest):
    signature = f"{prefix}-hmac-sha256" if prefix == "x-shopify" else f"{prefix}-signature"

    def signed(key, body, _at, _url):
        stated = base64.b64encode(_hmac(key, body, digest).digest()).decode()
        return {**JSON, f"{prefix}-topic": topic, signature: stated}, body

    return signed


def _shop(name, prefix, topic, header):
    good, weak = (_body_signed(prefix, topic, digest) for digest in ("sha256", "sha1"))
    return Vendor(name, _secret, _order, good, weak, without(header), replay=200, expected={"stale": 200})


SHOPIFY = _shop("shopify", "x-shopify", "orders/paid", "x-shopify-hmac-sha256")
WOOCOMMERCE = _shop("woocommerce", "x-wc-webhook", "order.updated", "x-wc-webhook-signature")


# Stripe: time and body


def _stripe_body(number):
    charge = {"id": f"ch_{number}", "object": "charge", "amount": 500, "currency": "eur", "created": 1_788_000_000}
    charge |= {"status": "succeeded", "captured": True, "billing_details": {"email": "ana@example.org"}}
    event = {"object": "event", "id": f"evt_{number}", "type": "charge.succeeded", "created": 1_788_000_001}
    return json.dumps({**event, "data": {"object": charge}}).encode()


def _stripe(version):
    def signed(key, body, at, _url):
        stated = _hmac(key, f"{at}.".encode() + body).hexdigest()
        return {**JSON, "stripe-signature": f"t={at},{version}={stated},v1={'0' * 64}"}, body

    return signed


STRIPE = Vendor(
    "stripe",
    _secret,
    _stripe_body,
    _stripe("v1"),
    _stripe("v0"),
    without("stripe-signature"),
)


# HubSpot: method, address, body and time


def _hubspot_body(number):
    event = {"eventId": number, "subscriptionType": "contact.propertyChange", "objectId": 7, "portalId": 1}
    event |= {"propertyName": "email", "propertyValue": "ana@example.org", "occurredAt": 1_788_000_000_000 + number}
    return json.dumps([event]).encode()


def _hubspot(key, body, at, url):
    told = f"POST{url}".encode() + body + str(at * 1_000).encode()
    stated = base64.b64encode(_hmac(key, told).digest()).decode()
    return {**JSON, "x-hubspot-signature-v3": stated, "x-hubspot-request-timestamp": str(at * 1_000)}, body


def _hubspot_v1(key, body, at, _url):
    """The first version: a plain digest, and no time."""
    stated = hashlib.sha256(key + body).hexdigest()
    headers = {"x-hubspot-signature": stated, "x-hubspot-signature-v3": stated}
    return {**JSON, **headers, "x-hubspot-request-timestamp": str(at * 1_000)}, body


HUBSPOT = Vendor("hubspot", _secret, _hubspot_body, _hubspot, _hubspot_v1, without("x-hubspot-signature-v3"))


# Klaviyo: body and time


def _klaviyo_body(number):
    profile = {"data": {"type": "profile", "id": "p1"}}
    attributes = {"timestamp": 1_788_000_000, "event_properties": {"email_address": "ana@example.org"}}
    event = {"type": "event", "id": f"e{number}", "attributes": attributes, "relationships": {"profile": profile}}
    return json.dumps({"data": [{"topic": "event:klaviyo.opened_email", "payload": {"data": event}}]}).encode()


def _klaviyo(digest):
    def signed(key, body, at, _url):
        time = dt.datetime.fromtimestamp(at, dt.UTC)
        body = json.dumps({**json.loads(body), "meta": {"timestamp": time.isoformat()}}).encode()
        stated = time.strftime("%a, %d %b %Y %H:%M:%S GMT")
        signature = _hmac(key, body + stated.encode(), digest).hexdigest()
        return {**JSON, "klaviyo-signature": signature, "klaviyo-timestamp": stated}, body

    return signed


KLAVIYO = Vendor("klaviyo", _secret, _klaviyo_body, _klaviyo("sha256"), _klaviyo("sha1"), without("klaviyo-signature"))

# Mailchimp and ActiveCampaign: a form, and a secret in the address


def _form(**fields):
    return urlencode(fields, safe="@").encode()


def _form_again(body):
    """The same fields in another order."""
    return urlencode(list(reversed(parse_qsl(body.decode(), keep_blank_values=True)))).encode()


FORM = {"content-type": "application/x-www-form-urlencoded"}


def _form_with_password(name, body):
    def signed(key, body, at, url):
        headers, body = _basic(key, body, at, url)
        return {**headers, **FORM}, body

    def downgraded(key, body, at, url):
        headers, body = _digest(key, body, at, url)
        return {**headers, **FORM}, body

    unsigned = without("authorization")
    again = {"reserialised": _form_again}
    return Vendor(name, _secret, body, signed, downgraded, unsigned, replay=200, expected=_UNTOLD, **again)


def _mailchimp_body(number):
    member = {"data[email]": "ana@example.org", "data[list_id]": "l1", "data[id]": f"{number}"}
    return _form(type="unsubscribe", fired_at="2026-08-01 10:00:00", **member, **{"data[action]": "unsub"})


def _activecampaign_body(number):
    contact = {"contact[id]": f"{number}", "contact[email]": "ana@example.org", "campaign[id]": "5"}
    return _form(type="open", date_time="2026-08-01T10:00:00-05:00", **contact)


MAILCHIMP = _form_with_password("mailchimp", _mailchimp_body)
ACTIVECAMPAIGN = _form_with_password("activecampaign", _activecampaign_body)


# Customer.io: version, time and body


def _customerio_body(number):
    told = {"identifiers": {"id": "u1", "email": "ana@example.org"}, "delivery_id": "d1"}
    event = {"event_id": f"e{number}", "object_type": "email", "metric": "delivered", "timestamp": 1_788_000_000}
    return json.dumps({**event, "data": told}).encode()


def _customerio(digest):
    def signed(key, body, at, _url):
        stated = _hmac(key, f"v0:{at}:".encode() + body, digest).hexdigest()
        return {**JSON, "x-cio-signature": stated, "x-cio-timestamp": str(at)}, body

    return signed


CUSTOMERIO = Vendor(
    "customerio", _secret, _customerio_body, _customerio("sha256"), _customerio("sha1"), without("x-cio-signature")
)


# BigCommerce: Standard Webhooks, whose number of a message is signed


def _bigcommerce_body(number):
    event = {"scope": "store/customer/created", "store_id": "11", "data": {"type": "customer", "id": number}}
    return json.dumps({**event, "created_at": 1_788_000_000, "producer": "stores/ana@x", "hash": "h"}).encode()


def standard(version="v1", digest="sha256", decoded=lambda key: key):
    def signed(key, body, at, _url):
        number = hashlib.sha256(body).hexdigest()
        stated = base64.b64encode(_hmac(decoded(key), f"{number}.{at}.".encode() + body, digest).digest()).decode()
        headers = {"webhook-id": number, "webhook-timestamp": str(at), "webhook-signature": f"{version},{stated}"}
        return {**JSON, **headers}, body

    return signed


BIGCOMMERCE = Vendor(
    "bigcommerce",
    _secret,
    _bigcommerce_body,
    standard(),
    standard(digest="sha1"),
    without("webhook-signature"),
    replay=200,
)


# Typeform: the body, and no time


def _typeform_body(number):
    answer = {"type": "email", "email": "ana@example.org", "field": {"id": "f1", "type": "email"}}
    response = {"form_id": "f", "token": f"t{number}", "submitted_at": "2026-08-01T10:00:00Z", "answers": [answer]}
    return json.dumps({"event_id": f"e{number}", "event_type": "form_response", "form_response": response}).encode()


def _typeform(digest):
    def signed(key, body, _at, _url):
        stated = base64.b64encode(_hmac(key, body, digest).digest()).decode()
        return {**JSON, "typeform-signature": f"{digest}={stated}"}, body

    return signed


TYPEFORM = Vendor(
    "typeform",
    _secret,
    _typeform_body,
    _typeform("sha256"),
    _typeform("sha1"),
    without("typeform-signature"),
    replay=200,
    expected={"stale": 200},
)


# Zendesk: time and body


def _zendesk_body(number):
    detail = {"id": f"{number}", "email": "ana@example.org", "role": "end-user", "created_at": "2026-08-01T10:00:00Z"}
    event = {"id": f"e{number}", "type": "zen:event-type:user.created", "time": "2026-08-01T10:00:00Z"}
    return json.dumps({**event, "subject": f"zen:user:{number}", "detail": detail, "event": {}}).encode()


def _zendesk(digest):
    def signed(key, body, at, _url):
        time = dt.datetime.fromtimestamp(at, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        stated = base64.b64encode(_hmac(key, time.encode() + body, digest).digest()).decode()
        return {**JSON, "x-zendesk-webhook-signature": stated, "x-zendesk-webhook-signature-timestamp": time}, body

    return signed


ZENDESK = Vendor(
    "zendesk",
    _secret,
    _zendesk_body,
    _zendesk("sha256"),
    _zendesk("sha1"),
    without("x-zendesk-webhook-signature"),
)


# Twilio: the address and the fields in order, and no time


def _twilio_body(number):
    return _form(MessageSid=f"SM{number}", MessageStatus="delivered", To="+14155552671", From="+14155550100")


def _twilio(digest):
    def signed(key, body, _at, url):
        told = url + "".join(name + text for name, text in sorted(parse_qsl(body.decode(), keep_blank_values=True)))
        stated = base64.b64encode(_hmac(key, told.encode(), digest).digest()).decode()
        return {**FORM, "x-twilio-signature": stated}, body

    return signed


TWILIO = Vendor(
    "twilio",
    _secret,
    _twilio_body,
    _twilio("sha1"),
    _twilio("md5"),
    without("x-twilio-signature"),
    altered=lambda body: body.replace(b"2671", b"2672"),
    reserialised=_form_again,
    replay=200,
    expected={"stale": 200, "reserialised": 200},
)

VENDORS = (
    *(ACTIVECAMPAIGN, AMAZON_SES, BIGCOMMERCE, BREVO, CUSTOMERIO, HUBSPOT, KLAVIYO, MAILCHIMP, MAILGUN, MANDRILL),
    *(POSTMARK, SENDGRID, SHOPIFY, SPARKPOST, STRIPE, TWILIO, TYPEFORM, WOOCOMMERCE, ZENDESK),
)


# Generic webhooks, by each of their schemes

SIGN_UPS = mapping_from(
    {
        "source": "sign_ups",
        "at": "at",
        "keys": {"email": "person.email"},
        "events": [{"name": "Signed Up", "id": "number", "properties": {"plan": "plan"}}],
    }
)


def _generic_body(number):
    event = {"number": number, "at": "2026-08-01T10:00:00Z", "person": {"email": "ana@example.org"}, "plan": "pro"}
    return json.dumps(event).encode()


def _standard_key():
    key = secrets.token_bytes(24)
    return f"whsec_{base64.b64encode(key).decode()}", key


def _generic_hmac(digest):
    def signed(key, body, _at, _url):
        return {**JSON, "x-shop-signature": f"{digest}={_hmac(key, body, digest).hexdigest()}"}, body

    return signed


GENERIC_STANDARD = Vendor(
    "generic",
    _standard_key,
    _generic_body,
    standard(),
    standard(digest="sha1"),
    without("webhook-signature"),
    replay=200,
    terms=Terms(SIGN_UPS),
)
GENERIC_HMAC = Vendor(
    "generic",
    _secret,
    _generic_body,
    _generic_hmac("sha256"),
    _generic_hmac("sha1"),
    without("x-shop-signature"),
    replay=200,
    expected={"stale": 200},
    terms=Terms(SIGN_UPS, "hmac", "X-Shop-Signature"),
)
GENERIC_ADDRESS = replace(_with_password("generic", _generic_body), terms=Terms(SIGN_UPS, "address"))
GENERIC = (GENERIC_STANDARD, GENERIC_HMAC, GENERIC_ADDRESS)
