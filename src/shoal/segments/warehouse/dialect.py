"""What a warehouse has to know to answer a plan: its own words for the few questions that plans ask.

Plans are written in the words of DuckDB (`segments.sql`). The attributes of a dialect are pieces of its SQL in which
`v` is a value of JSON, `t` a text, `x` and `y` numbers, `a` an instant, `k` a text of ours or the user's.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from sqlglot import exp

from shoal.segments.patterns import compiled
from shoal.segments.warehouse.template import fill, single


class Dialect:
    """A warehouse that is not DuckDB; each has a file of its own."""

    name: ClassVar[str]
    """As SQLGlot calls it."""

    # Values of JSON.
    member: ClassVar[str]
    is_text: ClassVar[str]
    is_true: ClassVar[str]
    is_false: ClassVar[str]
    is_list: ClassVar[str]
    is_whole: ClassVar[str]
    is_broken: ClassVar[str]
    is_set: ClassVar[str]
    text: ClassVar[str]
    whole: ClassVar[str]  # a BIGINT
    broken: ClassVar[str]  # a DOUBLE
    written: ClassVar[str]  # JSON as text, the same for the same value; NULL for null
    any_element: ClassVar[str]  # `test` holds for some `element` of the list v

    # Texts.
    contains: ClassVar[str]
    ends_with: ClassVar[str]
    from_on: ClassVar[str] = "t >= k"  # by the signs, not as a language sorts them
    search: ClassVar[str]  # the pattern k is found in t
    whole_number: ClassVar[str]  # the BIGINT that t writes; NULL where it writes none
    before_sign: ClassVar[str]  # t up to the first sign that is no digit
    key_half: ClassVar[str]  # the number that the eight hexadecimal digits t are
    digits: ClassVar[str]  # a BIGINT as 16 hexadecimal digits
    digest: ClassVar[str] = "LOWER(MD5(t))"

    # Instants.
    now: ClassVar[str]
    milliseconds: ClassVar[str]
    of_milliseconds: ClassVar[str]
    later: ClassVar[str]  # by x milliseconds
    day: ClassVar[str]  # the date x days after 1900-01-01
    instant: ClassVar[str]  # of the text k
    utc: ClassVar[str] = ""  # what such a text ends with

    # Numbers.
    wide: ClassVar[str]  # a type for whole numbers of 38 digits
    divided: ClassVar[str]  # whole numbers, cut off
    rounded: ClassVar[str]  # half to even
    cut: ClassVar[str] = "TRUNC(x)"
    widened: ClassVar[str]  # a whole DOUBLE as a wide number, exactly

    is_plan: ClassVar[bool] = False  # whether plans are in its words already
    settings: ClassVar[Sequence[str]] = ()
    keeps_steps: ClassVar[bool] = False  # whether it knows MATERIALIZED
    greatest_skips_null: ClassVar[bool] = True

    def ask(self, sql: str, **parts: exp.Expr) -> exp.Expr:
        """A piece of this dialect with its places filled."""
        return fill(sql, self.name, **parts)

    def at_end(self, found: exp.Expr, order: Sequence[exp.Expr], *, last: bool, where: exp.Expr | None) -> exp.Expr:
        """`found` of the last (or first) row of a group in this order; NULL where no row is asked."""
        raise NotImplementedError

    def pattern(self, pattern: str) -> str:
        """A regular expression of the shared subset in this dialect's words."""
        return pattern

    def literal(self, text: str) -> exp.Expr:
        """A text of the user's or ours; the generator escapes it."""
        return exp.Literal.string(text)

    def identifier(self, name: str) -> str:
        """A table's or column's name as this warehouse keeps it."""
        return name

    def elements(self, column: str) -> exp.Select:
        """The elements of a JSON list in the table of subscribers: columns subscriber and element."""
        raise NotImplementedError

    def type_of(self, to: exp.DataType) -> exp.DataType:
        """A type of a plan as this dialect has it."""
        wide = to.this in (exp.DataType.Type.INT128, exp.DataType.Type.INT256)
        return exp.DataType.build(self.wide, dialect=self.name) if wide else to


def ordered(order: Sequence[exp.Expr], *, last: bool) -> exp.Order:
    """The order in which the row that is wanted comes first."""
    # No key is ever NULL, so the place of NULLs is left to the dialect.
    return exp.Order(expressions=[exp.Ordered(this=single(one), desc=last, nulls_first=not last) for one in order])


def respell(pattern: str, words: dict[str, str]) -> str:
    r"""The Python form of a pattern with some of its escapes said otherwise.

    >>> respell("^a$", {"Z": r"\z"})
    '^a\\z'
    """
    python = compiled(pattern).pattern
    return re.sub(r"\\(.)", lambda found: words.get(found[1], found[0]), python, flags=re.DOTALL)


SPLIT = (
    "CAST(CAST(FLOOR(x / 4294967296) AS BIGINT) AS {wide}) * 4294967296"
    " + CAST(x - FLOOR(x / 4294967296) * 4294967296 AS BIGINT)"
)
"""A whole DOUBLE as a wide number in two exact halves, where a cast would keep 15 digits only."""
