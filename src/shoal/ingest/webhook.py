"""What a webhook is: a way to tell that a delivery is the vendor's own, and to map its rows to canonical records.

Each vendor is one file in `ingest/webhooks/`, listed in `WEBHOOKS` there. All of it is pure: what has to be fetched
(a certificate) is fetched by whoever calls.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from shoal.core.errors import UserError
from shoal.core.time import Instant
from shoal.ingest.calls import Letter, Taken
from shoal.ingest.canonical import Record, Records
from shoal.ingest.source import Context, Row, RowRejectedError, RowSkippedError
from shoal.ingest.storable import UnstorableError, has_half_a_sign, not_text, too_deep

MOST_BYTES = 4 * 1024 * 1024
"""Of one delivery: vendors put thousands of events into one."""

WINDOW_S = 300
"""How old, and how far ahead, the time may be that a scheme signs."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """One request of a vendor, as it came."""

    body: bytes
    headers: Mapping[str, str]  # names in lower case
    url: str  # as the vendor called it
    received_at: Instant
    certificate: bytes = b""  # what stands at the address that `Webhook.certificate` names


@dataclass(frozen=True, slots=True)
class Proof:
    """What a signature that holds tells."""

    signed_at: Instant | None = None  # None where the scheme signs no time
    replay_id: str | None = None  # the same for the same signed content; None where nothing is signed


def plain_secret(key: bytes) -> str:
    """The text of a secret, which an address may hold as it is."""
    return base64.urlsafe_b64encode(key).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Webhook:
    """The webhook of one vendor.

    `verify` raises UserError `missing_signature`, `bad_signature` and, where a scheme has more to refuse,
    `untrusted_topic` and `untrusted_certificate`. It gets all secrets in use: while one is replaced by another, both
    hold. `rows` splits a delivery and raises UserError `bad_json` or `bad_form`; `map_row` raises as
    `Source.map_rows` does. What `map_row` gets holds all it needs, so that a dead letter can be read again.
    `check_secret` raises UserError `bad_secret`.
    """

    name: str  # "sendgrid"; the `source` of its events where nothing else is said
    title: str
    scheme: str  # how it proves itself, as the documentation tells it
    secret: str  # what the secret is, and where it is found
    verify: Callable[[Delivery, Sequence[str]], Proof]
    rows: Callable[[Delivery], Iterable[Row]]
    map_row: Callable[[Row, Context], Iterable[Record]]
    makes_secret: bool = False  # the secret is ours to make and is pasted at the vendor's
    secret_of: Callable[[bytes], str] = plain_secret  # of random bytes
    signs_address: bool = False
    window_s: int = WINDOW_S
    is_resent_alike: bool = False  # the vendor sends again under the same signature
    is_ping: Callable[[Delivery], bool] = lambda _: False  # asks only whether anybody is there, and signs nothing
    check_secret: Callable[[str], None] = lambda _: None
    certificate: Callable[[Delivery, Sequence[str]], str] | None = None  # where it stands; UserError as of `verify`
    confirmation: Callable[[Delivery], str | None] = lambda _: None  # address that has to be asked to go on


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row of a delivery that is no JSON, as it came; the others may be."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Received:
    """What a delivery holds."""

    taken: Taken
    skipped: Mapping[str, int]  # sound rows that say nothing to keep, by reason


def proved(webhook: Webhook, delivery: Delivery, secrets: Sequence[str]) -> Proof:
    """That the vendor sent it, lately. Raises UserError as `Webhook.verify` does, and `stale_signature`."""
    proof = webhook.verify(delivery, secrets)
    if proof.signed_at is not None and abs(delivery.received_at - proof.signed_at) > webhook.window_s * 1_000:
        raise UserError(
            "stale_signature",
            f"The signature is more than {webhook.window_s} seconds away from now.",
            fix="Set the clock of this machine, or send it again.",
        )
    return proof


def read(webhook: Webhook, delivery: Delivery, context: Context) -> Received:
    """The records of a delivery. Raises UserError `bad_json` and `bad_form`."""
    return mapped(webhook, webhook.rows(delivery), context)


def mapped(webhook: Webhook, rows: Iterable[Any], context: Context) -> Received:
    """The records of rows; a row that is broken becomes a letter, and all others are taken."""
    records, letters, skipped = Records(context.received_at), [], Counter[str]()
    for number, row in enumerate(rows, 1):
        try:
            records.add(number, *_records(webhook, row, context))
        except (RowRejectedError, UnstorableError) as error:
            letters.append(Letter(error.reason, error.message, _encoded(row), webhook.name))
        except RowSkippedError as error:
            skipped[error.reason] += 1
    return Received(Taken(records, tuple(letters)), dict(skipped))


_encode = msgspec.json.Encoder().encode


def _encoded(row: object) -> bytes:
    return row.raw if isinstance(row, Unreadable) else _encode(row)


def _records(webhook: Webhook, row: object, context: Context) -> list[Record]:
    try:
        told = msgspec.json.decode(row.raw) if isinstance(row, Unreadable) else row
        if not isinstance(told, Mapping):
            raise RowRejectedError("not_an_object", "An event is a JSON object.")
        return list(webhook.map_row(told, context))
    except msgspec.DecodeError:
        is_cut = isinstance(row, Unreadable) and has_half_a_sign(row.raw)
        raise (not_text() if is_cut else RowRejectedError("bad_json", "An event can't be read.")) from None
    except RecursionError:
        raise too_deep() from None
    except UnicodeError:
        raise not_text() from None
