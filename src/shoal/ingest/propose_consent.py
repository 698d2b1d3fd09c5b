"""Which columns of an unknown file say who agreed to mail or refused it, guessed from their names and values."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from shoal.ingest import events, values
from shoal.ingest.column_names import plain_name
from shoal.ingest.consent_words import NO, SILENT, YES, folded, is_about_consent, is_refusing, state_of
from shoal.ingest.mapping import Consented, Event, Filter
from shoal.ingest.sampled import Column, is_time

MOST_WORDS = 12
"""A column with more different values than this is no setting, unless its name speaks of refusing."""

_TELLING: Final = re.compile(
    r"subscri|\bopt(ed)? ?(in|out)|unsub|abonn|abgemeldet|inscrit|suscrit|iscritt|do not |consent"
)
"""Words that tell of consent whatever their column is called."""

_ABOUT_DELIVERY: Final = re.compile(r"bounce|block|suppress|blacklist")
_DATED: Final = re.compile(r"_(at|on|date|datum|zeit|time|am|le|fecha|data)$")
_CHANNELS: Final = (
    ("whatsapp", re.compile(r"whats_?app")),
    ("sms", re.compile(r"(^|_)(sms|mms|texts?)(_|$)")),
    ("push", re.compile(r"(^|_)push(_|$)")),
    ("phone", re.compile(r"phone|telefon|(^|_)(calls?|bellen|anrufe?)(_|$)")),
    ("post", re.compile(r"(^|_)(post|letter|direct_mail|brief)(_|$)")),
)
_PLAIN_YES, _PLAIN_NO = ("yes", "true", "1"), ("no", "false", "0")
_YES, _NO, _SILENT = (frozenset(map(folded, words)) for words in (YES, NO, SILENT))


@dataclass(frozen=True, slots=True)
class Said:
    """What is proposed for the columns of consent."""

    columns: frozenset[str]  # all that are taken by it
    consent: tuple[Consented, ...]
    events: tuple[Event, ...]  # refusals with a date


def consent_in(columns: Sequence[Column]) -> Said:
    """What the columns say of consent.

    >>> [one.denied for one in consent_in([Column("Unsubscribed", ("ja", "nein"))]).consent]
    [('ja', 'yes', 'true', '1')]
    """
    dated = [column for column in columns if _is_dated_refusal(column)]
    stated = [column for column in columns if column not in dated and _states_consent(column)]
    asked = {_channel(column.name) for column in stated if not is_refusing(column.name)}
    consent = tuple(
        _refusing(column, alone=_channel(column.name) not in asked)
        if is_refusing(column.name)
        else Consented(column.name, _channel(column.name))
        for column in stated
    )
    refusals = (
        Event(events.UNSUBSCRIBED, at=column.name, when=(Filter(column.name, blank=False),)) for column in dated
    )
    return Said(frozenset(column.name for column in (*dated, *stated)), consent, tuple(refusals))


def remarks(consent: Iterable[Consented], columns: Sequence[Column]) -> tuple[str, ...]:
    """How the sample's words in each column of consent are understood, and which are not, in sentences."""
    by_name = {column.name: column for column in columns}
    return tuple(told for stated in consent for told in _remarks(stated, by_name[stated.column]))


def _remarks(stated: Consented, column: Column) -> Iterable[str]:
    states, words = stated.states(), dict.fromkeys(map(folded, column.values))
    understood = [f"{word!r} is {states[word] or 'silent'}" for word in words if word in states]
    unknown = [repr(word) for word in words if word not in states]
    if understood:
        yield f"Consent in {stated.column!r}: {', '.join(understood)}. Check that it is meant so."
    if unknown:
        shown = f"{', '.join(unknown[:MOST_WORDS])}{' and others' if len(unknown) > MOST_WORDS else ''}"
        yield (
            f"Consent in {stated.column!r}: {shown} may mean yes or no. Write each under granted, denied, pending or "
            "silent; until then its rows are refused."
        )


def _states_consent(column: Column) -> bool:
    words = set(map(folded, column.values))
    known = all(word in _SILENT or state_of(word) for word in words)
    if known and any(map(_TELLING.search, words)):
        return True
    if not is_about_consent(column.name) or column.mostly(_is_count, 0.5):
        return False
    return known or is_refusing(column.name) or (len(words) <= MOST_WORDS and not column.mostly(is_time, 0.5))


def _is_count(text: str) -> bool:
    return values.number(text) not in (None, 0, 1)


def _is_dated_refusal(column: Column) -> bool:
    """Such as "Unsubscribed at": filled for those who refused, with the day."""
    if not is_refusing(column.name) or _channel(column.name) != "email":
        return False
    by_name = _DATED.search(column.plain) is not None and _ABOUT_DELIVERY.search(column.plain) is None
    return column.mostly(is_time, 0.5) and (by_name or not column.mostly(str.isdecimal)) if column.values else by_name


def _refusing(column: Column, *, alone: bool) -> Consented:
    """A yes refuses. A no agrees, where no other column asks for agreement; no bounce is no agreement either."""
    words = dict.fromkeys(map(folded, column.values))
    agrees = alone and _ABOUT_DELIVERY.search(column.plain) is None
    no = (*(word for word in words if word in _NO), *_PLAIN_NO)
    yes = (*(word for word in words if word in _YES), *_PLAIN_YES)
    told = {word: state_of(word) for word in words if word not in _YES | _NO}
    granted = (word for word, state in told.items() if state == "granted" and _TELLING.search(word))
    denied = (word for word, state in told.items() if state == "denied")
    return Consented(
        column.name,
        _channel(column.name),
        granted=_each(*(no if agrees else ()), *granted),
        denied=_each(*yes, *denied),
        silent=SILENT if agrees else _each(*no, *(word for word in words if word in _SILENT)),
    )


def _each(*words: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _channel(name: str) -> str:
    plain = plain_name(name)
    return next((channel for channel, pattern in _CHANNELS if pattern.search(plain)), "email")
