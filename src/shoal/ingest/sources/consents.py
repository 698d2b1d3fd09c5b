"""What exports say about consent, in the words that they use.

Silence is no consent and no refusal: a word that only says that somebody never subscribed, or that
nobody knows, states nothing.
"""

from __future__ import annotations

from typing import Final

from shoal.core.time import Instant
from shoal.ingest.canonical import Consent, ConsentState
from shoal.ingest.sources.cells import Cells

Stated = tuple[Consent, Instant | None]
"""A consent and when it was given or refused; None where the export doesn't say."""

_STATES: Final[dict[ConsentState, tuple[str, ...]]] = {
    "granted": (
        *("subscribed", "yes", "true", "1", "y", "t", "opted in", "opted_in", "opt-in", "opt_in", "granted"),
        *("confirmed", "confirmed_opt_in", "single_opt_in", "double_opt_in", "active", "accepted", "allowed"),
    ),
    "denied": (
        *("unsubscribed", "no", "false", "0", "n", "f", "opted out", "opted_out", "opt-out", "opt_out", "denied"),
        *("cleaned", "suppressed", "bounced", "complained", "spam", "spam complaint", "marked as spam", "blocked"),
        *("hard bounced", "hard_bounce", "user_suppressed", "invalid", "invalid_email"),
    ),
    "pending": ("pending", "unconfirmed", "pending_double_opt_in", "awaiting confirmation"),
}
_BY_WORD: Final = {word: state for state, words in _STATES.items() for word in words}

METHODS: Final = {
    "single_opt_in": "single_opt_in",
    "confirmed_opt_in": "double_opt_in",
    "double_opt_in": "double_opt_in",
    "unknown": None,
}
"""Opt-in levels of Shopify and others in our words."""


def state(word: str | None) -> ConsentState | None:
    """The state that a word of an export means; None when it states nothing.

    >>> state("SUBSCRIBED"), state("cleaned"), state("NEVER_SUBSCRIBED"), state(None)
    ('granted', 'denied', None, None)
    """
    return _BY_WORD.get(word.casefold()) if word else None


def stated(
    cells: Cells, column: str, channel: str = "email", *, at: tuple[str, ...] = (), method: str | None = None
) -> list[Stated]:
    """The consent of one column, if it states any; `at` names the columns that may hold its time."""
    found = state(cells.text(column))
    if found is None:
        return []
    when = cells.at(*at) if at else None
    return [(Consent(channel=channel, state=found, method=method), when)]


def statuses(cells: Cells, column: str, channel: str = "email", *, method: str | None = None) -> list[Stated]:
    """The consent of one column that either holds a word or the time at which consent was given.

    Klaviyo writes both, depending on the age of the export.
    """
    text = cells.text(column)
    if text is None or state(text) is not None or not text[:4].isdigit():
        return stated(cells, column, channel, method=method)
    return [(Consent(channel=channel, state="granted", method=method), cells.at(column))]
