"""What exports say about consent, in the words that they use.

Silence is no consent and no refusal: a word that only says that somebody never subscribed, or that
nobody knows, states nothing.
"""

from __future__ import annotations

from typing import Final

from shoal.core.time import Instant
from shoal.ingest.canonical import Consent, ConsentState
from shoal.ingest.consent_words import state_of
from shoal.ingest.sources.cells import Cells

Stated = tuple[Consent, Instant | None]
"""A consent and when it was given or refused; None where the export doesn't say."""

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
    return state_of(word) if word else None


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
