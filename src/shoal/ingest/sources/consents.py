"""What exports say about consent, in the words that they use.

Silence is no consent and no refusal: a word that only says that somebody never subscribed, or that
nobody knows, states nothing. A word that is unknown may be a refusal: it refuses its row as `unknown_consent_word`, so
that it is counted and in the reject file.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from shoal.core.time import Instant
from shoal.ingest import values
from shoal.ingest.canonical import Consent, ConsentState
from shoal.ingest.consent_words import folded, is_silent, plain_answer, state_of
from shoal.ingest.source import RowRejectedError
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

_SUBSCRIBED: Final = frozenset({"subscribed", "subscribe", "subscriber", "opted in", "opt in", "optin"})
"""What a column about refusing may hold of those who haven't."""

_SHORTEST_TIME: Final = 6  # letters; less is a number or a word
_NO_TIME: Final = "0000-00-00"


def state(word: str | None, column: str) -> ConsentState | None:
    """The state that a word of a column means; None when it states nothing.

    Raises RowRejectedError `unknown_consent_word` for a word that is known neither as yes, no nor nothing.

    >>> [state(word, "Status") for word in ("SUBSCRIBED", "cleaned", "NEVER_SUBSCRIBED", None)]
    ['granted', 'denied', None, None]
    """
    found = state_of(word) if word else None
    if word and found is None and not is_silent(word):
        raise unknown(column)
    return found


def unknown(column: str) -> RowRejectedError:
    """The refusal of a row whose word in a column of consent isn't known."""
    return RowRejectedError(
        "unknown_consent_word",
        f"The word in column {column!r} is no known yes or no: put a known one in its place, or import by a mapping.",
    )


def word_of(cells: Cells, *columns: str) -> str | None:
    """The first text of the columns; RowRejectedError `unknown_consent_word` where a list or an object stands there."""
    found = cells.value(*columns)
    if isinstance(found, list | dict | tuple) and found:
        raise unknown(columns[0])
    return cells.text(*columns)


def stated(
    cells: Cells, column: str, channel: str = "email", *, at: tuple[str, ...] = (), method: str | None = None
) -> list[Stated]:
    """The consent of one column, if it states any; `at` names the columns that may hold its time."""
    found = state(word_of(cells, column), column)
    if found is None:
        return []
    when = cells.at(*at) if at else None
    return [(Consent(channel=channel, state=found, method=method), when)]


def statuses(cells: Cells, column: str, channel: str = "email", *, method: str | None = None) -> list[Stated]:
    """The consent of one column that either holds a word or the time at which consent was given.

    Klaviyo writes both, depending on the age of the export.
    """
    when = _time_in(cells, column)
    if when is None:
        return stated(cells, column, channel, method=method)
    return [(Consent(channel=channel, state="granted", method=method), when)]


def refused(cells: Cells, *columns: str, channel: str = "email", method: str | None = None) -> list[Stated]:
    """What columns say in which a yes refuses ("Unsubscribed from all email"), or the time at which it was refused.

    A no states nothing, for nobody starts as unsubscribed. Columns that all refuse without a date state it once.
    """
    refusal = Consent(channel=channel, state="denied", method=method)
    times = [(_time_in(cells, column), column) for column in columns]
    dated: list[Stated] = [(refusal, when) for when, _ in times if when is not None]
    undated = [_refuses(word_of(cells, column), column) for when, column in times if when is None]
    return [*dated, (refusal, None)] if any(undated) else dated


def _refuses(word: str | None, column: str) -> bool:
    if word is None or is_silent(word) or folded(word) in _SUBSCRIBED:
        return False
    told = plain_answer(word)
    if told is None and state_of(word) != "denied":
        raise unknown(column)
    return told is not False


def checked(cells: Cells, *columns: str) -> tuple[Consent, ...]:
    """The consent of a box at a checkout: a bare no states nothing there, for the buyer may have agreed before."""
    word = word_of(cells, *columns)
    found = state(word, columns[0])
    if found == "granted":
        return (Consent(channel="email", state="granted", method="checkout"),)
    is_refusal = found == "denied" and plain_answer(word or "") is None
    return (Consent(channel="email", state="denied"),) if is_refusal else ()


def time_of(cells: Cells, *columns: str) -> Instant | None:
    """The time that columns tell; None when blank, and where a database wrote the day zero for none."""
    text = cells.text(*columns)
    return None if text is None or text.startswith(_NO_TIME) else cells.at(*columns)


def is_later(cells: Cells, one: tuple[str, ...], other: tuple[str, ...]) -> bool:
    """Whether the first columns tell a later time than the others, or the others none; as written (`Cells.unzoned`)."""
    plain = cells.unzoned()
    first, second = time_of(plain, *one), time_of(plain, *other)
    return first is not None and (second is None or first > second)


def _time_in(cells: Cells, column: str) -> Instant | None:
    """The time in a column that may hold words instead; None where it holds none."""
    found, text = cells.value(column), word_of(cells, column)
    if text is None or len(text) < _SHORTEST_TIME or state_of(text) is not None or is_silent(text):
        return None
    try:
        return values.instant(found if isinstance(found, dt.date) else text, cells.context, column)
    except RowRejectedError as error:
        if error.reason == "bad_time":
            return None
        raise
