"""Errors in sentences, told in plain words with their place."""

from __future__ import annotations

from collections.abc import Iterable

from lark import Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from shoal.core.errors import UserError, nearest

_IN_WORDS = {
    "STRING": "a name in double quotes",
    "NAME": "a name",
    "NUMBER": "a number",
    "DATE": "a date such as 2026-03-01",
    "DURATION": "a length of time such as 30 days",
    "UNIT": "a unit of time such as day",
    "NOUN": "opens, clicks, orders or visits",
    "LPAR": "(",
    "RPAR": ")",
    "COMMA": ",",
    "MORETHAN": ">",
    "LESSTHAN": "<",
    "EQUAL": "=",
    "_TIMES": "times",
    "_AND_WHERE": "and where",
    "$END": "the end of the sentence",
}
_SIGNS = {"__ANON": "a sign such as >="}


def explained(error: UnexpectedInput, text: str) -> UserError:
    """The error of the parser as one a person can mend."""
    expected = _expected(error)
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        message = "The sentence is not finished." if text.strip() else "The sentence is empty."
        return UserError("incomplete_condition", message, where=_end(text), fix=f"Go on with {_listed(expected)}.")
    found = error.token if isinstance(error, UnexpectedToken) else _word_at(text, error.pos_in_stream or 0)
    place = f"{error.line}:{error.column}"
    return UserError("sentence_syntax", f"{str(found)!r} does not fit here.", where=place, fix=_fix(found, expected))


def _expected(error: UnexpectedInput) -> list[str]:
    names: Iterable[str] = ()
    if isinstance(error, UnexpectedToken):
        names = error.accepts or error.expected
    elif isinstance(error, UnexpectedCharacters):
        names = error.allowed or ()
    words = {_IN_WORDS.get(name, _sign(name)) for name in names}
    return sorted(words, key=lambda word: (word == _IN_WORDS["$END"], word))


def _sign(name: str) -> str:
    return _SIGNS["__ANON"] if name.startswith("__") else name.lower().replace("_", " ")


def _listed(words: list[str]) -> str:
    if len(words) == 1:
        return words[0]
    return f"{', '.join(words[:-1])} or {words[-1]}"


def _fix(found: str, expected: list[str]) -> str:
    if isinstance(found, Token) and found.type == "NAME" and _IN_WORDS["NAME"] not in expected:
        if expected == [_IN_WORDS["STRING"]]:
            return "Put the name in double quotes."
        hint = nearest(str(found), [word for word in expected if word.isalpha()])
        if hint:
            return hint
    return f"Write {_listed(expected)}."


def _end(text: str) -> str:
    lines = text.split("\n")
    return f"{len(lines)}:{len(lines[-1]) + 1}"


def _word_at(text: str, place: int) -> str:
    rest = text[place:].split()
    return rest[0][:40] if rest else text[place : place + 1]
