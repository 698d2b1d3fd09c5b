"""Errors in sentences, told in plain words with their place."""

from __future__ import annotations

import re
from collections.abc import Iterable

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from shoal.core.errors import UserError, nearest
from shoal.segments.bare_words import ASK_FOR_NOTHING
from shoal.segments.wording import WORDS

_IN_WORDS = {
    "STRING": "a name in double quotes",
    "NAME": "a name",
    "NUMBER": "a number",
    "DATE": "a date such as 2026-03-01",
    "DURATION": "a length of time such as 30 days",
    "UNIT": "a unit of time such as day",
    "NOUN": "opens, clicks, orders or visits",
    "DEED": "opened, clicked, ordered or visited",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "CLOCK": "a time of day such as 18:00",
    "MONTH": "a month such as March",
    "OR_WEEKDAY": "or with another weekday",
    "PERIOD": "week, month or year",
    "WEEKDAY": "a weekday such as Monday",
    "_CALENDAR_DAYS": "calendar days",
    "MORETHAN": ">",
    "LESSTHAN": "<",
    "EQUAL": "=",
    "_TIMES": "times",
    "_AND_WHERE": "and where",
    "_NUMBER_OF": "number of",
    "_PERCENT": "%",
    "_IN_BETWEEN": "in between",
    "$END": "the end of the sentence",
}
_SIGNS = {"__ANON": "a sign such as >="}

_CONDITION = 'a condition such as did "Order Completed" or plan is "trial"'
_VALUE = "a text in double quotes, a number, true or false"
_EVENT = 'the name of an event in double quotes, such as "Order Completed"'

_BEGINNINGS = {"ALL", "ANY", "CAN", "CONSENT", "DID", "FIRST", "IN", "LAST", "NAME", "NEVER", "NONE", "NOT", "NOUN"}
_BEGINNINGS |= {"HAS", "NO", "STRING", "TRAIT"}
_BEGINNINGS |= {"AVERAGE", "DISTINCT", "MAXIMUM", "MINIMUM", "SCORE", "SUM"}
_BEGINNINGS |= {"ANNIVERSARY", "EVER", "IMPORTED", "IS", "IT", "ON", "OPTED", "WITHIN"}
"""What a condition may begin with: where all of it is expected, a condition is."""

_SCALARS = {"STRING", "NAME", "NUMBER"}
"""What a value may be, besides true and false: where all of it is expected, a value is."""

_OF_BIRTHDAYS = {"IN", "TODAY"}
"""What may follow `birthday is` and nothing else that is."""

_PHRASES = {
    "AT": ("at least", "at most"),
    "LESS": ("less than",),
    "MORE": ("more than",),
    "NONE": ("none of",),
    "ONE": ("one of",),
}
"""Words after `is` that stand for comparisons, with the words that follow them."""


_AFTER_CHANNEL = re.compile(r"(?<!\w)(?:can\s+receive|opted\s+in\s+to|consent\s+to)\s+\w+\s*$", re.IGNORECASE)
_AFTER_SEGMENT = re.compile(r"(?<!\w)segment\s*$", re.IGNORECASE)


def explained(error: UnexpectedInput, text: str) -> UserError:
    """The error of the parser as one a person can mend."""
    names = _names(error)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        return _unfinished(names, text)
    found = error.token if isinstance(error, UnexpectedToken) else _word_at(text, error.pos_in_stream or 0)
    place = f"{error.line}:{error.column}"
    if text.lstrip().startswith("{"):
        fix = f"Put it into a file and write @file.json, or write {_CONDITION}."
        return UserError("sentence_syntax", "This is JSON, not a sentence.", where=place, fix=fix)
    if found[:1] in ('"', "'") and not isinstance(found, Token):
        return UserError("sentence_syntax", "The text is not closed.", where=place, fix="Add a quote at its end.")
    fix = _fix(found, names)
    if isinstance(found, Token) and found.type == "STRING" and _AFTER_SEGMENT.search(text[: error.pos_in_stream or 0]):
        fix = f"Write in segment {found}."
    return UserError("sentence_syntax", f"{str(found)!r} does not fit here.", where=place, fix=fix)


def _unfinished(names: set[str], text: str) -> UserError:
    words = text.split()
    if not words:
        return UserError(
            "incomplete_condition", "The condition is empty.", where=_end(text), fix=f"Write {_CONDITION}."
        )
    last = words[-1].casefold()
    # Only words of the grammar are repeated: any other may be personal.
    where_to = f": it ends after {last!r}" if last in WORDS else ""
    if _AFTER_CHANNEL.search(text):
        fix = "Say the purpose after the channel, such as email marketing."
        return UserError("incomplete_condition", "The purpose is missing.", where=_end(text), fix=fix)
    if last == "none" and names == {"OF"}:
        fix = f'{ASK_FOR_NOTHING}is not set; else go on with of ("a", "b").'
        return UserError("incomplete_condition", f"The condition is incomplete{where_to}.", where=_end(text), fix=fix)
    more = _EVENT if last in ("did", "per", "then", "without") and names - {"NOT"} == {"STRING"} else _listed(names)
    return UserError(
        "incomplete_condition",
        f"The condition is incomplete{where_to}.",
        where=_end(text),
        fix=f"Go on with {more}.",
    )


def _names(error: UnexpectedInput) -> set[str]:
    names: Iterable[str] = ()
    if isinstance(error, UnexpectedToken):
        names = error.accepts or error.expected
    elif isinstance(error, UnexpectedCharacters):
        names = error.allowed or ()
    return set(names)


def _listed(names: set[str]) -> str:
    """What may stand, in words, the commonest first."""
    if names >= _BEGINNINGS:
        return _either(_CONDITION, names - _BEGINNINGS)
    if names >= _SCALARS:
        return _either(_VALUE, names - _SCALARS - {"TRUE", "FALSE"} - _OF_BIRTHDAYS)
    return _joined(_words(names - {"STRING"} if "NAME" in names else names))


def _either(first: str, names: set[str]) -> str:
    others = [phrase for name in names for phrase in _PHRASES.get(name, _words({name}))]
    return f"{first}, or with {_joined(sorted(others))}" if others else first


def _words(names: set[str]) -> list[str]:
    words = {_IN_WORDS.get(name, _sign(name)) for name in names}
    return sorted(words, key=lambda word: (word == _IN_WORDS["$END"], word))


def _sign(name: str) -> str:
    return _SIGNS["__ANON"] if name.startswith("__") else name.lower().replace("_", " ")


def _joined(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


def _fix(found: str, names: set[str]) -> str:
    if isinstance(found, Token) and found.type == "NAME" and "NAME" not in names:
        if names - {"NOT"} == {"STRING"}:
            return "Put the name in double quotes."
        hint = nearest(str(found), [word for word in _words(names) if word.isalpha()])
        if hint:
            return hint
    return f"Write {_listed(names)}."


def _end(text: str) -> str:
    lines = text.split("\n")
    return f"{len(lines)}:{len(lines[-1]) + 1}"


def _word_at(text: str, place: int) -> str:
    rest = text[place:].split()
    return rest[0][:40] if rest else text[place : place + 1]
