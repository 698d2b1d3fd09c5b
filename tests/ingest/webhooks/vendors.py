"""How each vendor signs, for tests: keys, invented deliveries, and the nine ways in which one may be wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

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
    expected: Mapping[str, int] = field(default_factory=dict)


def without(*names: str) -> Callable[[Headers, bytes], tuple[Headers, bytes]]:
    return lambda headers, body: ({name: text for name, text in headers.items() if name not in names}, body)


def reserialised(body: bytes) -> bytes:
    """The same JSON in another form."""
    return json.dumps(json.loads(body), indent=1).encode()


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
    import hashlib
    import hmac

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

VENDORS = (SENDGRID,)
