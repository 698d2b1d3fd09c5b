"""The common part of the webhooks of e-mail platforms: one event of one message to one person."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from shoal.core.time import Instant
from shoal.ingest.canonical import Consent, Json, Record
from shoal.ingest.source import RowRejectedError, RowSkippedError
from shoal.ingest.sources.cells import Cells
from shoal.ingest.sources.contacts import identity
from shoal.ingest.sources.mail import mail_record
from shoal.ingest.sources.message_ids import event_id

SUPPRESSED: Final = Consent(channel="email", state="denied", method="suppressed")
"""The platform sends no mail to the address any more, because the person refused it or complained."""

CLEANED: Final = Consent(channel="email", state="denied", method="cleaned")
"""The platform sends no mail to the address any more, because it takes none."""

COMPLAINED: Final = Consent(channel="email", state="denied", method="spam_complaint")
"""The person complained; the event tells it besides."""

HARD: Final = "hard"
SOFT: Final = "soft"
BLOCKED: Final = "blocked"
"""Values of `bounce_type`: the address takes no mail, can't now, or the mail was refused for what it is."""

_STATUS: Final = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?![\d.])")
_GONE: Final = frozenset({(1, 1), (1, 2), (1, 10)})
_LARGE_OR_FULL: Final = frozenset({(2, 2)})


def bounce_type(stated: str | None, *told: str | None) -> str | None:
    """What kind of bounce it is: what the first status code in what is told means, or else what the vendor says.

    Codes that blame the sender or the content never count against the person. Source: RFC 3463.

    >>> bounce_type("hard", "550 5.1.1 no such user"), bounce_type("hard", "554 5.7.1 refused as spam")
    ('hard', 'blocked')
    >>> bounce_type("hard", "5.2.2"), bounce_type("soft", "no code"), bounce_type(None, "452 4.2.2 full")
    ('soft', 'soft', 'soft')
    """
    found = next((match for text in told if text and (match := _STATUS.search(text))), None)
    if found is None:
        return stated
    detail = (int(found[2]), int(found[3]))
    if found[1] == "4" or detail in _LARGE_OR_FULL:
        return SOFT
    if detail in _GONE:
        return HARD
    return BLOCKED if detail[0] in (6, 7) or detail == (3, 4) else stated


def kind_of(word: str | None, known: Mapping[str, str]) -> str:
    """The event's canonical name; RowSkippedError `unknown_event` for another, `no_event` where it names none."""
    if word is None:
        raise RowRejectedError("no_event", "The row doesn't say what happened.")
    if word not in known:
        raise RowSkippedError("unknown_event")
    return known[word]


def message_event(
    cells: Cells,
    name: str,
    email: tuple[str, ...],
    *,
    at: Instant | None,
    number: str | None,
    properties: dict[str, Json],
    suppressed: bool = False,
) -> Record:
    """The record of one event: `number` is the vendor's own id of it, None where it gives none.

    Then who, what, when, and which message and link make its id, so that a second delivery counts once.
    """
    keys, flaws = identity(cells, email, {})
    told = (properties.get("email_message_id"), properties.get("link_url"))
    if number is None and (at is not None or any(told)):
        number = event_id(keys[0], name, at, *told, properties.get("machine_open"))
    record = mail_record(keys, name, at, number, {**properties, **flaws})
    return msgspec.structs.replace(record, consent=(*record.consent, SUPPRESSED)) if suppressed else record
