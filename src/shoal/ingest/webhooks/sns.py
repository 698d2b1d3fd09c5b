"""Amazon SNS: messages in an envelope that is signed with a certificate.

Sources: https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html and
…/sns-message-and-json-formats.html. Everybody with an account can have SNS sign, so only topics that are known are
believed. A message that was not answered is sent again under the same signature, for an hour at most.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from shoal.core.errors import UserError
from shoal.core.time import Instant, parse_instant, to_datetime
from shoal.ingest.webhook import Delivery, Proof
from shoal.ingest.webhooks.rows import document, one_object
from shoal.ingest.webhooks.signing import bad, missing

RETRIED_S: Final = 3_600
"""For so long SNS tries."""

TOPIC: Final = re.compile(r"arn:aws(?:-cn|-us-gov)?:sns:([a-z0-9-]+):\d{6,14}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")
_FIX: Final = "Only what SNS itself sends is taken."
_HOST: Final = re.compile(r"sns\.([a-z]{2}(?:-[a-z]+)+-\d)\.amazonaws\.com(?:\.cn)?")
_CERTIFICATE: Final = re.compile(r"/SimpleNotificationService-[0-9a-f]+\.pem")
_DIGESTS: Final = {"1": SHA1, "2": SHA256}
_NOTIFICATION: Final = "Notification"
_CONFIRMATION: Final = "SubscriptionConfirmation"
_SIGNED: Final = {
    _NOTIFICATION: ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    _CONFIRMATION: ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


def envelope(delivery: Delivery) -> Mapping[str, Any]:
    """The envelope, whose parts are texts. Raises UserError `bad_json`."""
    return one_object(document(delivery.body))


def certificate_address(delivery: Delivery, secrets: Sequence[str]) -> str:
    """Where the certificate stands that a delivery names; nothing is asked for a topic that is not known.

    Raises UserError `missing_signature`, `bad_signature`, `untrusted_topic`, and `untrusted_certificate` for any other
    place than SNS itself.
    """
    found = envelope(delivery)
    for name in ("Signature", "SigningCertURL"):
        if not isinstance(found.get(name), str) or not found[name]:
            raise missing(name)
    if str(found.get("Type")) not in _SIGNED or str(found.get("SignatureVersion")) not in _DIGESTS:
        raise bad("The kind of message or the version of its signature is not known.")
    if str(found.get("TopicArn")) not in secrets:
        raise _other_topic()
    return _of_sns(found["SigningCertURL"], _CERTIFICATE)


def confirmation_address(delivery: Delivery) -> str | None:
    """The address that subscribes, of a delivery that is proven; None where it asks for nothing.

    Raises UserError `untrusted_certificate` for any other place than SNS itself.
    """
    found = envelope(delivery)
    if found.get("Type") != _CONFIRMATION:
        return None
    return _of_sns(str(found.get("SubscribeURL")), re.compile("/"))


def verify(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    """The proof of a delivery whose certificate was fetched; `secrets` are the topics that are believed.

    Raises UserError `bad_signature`, `untrusted_topic` and `untrusted_certificate`.
    """
    found = envelope(delivery)
    certificate = _certificate(delivery)
    key = certificate.public_key()
    names = [name for name in _SIGNED[str(found["Type"])] if name in found]
    if not isinstance(key, RSAPublicKey) or not all(isinstance(found[name], str) for name in names):
        raise bad()
    signed = "".join(f"{name}\n{found[name]}\n" for name in names).encode()
    try:
        key.verify(_bytes(found["Signature"]), signed, PKCS1v15(), _DIGESTS[str(found["SignatureVersion"])]())
    except InvalidSignature:
        raise bad() from None
    if str(found.get("TopicArn")) not in secrets:
        raise _other_topic()
    return Proof(_time(found.get("Timestamp")), str(found.get("MessageId")))


def check_topic(text: str) -> None:
    """Raise UserError `bad_secret` unless this names a topic."""
    if TOPIC.fullmatch(text) is None:
        fix = "Such as arn:aws:sns:eu-west-1:123456789012:mail."
        raise UserError("bad_secret", "This is no ARN of a topic of SNS.", fix=fix)


def _other_topic() -> UserError:
    return UserError("untrusted_topic", "The topic is another one.", fix="Name it with `shoal webhook create`.")


def _of_sns(address: str, path: re.Pattern[str]) -> str:
    """The address, if it is one of SNS itself: by https, no port, no user, nothing hidden in it."""
    parts = urlsplit(address) if re.fullmatch(r"[!-~]+", address) and "\\" not in address else urlsplit("")
    host = parts.netloc
    if parts.scheme != "https" or _HOST.fullmatch(host) is None or path.fullmatch(parts.path) is None or parts.fragment:
        raise UserError("untrusted_certificate", "The address that the delivery names is none of SNS.", fix=_FIX)
    return address


def _certificate(delivery: Delivery) -> x509.Certificate:
    try:
        found = x509.load_pem_x509_certificate(delivery.certificate)
    except ValueError:
        raise UserError("untrusted_certificate", "The certificate can't be read.", fix=_FIX) from None
    at = to_datetime(delivery.received_at)
    if not found.not_valid_before_utc <= at <= found.not_valid_after_utc:
        raise UserError("untrusted_certificate", "The certificate is not valid now.", fix=_FIX)
    return found


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise bad() from None


def _time(text: object) -> Instant:
    try:
        return parse_instant(str(text))
    except UserError:
        raise bad("The time of the signature is none.") from None
