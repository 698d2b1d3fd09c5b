"""What a property or trait may hold, and how two values compare.

Nothing coerces: the text "5" is not the number 5, and true is not 1. Numbers compare by value, exactly,
whether they are whole or not.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Mapping
from typing import TypeGuard

from shoal.core.errors import UserError, require
from shoal.core.time import Instant, from_datetime

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
Number = int | float
Scalar = str | int | float | bool

ISO_INSTANT = (
    r"[1-9]\d{3}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])"
    r"(?:[T ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)?)?"
)
"""Texts that are instants: ISO 8601 dates and date-times, UTC where no zone is named, years 1000 to 9999."""

_ISO = re.compile(ISO_INSTANT, re.ASCII)
_FINE_FRACTION = re.compile(r"(\.\d{3})\d+")


def is_number(value: object) -> TypeGuard[Number]:
    """Whether the value is a number; true and false are not.

    >>> is_number(5), is_number(True), is_number("5")
    (True, False, False)
    """
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(value: Json, operand: Scalar) -> bool:
    """Whether a value equals an operand of a condition: same kind of value and equal.

    >>> same(5, 5.0), same("5", 5), same(True, 1), same(9007199254740993, 9007199254740992.0)
    (True, False, False, False)
    """
    if isinstance(operand, bool):
        return value is operand
    if is_number(operand):
        return is_number(value) and value == operand
    return isinstance(value, str) and value == operand


def same_value(one: Json, other: Json) -> bool:
    """Whether two values are the same; numbers by value, lists and objects as they are written.

    >>> same_value(5, 5.0), same_value(None, None), same_value({"a": 1, "b": 2}, {"b": 2, "a": 1})
    (True, True, True)
    >>> same_value([5], [5.0])
    False
    """
    if isinstance(one, list | dict) or isinstance(other, list | dict):
        return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    return other is None if one is None else other is not None and same(other, one)


def instant_of(value: Json) -> Instant | None:
    """The instant that a text names; None for everything else, such as 30 February.

    Parts finer than a millisecond are cut off.

    >>> instant_of("1970-01-02"), instant_of("1970-01-01T01:00:00+01:00"), instant_of("tomorrow")
    (86400000, 0, None)
    """
    if not isinstance(value, str) or _ISO.fullmatch(value) is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(_FINE_FRACTION.sub(r"\1", value))
    except ValueError:
        return None
    return from_datetime(moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC))


def at_path(properties: Mapping[str, Json], path: tuple[str, ...]) -> Json:
    """The value at a path of nested objects; None where there is none.

    >>> at_path({"shipping": {"country": "DE"}}, ("shipping", "country"))
    'DE'
    """
    found: Json = dict(properties)
    for part in path:
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def reached(properties: Mapping[str, Json], path: tuple[str, ...]) -> list[Json]:
    """The values at a path of nested objects, null left out; a list on the way is gone through, element by element.

    A list within a list is not gone through, and a list at the end is one value.

    >>> reached({"products": [{"sku": "A"}, {"sku": "B"}, {}, 5]}, ("products", "sku"))
    ['A', 'B']
    >>> reached({"tags": ["a", "b"]}, ("tags",))
    [['a', 'b']]
    """
    found: list[Json] = [dict(properties)]
    for part in path:
        holders = [one for value in found for one in (value if isinstance(value, list) else [value])]
        inner = [one.get(part) for one in holders if isinstance(one, dict)]
        found = [value for value in inner if value is not None]
    return found


def split_path(text: str) -> tuple[str, ...]:
    r"""Parts of a dotted path; `\.` is a dot within a name and `\\` a backslash.

    A part after the first that is a number has a backslash before it, lest somebody takes it for a place in a list.

    >>> split_path("shipping.country"), split_path(r"utm\.source"), split_path(r"totals.\2026")
    (('shipping', 'country'), ('utm.source',), ('totals', '2026'))
    """
    numbered = _NUMBERED.search(text)
    if numbered is not None:
        message = f"{text!r} asks for an element of a list by its number."
        named = json.dumps(_escaped(text), ensure_ascii=False)
        fix = f"Write {_NUMBERED.sub('', text)} for any element, or {named} for a property whose name is a number."
        raise UserError("bad_path", message, fix=fix)
    parts = [""]
    escaped = False
    for sign in text:
        if escaped or sign not in ".\\":
            parts[-1] += sign
            escaped = False
        elif sign == "\\":
            escaped = True
        else:
            parts.append("")
    complete = not escaped and all(parts)
    require(
        complete, "bad_path", f"{text!r} is not a property name.", fix="Write for example path or shipping.country."
    )
    return tuple(parts)


_NUMBERED = re.compile(r"(?<!\\)(?:\\\\)*\.\d+(?=\.|$)", re.ASCII)
"""A part after the first that is a number, with the dot before it."""


def _escaped(text: str) -> str:
    return _NUMBERED.sub(lambda found: found[0].replace(".", ".\\"), text)


def join_path(path: tuple[str, ...]) -> str:
    r"""The dotted form that `split_path` reads.

    >>> join_path(("utm.source",)), join_path(("totals", "2026"))
    ('utm\\.source', 'totals.\\2026')
    """
    parts = [part.replace("\\", "\\\\").replace(".", "\\.") for part in path]
    numbers = [place > 0 and part.isascii() and part.isdigit() for place, part in enumerate(path)]
    return ".".join(f"\\{part}" if number else part for part, number in zip(parts, numbers, strict=True))


LONGEST_PATH = 6
"""Parts of a path: each may go through a list, which doubles the question."""


def check_path(path: tuple[str, ...]) -> None:
    """Raise UserError unless each part can be stored, and there are not too many."""
    for part in path:
        check_text(part, "A property's name")
    fix = f"Write a path of {LONGEST_PATH} parts at most."
    require(len(path) <= LONGEST_PATH, "bad_path", f"{join_path(path)!r} reaches too deep.", fix=fix)


def check_text(text: str, what: str) -> None:
    """Raise UserError unless the text can be stored: not empty, no lone surrogates, no zero character."""
    require(text != "", "incomplete_condition", f"{what} is empty.", fix="Write one.")
    check_characters(text, what)


def check_characters(text: str, what: str) -> None:
    """Raise UserError `bad_value` when the text holds a character that no text may hold."""
    broken = any(sign == "\0" or "\ud800" <= sign <= "\udfff" for sign in text)
    require(not broken, "bad_value", f"{what} holds a character that is not text.", fix="Remove it.")


def check_scalar(value: object) -> Scalar:
    """The value when it may stand in a condition: a text, a finite number of 64 bits, true or false."""
    if isinstance(value, str):
        check_characters(value, "A text")
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return check_number(value)
    if value is None:
        fix = "To ask whether there is a value, use is_set with true or false."
        raise UserError("bad_value", "null is no value to compare with.", fix=fix)
    several = "; for several values use one_of." if isinstance(value, list | tuple) else "."
    fix = f"Write a text, a number, true or false{several}"
    raise UserError("bad_value", f"{shown(value)} is not one value.", fix=fix)


def check_number(value: object) -> Number:
    """The value when it is a finite number, whole ones from -2**63 to 2**63 - 1; else UserError `bad_value`."""
    if not is_number(value) or (isinstance(value, float) and math.isnan(value)):
        fix = "Write a number such as 5 or 0.5, without quotes."
        raise UserError("bad_value", f"{shown(value)} is not a number.", fix=fix)
    in_range = -(2**63) <= value < 2**63 if isinstance(value, int) else math.isfinite(value)
    require(in_range, "bad_value", "The number is too large.", fix=SMALLER)
    return value


SMALLER = "Write a number of at most 64 bits."
"""What to do about a number that nothing can hold."""


def shown(value: object) -> str:
    """A value of JSON as messages name it, at the beginning of a sentence.

    >>> shown(None), shown(True), shown("a"), shown([1]), shown(1e400)
    ('null', 'true', '"a"', 'A list', 'A number too large')
    """
    if isinstance(value, dict):
        return "An object"
    if isinstance(value, list | tuple):
        return "A list"
    too_large = not -(2**63) <= value < 2**63 if isinstance(value, int) else value in (math.inf, -math.inf)
    if too_large:
        return "A number too large"
    return json.dumps(value, ensure_ascii=False, default=str)
