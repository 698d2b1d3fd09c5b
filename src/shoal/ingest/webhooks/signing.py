"""What the schemes share: headers that must be there, comparing in constant time, and passwords."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Final
from urllib.parse import parse_qs, urlsplit

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.ingest.webhook import Delivery, Proof

_FIX: Final = "Check the secret with `shoal webhook list` and at the vendor's."


def bad(message: str = "The signature does not fit.") -> UserError:
    """The error for a delivery that the vendor did not sign like this."""
    return UserError("bad_signature", message, fix=_FIX)


def missing(where: str) -> UserError:
    """The error for a delivery that is not signed."""
    return UserError("missing_signature", "The delivery is not signed.", where=where, fix=_FIX)


def header(delivery: Delivery, name: str) -> str:
    """A header that must be there; UserError `missing_signature` where it is not."""
    found = delivery.headers.get(name, "").strip()
    if not found:
        raise missing(name)
    return found


def require_one(stated: Sequence[str], secrets: Sequence[str], made: Callable[[bytes], bytes]) -> None:
    """Raise UserError `bad_signature` unless one of the stated texts is what one of the secrets makes.

    All pairs are compared, each in constant time.
    """
    texts = [text.encode() for text in stated]
    results = [hmac.compare_digest(text, made(secret.encode())) for text in texts for secret in secrets]
    if not any(results):
        raise bad()


def hex_hmac(message: bytes) -> Callable[[bytes], bytes]:
    """What a secret makes of a message: HMAC-SHA256 in hexadecimal."""
    return lambda secret: hmac.new(secret, message, hashlib.sha256).hexdigest().encode()


def base64_hmac(message: bytes, digest: str = "sha256") -> Callable[[bytes], bytes]:
    """What a secret makes of a message: HMAC in base64."""
    return lambda secret: base64.b64encode(hmac.new(secret, message, digest).digest())


def content_proof(signed: bytes, at: Instant | None = None) -> Proof:
    """The proof of signed content: known again by the content, for one content may have many signatures."""
    return Proof(at, hashlib.sha256(signed).hexdigest())


def signed_time(text: str, *, unit_ms: int = 1_000) -> Instant:
    """A signed time, a number of seconds (or of `unit_ms`) since 1970. Raises UserError `bad_signature`."""
    if not (text.isascii() and text.isdecimal() and len(text) < 15):
        raise bad("The time of the signature is none.")
    return Instant(int(text) * unit_ms)


def passed(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    """For vendors that sign nothing: the secret is the password of basic authentication, or a bearer token.

    Raises UserError `missing_signature` and `bad_signature`. Source: RFC 7617, RFC 6750.
    """
    kind, _, rest = header(delivery, "authorization").partition(" ")
    if kind.lower() == "bearer":
        shown = rest.strip()
    elif kind.lower() == "basic":
        try:
            shown = base64.b64decode(rest.strip(), validate=True).decode().partition(":")[2]
        except ValueError:  # no base64, no ASCII, or no UTF-8
            raise bad("The password can't be read.") from None
    else:
        raise bad("Only basic authentication and bearer tokens are known here.")
    require_one([shown], secrets, lambda secret: secret)
    return Proof()


def passed_in_address(delivery: Delivery, secrets: Sequence[str]) -> Proof:
    """For vendors that sign nothing and call an address as it is: the secret is its `?secret=`, or as `passed` has it.

    Raises UserError `missing_signature` and `bad_signature`.
    """
    if "authorization" in delivery.headers:
        return passed(delivery, secrets)
    shown = parse_qs(urlsplit(delivery.url).query).get("secret", [])
    if len(shown) != 1:
        raise missing("secret, in the address")
    require_one(shown, secrets, lambda secret: secret)
    return Proof()


def standard_proof(delivery: Delivery, secrets: Sequence[str], key: Callable[[bytes], bytes]) -> Proof:
    """The proof of a delivery that is signed as Standard Webhooks has it: HMAC-SHA256 over id, time and body.

    `key` makes the key of a secret. A delivery is known again by its id, which is signed. Raises UserError
    `missing_signature` and `bad_signature`. Source: https://www.standardwebhooks.com, version 1.
    """
    number, time = header(delivery, "webhook-id"), header(delivery, "webhook-timestamp")
    stated = [part.partition(",") for part in header(delivery, "webhook-signature").split()]
    signatures = [text for version, _, text in stated if version == "v1"]
    if not signatures:
        raise missing("webhook-signature: v1")
    made = base64_hmac(f"{number}.{time}.".encode() + delivery.body)
    require_one(signatures, secrets, lambda secret: made(key(secret)))
    return Proof(signed_time(time), number)
