"""Ways in which a condition's answer may turn: by facts, by time alone, or not at all.

A kind names its ways, those that take least first. `flip` tries them on a copy of the history and takes the first
that does turn the answer, so that no kind can promise what does not come true.
"""

from __future__ import annotations

from dataclasses import dataclass

from shoal.core.time import Instant, to_datetime
from shoal.segments.counterfactual.facts import Facts


@dataclass(frozen=True, slots=True)
class Do:
    """Something has to happen, or be told."""

    words: str  # "1 more "Email Opened""
    facts: Facts | None  # an example of it, told now or later; None where none can be made up
    at: Instant  # from when it turns the answer


@dataclass(frozen=True, slots=True)
class Wait:
    """Time alone may turn the answer, as long as nothing else happens."""

    words: str = ""  # what must not happen: "no more "Product Viewed""


@dataclass(frozen=True, slots=True)
class Never:
    """Nothing turns the answer. Said only where that is certain, for every fact but another time zone."""

    words: str  # why: "the bucket of a subscriber never changes"


@dataclass(frozen=True, slots=True)
class Through:
    """What turns another segment turns the answer."""

    segment: str  # its name


Way = Do | Wait | Never | Through


def moment_words(instant: Instant) -> str:
    """An instant as plain sentences show it, in UTC; the time of day only where there is one.

    >>> moment_words(Instant(86_400_000)), moment_words(Instant(86_460_000))
    ('2 January 1970', '2 January 1970, 00:01 UTC')
    """
    moment = to_datetime(instant)
    date = f"{moment.day} {moment:%B %Y}"
    if instant % 86_400_000 == 0:
        return date
    return f"{date}, {moment:%H:%M:%S}".removesuffix(":00") + " UTC"
