"""Usual words for the places of a sentence, and what is made of what somebody types there."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from shoal.segments.catalog import Catalog
from shoal.segments.country_groups import GROUPS
from shoal.segments.operators.words import quoted

CLAUSES = (
    ("where …", "where {property} is set"),
    ("and where …", "and where {property} is set"),
    ("… times", "at least 2 times"),
    ("in a time", "in the last 30 days"),
    ("by a person, not a machine", "by a person"),
    ("then …", "then {event}"),
    ("without … in between", "without {event} in between"),
    ("without … afterwards", "without {event} afterwards"),
    ("within a time of the event before", "within 7 days"),
    ("for so long", "for at least 14 days"),
    ("in so many periods", "in at least 3 of the last 4 weeks"),
    ("per event", 'per {event}'),
    ("from a value", 'from ""'),
    ("on a weekday", "on a Monday"),
    ("at a time of day", "between 9:00 and 17:00"),
)  # fmt: skip
"""What may be added to conditions: how it is called, and its words."""

_UNITS = ("days", "hours", "weeks", "minutes")
_LENGTHS = ("1 day", "7 days", "14 days", "30 days", "60 days", "90 days", "180 days", "365 days", "1 hour", "48 hours")
_NUMBERS = ("1", "2", "3", "5", "10", "20", "50", "100")
_NUMBER = re.compile(r"\d+(\.\d+)?")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*([a-z]*)", re.IGNORECASE)

_CALENDAR = ("today", "yesterday", "this week", "this month", "this year", "in the previous month")
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_HOURS = ("between 9:00 and 17:00", "between 6:00 and 9:00", "between 18:00 and 22:00", "between 22:00 and 6:00")

_OPTIONS: Mapping[str, tuple[str, ...]] = {
    "noun": ("opens", "clicks", "orders", "visits"),
    "deed": ("opened", "clicked", "ordered", "visited"),
    "channel": ("email", "sms", "push", "post"),
    "purpose": ("marketing", "transactional", "newsletter"),
    "method": ('"double_opt_in"', '"single_opt_in"', '"import"'),
    "state": ('"granted"', '"pending"', '"denied"'),
    "country_group": tuple(GROUPS),
    "bound": ("is at least", "is at most", "is more than", "is less than", "is exactly"),
    "periods": ("in at least", "in at most", "in exactly"),
    "hours": _HOURS,
    "person": ("by a person",),
}

_CHOICES = (
    ("at most", "at least", "more than", "less than"),
    ("above", "below"),
    ("more", "less"),
    ("latest", "first"),
    ("sum of", "average of", "minimum of", "maximum of", "distinct"),
    ("top", "bottom"),
    ("km", "miles"),
    ("half of", "half"),
)

_TESTS = (
    ("is", "value"), ("is not", "value"), ("is one of", "values"), ("is none of", "values"), ("contains", "text"),
    ("does not contain", "text"), ("starts with", "text"), ("ends with", "text"), ("matches", "text"),
    ("is more than", "number"), ("is at least", "number"), ("is less than", "number"), ("is at most", "number"),
    ("is between", "range"), ("is set", ""), ("is not set", ""), ("is before", "date"), ("is after", "date"),
    ("is within the last", "length"), ("is within the next", "length"), ("is more than", "ago"),
)  # fmt: skip

_BEEN = (
    ("has been", "value"), ("has not been", "value"), ("has been one of", "values"), ("has been more than", "number"),
    ("has been at least", "number"), ("has been less than", "number"), ("has been at most", "number"),
    ("has been set", ""), ("has not been set", ""),
)  # fmt: skip

_OPERANDS = {
    "value": '"…"', "values": '("…")', "text": '"…"', "number": "1", "range": "1 and 10", "date": "2026-01-01",
    "length": "7 days", "ago": "7 days ago", "": "",
}  # fmt: skip


def usual_events(catalog: Catalog) -> list[str]:
    """Names of events, those of the shop's specification that everybody asks for first."""
    first = [one for one in _FIRST if one in catalog.events]
    return [*first, *sorted(set(catalog.events).difference(first))]


_FIRST = ("Product Viewed", "Order Completed", "Email Opened", "Email Link Clicked", "Product Added", "Page Viewed")


def of(kind: str, rule: str, now: str, typed: str) -> Iterator[str]:
    """Words for a place of a kind that no names of the data stand in."""
    match kind:
        case "times":
            yield from times(typed)
        case "window":
            yield from windows(typed)
        case "number":
            yield from ([typed] if _NUMBER.fullmatch(typed.lstrip("-")) else []) if typed else _NUMBERS
        case "length":
            yield from lengths(typed)
        case "date":
            yield from [typed, quoted(typed)] if typed else [f"2026-{month:02d}-01" for month in range(1, 13)]
        case "weekdays":
            begin = "a " if rule == "named_weekdays" else "on a "
            yield from (f"{begin}{day}" for day in _WEEKDAYS if typed.casefold() in day.casefold())
            yield from [typed] if typed else [f"{begin}Saturday or Sunday"]
        case "choice":
            yield from next((group for group in _CHOICES if now.casefold() in group), ())
        case _:
            yield from (one for one in _OPTIONS.get(kind, ()) if typed.casefold() in one.casefold())
            yield from [typed, quoted(typed)] if typed else []


def times(typed: str) -> Iterator[str]:
    """How often: usual numbers, or those that were typed."""
    numbers = re.findall(r"\d+", typed)
    for number in numbers[:1] or ["1", "2", "3", "5", "10"]:
        yield f"at least {number} times"
    if len(numbers) == 2:
        yield f"between {numbers[0]} and {numbers[1]} times"
    for number in numbers[:1] or ["0", "1"]:
        yield from (f"exactly {number} times", f"at most {number} times")
    yield from [typed] if typed else ["between 2 and 5 times"]


def windows(typed: str) -> Iterator[str]:
    """When: usual times, or those that were typed."""
    if not typed:
        yield from (f"in the last {length}" for length in _LENGTHS)
        yield from (
            "between 60 days and 30 days ago",
            "more than 30 days ago",
            "in the last 7 calendar days",
            *_CALENDAR,
        )
        return
    yield typed
    for length in lengths(typed):
        yield from (f"in the last {length}", f"more than {length} ago")
    numbers = re.findall(r"\d+", typed)
    if len(numbers) == 2:
        yield f"between {numbers[0]} days and {numbers[1]} days ago"
    yield from (one for one in _CALENDAR if typed.casefold() in one)


def lengths(typed: str) -> Iterator[str]:
    """How long: usual lengths, or what was typed with each unit that it may mean."""
    if not typed:
        yield from _LENGTHS
        return
    found = _LENGTH.search(typed)
    if found is not None:
        number, unit = found[1], found[2].casefold()
        fitting = [one for one in _UNITS if one.startswith(unit)] or list(_UNITS)
        yield from (f"{number} {one if number != '1' else one[:-1]}" for one in fitting)


def comparisons(now: str, operand: str, typed: str, usual: str) -> Iterator[tuple[str, str]]:
    """Comparisons as they are called, each with words that it may take: what was compared with comes first.

    `usual` is a text to begin with, in quotes; "" where none is known.
    """
    options = _BEEN if now.startswith("has") else _TESTS
    for words, takes in options:
        called = f"{words} … ago" if takes == "ago" else words
        if typed.casefold() in called:
            yield from ((called, f"{words} {each}".strip()) for each in _fitting(takes, operand, usual))


def _fitting(takes: str, operand: str, usual: str) -> Iterator[str]:
    """The operand as it is, in another form, or one to begin with: the first that can be read counts."""
    if usual and not operand and takes in ("value", "values", "text"):
        yield f"({usual})" if takes == "values" else usual
    if takes == "value":
        yield operand
        yield from re.findall(r'"(?:\\.|[^"\\])*"', operand)[:1]
    elif takes == "values":
        yield operand if operand.startswith("(") else f"({operand})"
    elif takes == "text":
        yield from re.findall(r'"(?:\\.|[^"\\])*"', operand)[:1]
        yield from [quoted(operand)] if operand else []
    elif takes == "number":
        yield from re.findall(r"-?\d+(?:\.\d+)?", operand)[:1]
    elif takes in ("date", "length"):
        yield operand
    elif takes == "ago":
        yield f"{operand} ago"
    yield _OPERANDS[takes]
