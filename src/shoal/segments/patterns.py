"""Regular expressions that mean the same in every reading.

The subset that RE2 (DuckDB) and Python's `re` share: literals, `.`, classes, groups, `|`, `^`, `$`,
repetition, `\\d \\w \\s \\b` and their opposites (ASCII only). Look-around, back references, flags and
repeated repetition such as `(a+)+` are refused. Source: https://github.com/google/re2/wiki/Syntax
"""

from __future__ import annotations

import re
from functools import lru_cache

from shoal.core.errors import UserError

LONGEST = 500
"""Characters a pattern may have."""

MOST_REPEATS = 200
"""The largest sum of the numbers in braces, so that RE2 compiles the pattern within its memory."""

_SPACES = r"\t\n\f\r "
_PLAIN_ESCAPES = {*"dDwWbtnrf", *r"\.[]{}()*+?^$|/-"}
_CLASS_ESCAPES = {*"dwtnrf", *r"\.[]{}()*+?^$|/-"}
_BRACES = re.compile(r"\{(\d{1,4})(,(\d{0,4}))?\}")


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern for Python's `search`; raises UserError `bad_pattern` outside the shared subset.

    >>> bool(compiled("^/pricing(/|$)").search("/pricing/team"))
    True
    >>> compiled("(?=a)")
    Traceback (most recent call last):
    shoal.core.errors.UserError: The pattern uses '(?=' at character 1, which is not supported. ...
    """
    if len(pattern) > LONGEST:
        raise UserError("bad_pattern", f"The pattern is longer than {LONGEST} characters.", fix="Shorten it.")
    translated = _Reader(pattern).read()
    try:
        return re.compile(translated, re.ASCII)
    except (re.error, OverflowError) as error:
        raise UserError("bad_pattern", f"The pattern does not work: {error}.", fix="Correct the pattern.") from None


class _Reader:
    """One pass over a pattern that refuses what is not shared and writes the Python form."""

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        self.place = 0
        self.python: list[str] = []
        self.repeats: list[frozenset[str]] = [frozenset()]  # per open group: "unbounded", "counted"
        self.last: frozenset[str] | None = None  # repetitions within what was read last; None: nothing to repeat
        self.counted = 0  # sum of the numbers in braces

    def read(self) -> str:
        while self.place < len(self.pattern):
            self.step()
        if len(self.repeats) > 1:
            raise UserError("bad_pattern", "The pattern has '(' without ')'.", fix="Close the group.")
        return "".join(self.python)

    def step(self) -> None:
        sign = self.pattern[self.place]
        if sign == "\\":
            self.escape()
        elif sign == "[":
            self.character_class()
        elif sign == "(":
            self.open_group()
        elif sign == ")":
            self.close_group()
        elif sign in "*+?{":
            self.repetition()
        else:
            self.literal(sign)

    def take(self, python: str, length: int, *, last: frozenset[str] | None = frozenset()) -> None:
        self.python.append(python)
        self.place += length
        self.last = last

    def refuse(self, what: str) -> UserError:
        message = f"The pattern uses {what!r} at character {self.place + 1}, which is not supported."
        return UserError("bad_pattern", message, fix="Use letters, classes, groups, |, ^, $, *, +, ? and {m,n} only.")

    def literal(self, sign: str) -> None:
        if sign in "]}":
            raise self.refuse(sign)
        python = {"$": r"\Z", ".": r"[^\n]"}.get(sign, sign)
        self.take(python, 1, last=None if sign in "^$|" else frozenset())

    def escape(self) -> None:
        name = self.pattern[self.place + 1 : self.place + 2]
        if name in ("s", "S"):
            self.take(f"[{'^' if name == 'S' else ''}{_SPACES}]", 2)
        elif name == "B":
            self.take(r"(?!\b)", 2, last=None)  # Python's own does not match an empty text
        elif name and name in _PLAIN_ESCAPES:
            self.take(f"\\{name}", 2, last=None if name == "b" else frozenset())
        else:
            raise self.refuse(f"\\{name}")

    def character_class(self) -> None:
        start = self.place
        end = start + (2 if self.pattern.startswith("^", start + 1) else 1)
        written = self.pattern[start:end]
        first = end
        while self.pattern[end : end + 1] != "]" or end == first:
            sign = self.pattern[end : end + 1]
            self.place = end
            if sign in ("", "[", "]") or self.pattern[end : end + 2] in ("--", "&&", "||", "~~"):
                raise self.refuse(sign or "[")
            if sign == "\\":
                written += self.class_escape(end)
                end += 2
            else:
                written += sign
                end += 1
        self.place = start
        self.take(f"{written}]", end + 1 - start)

    def class_escape(self, place: int) -> str:
        name = self.pattern[place + 1 : place + 2]
        if name == "s":
            return _SPACES
        if not name or name not in _CLASS_ESCAPES:
            raise self.refuse(f"\\{name}")
        return f"\\{name}"

    def open_group(self) -> None:
        plain = self.pattern.startswith("(?:", self.place)
        if self.pattern.startswith("(?", self.place) and not plain:
            raise self.refuse(self.pattern[self.place : self.place + 3])
        self.repeats.append(frozenset())
        self.take("(?:", 3 if plain else 1, last=None)

    def close_group(self) -> None:
        if len(self.repeats) == 1:
            raise self.refuse(")")
        inside = self.repeats.pop()
        self.repeats[-1] |= inside
        self.take(")", 1, last=inside)

    def repetition(self) -> None:
        braces = _BRACES.match(self.pattern, self.place)
        written = braces[0] if braces else self.pattern[self.place]
        kinds = {"unbounded"} if written in ("*", "+") or written.endswith(",}") else set()
        if braces:
            kinds.add("counted")
            self.count(braces)
        if self.last and self.last & kinds:
            message = f"The pattern repeats with {written!r} at character {self.place + 1} what holds a repetition."
            fix = "Nested repetition such as (a+)+ is not supported: leave out the inner or the outer one."
            raise UserError("bad_pattern", message, fix=fix)
        if written == "{" or self.last is None:
            raise self.refuse(written)
        self.repeats[-1] |= kinds
        lazy = "?" if self.pattern.startswith("?", self.place + len(written)) else ""
        self.take(written + lazy, len(written + lazy), last=None)

    def count(self, braces: re.Match[str]) -> None:
        least = int(braces[1])
        most = int(braces[3]) if braces[3] else least
        self.counted += most
        if least > most or self.counted > MOST_REPEATS:
            raise self.refuse(braces[0])
