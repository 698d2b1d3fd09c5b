"""Taking webhooks: names and secrets, proving a delivery, and what it holds."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from shoal.access import webhooks
from shoal.access.webhooks import Address, Hook
from shoal.core.errors import UserError, require
from shoal.core.time import Instant
from shoal.core.time import now as now_
from shoal.flow.accepting import Once
from shoal.flow.admitting import Lately
from shoal.flow.home import Opened
from shoal.flow.importing import context_of
from shoal.flow.mapped_webhooks import has_terms, keep_terms, webhook_under
from shoal.ingest.webhook import Delivery, Proof, Received, Webhook, proved, read
from shoal.ingest.webhooks import generic, webhook_of
from shoal.store.secret import secret_at

Fetch = Callable[[str], bytes]
"""What stands at an address; UserError `no_answer` where nothing does."""

_MOST = 1_000
_BYTES = 32


def create_webhook(
    opened: Opened,
    vendor: str,
    *,
    name: str | None = None,
    secret: str | None = None,
    address: str | None = None,
    terms: generic.Terms | None = None,
) -> tuple[Hook, str | None]:
    """A new secret of a webhook, and the text of it where it was made here.

    A generic webhook has terms, which take the place of those that it had. Raises UserError `unknown_vendor`,
    `bad_webhook`, `bad_mapping`, `bad_secret` and `damaged_webhook`.
    """
    webhooks.check_name(name or vendor)
    terms = None if terms is None else generic.checked(terms)
    webhook = _asked(opened, vendor, name or vendor, terms)
    made = webhook.secret_of(secrets.token_bytes(_BYTES)) if webhook.makes_secret and secret is None else None
    given = made or secret
    require(given is not None, "bad_secret", f"{webhook.title} has a secret.", fix=f"Give {webhook.secret}: --secret.")
    assert given is not None
    webhook.check_secret(given.strip())
    parts = urlsplit(address or "https://host")
    sound = parts.scheme in ("http", "https") and parts.hostname and parts.path in ("", "/") and not parts.query
    require(bool(sound), "bad_webhook", "The address is none.", where=address, fix="Such as https://shoal.example.org.")
    with opened.database.write() as connection:
        hook = webhooks.create(
            connection,
            secret_at(opened.home.secret),
            name=name or vendor,
            vendor=vendor,
            address=address.rstrip("/") if address else None,
            secret=given,
            at=now_(),
        )
        if terms is not None:
            keep_terms(opened.home, hook.name, terms)
    return hook, made


def _asked(opened: Opened, vendor: str, name: str, terms: generic.Terms | None) -> Webhook:
    if vendor != generic.NAME:
        told = f"What the deliveries of {vendor} mean is known."
        require(terms is None, "bad_webhook", told, fix="Leave --map out, or make a generic webhook.")
        return webhook_of(vendor)
    has_some = terms is not None or has_terms(opened.home, name)
    require(has_some, "bad_webhook", "A generic webhook has a mapping.", fix="Give it with --map FILE.")
    return webhook_under(opened.home, vendor, name) if terms is None else generic.webhook_by(terms)


def known_webhooks(opened: Opened) -> tuple[Hook, ...]:
    """All of them."""
    with opened.database.read() as connection:
        return webhooks.known(connection)


def revoke_webhook(opened: Opened, number: int) -> Hook:
    """End a secret. Raises UserError `unknown_webhook`."""
    with opened.database.write() as connection:
        return webhooks.revoke(connection, number, Instant(now_()))


@dataclass(frozen=True, slots=True)
class Taking:
    """What is taken under a name, and how it is read."""

    address: Address
    webhook: Webhook


@dataclass(frozen=True, slots=True)
class Accepted:
    """A delivery that is proven, and what is to be kept of it."""

    webhook: Webhook
    received: Received
    once: Once | None
    confirmation: str | None  # an address to ask once all is kept


class Post:
    """Knows the webhooks that were called lately, and the certificates that they named."""

    def __init__(self, opened: Opened, secret: bytes, fetch: Fetch) -> None:
        self._opened, self._secret, self._fetch = opened, secret, fetch
        self.addresses = Lately(self._find, _MOST)
        self._certificates: dict[str, bytes] = {}

    def taking(self, name: str) -> Taking:
        """What is taken under a name, as of two seconds ago at most.

        Raises UserError `no_such_webhook` and `damaged_webhook`.
        """
        found = self.addresses.get(name)
        if found is None:
            raise UserError("no_such_webhook", "There is no such webhook.", fix="`shoal webhook create` makes one.")
        return found

    def _find(self, name: str) -> Taking | None:
        with self._opened.database.read() as connection:
            found = webhooks.find(connection, self._secret, name)
        return None if found is None else Taking(found, webhook_under(self._opened.home, found.vendor, name))

    def accept(self, taking: Taking, delivery: Delivery) -> Accepted | None:
        """Prove a delivery and read it; None for a ping. Raises UserError as `proved` and `read` do."""
        address, webhook = taking.address, taking.webhook
        if webhook.is_ping(delivery):
            return None
        if webhook.certificate is not None:
            delivery = replace(delivery, certificate=self._certificate(webhook.certificate(delivery, address.secrets)))
        proof = proved(webhook, delivery, address.secrets)
        received = read(webhook, delivery, context_of(self._opened.settings, delivery.received_at))
        return Accepted(webhook, received, _once(webhook, proof, delivery), webhook.confirmation(delivery))

    def confirm(self, accepted: Accepted) -> None:
        """Ask for what a vendor wants to be asked for. Raises UserError `no_answer`."""
        if accepted.confirmation is not None:
            self._fetch(accepted.confirmation)

    def _certificate(self, url: str) -> bytes:
        found = self._certificates.get(url)
        if found is None:
            if len(self._certificates) >= _MOST:
                self._certificates.clear()
            found = self._certificates[url] = self._fetch(url)
        return found


def _once(webhook: Webhook, proof: Proof, delivery: Delivery) -> Once | None:
    """For twice the window after the delivery it is known again."""
    if proof.replay_id is None:
        return None
    return Once(proof.replay_id, Instant(delivery.received_at + 2_000 * webhook.window_s))
