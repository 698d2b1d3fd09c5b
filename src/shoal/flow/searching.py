"""Segments found by words, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.core.time import Instant
from shoal.flow.current import Current
from shoal.flow.home import Opened
from shoal.flow.standing import Listed, listing
from shoal.segments.sentence import english

_ALL = 1_000_000


@dataclass(frozen=True, slots=True)
class Found:
    """One page of what was found."""

    segments: tuple[Listed, ...]
    total: int
    as_of: Instant | None  # of the sizes; None: nothing is counted yet


def search(
    opened: Opened, current: Current | None, words: str, *, page: int, length: int, starters: bool = False
) -> Found:
    """Segments whose name, title, sentence, owner or tags hold all of the words; `page` counts from 1.

    Starters come after one's own.
    """
    every = listing(opened, current, most=_ALL, all_starters=starters)
    asked = words.casefold().split()
    found = [each for each in every.segments if all(word in _said(each) for word in asked)] if asked else every.segments
    ordered = sorted(found, key=lambda each: (each.is_starter, each.segment.name))
    start = (page - 1) * length
    return Found(tuple(ordered[start : start + length]), len(ordered), every.as_of)


def _said(each: Listed) -> str:
    segment = each.segment
    parts = (segment.name, segment.title, english(segment.when), segment.owner, *segment.tags)
    return " ".join(parts).casefold()
