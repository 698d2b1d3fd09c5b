"""Pieces of a dialect's SQL with places to fill."""

from __future__ import annotations

from functools import lru_cache

from sqlglot import exp, parse_one

_SINGLE = (exp.Column, exp.Literal, exp.Func, exp.Paren, exp.Bracket, exp.Boolean, exp.Null, exp.Query, exp.Star)


def fill(sql: str, dialect: str, **parts: exp.Expr) -> exp.Expr:
    """The SQL of a dialect with each column of a part's name replaced by that part.

    >>> from sqlglot import exp
    >>> fill("a * 2", "postgres", a=exp.column("x") + 1).sql("postgres")
    '((x + 1) * 2)'
    """
    found = exp.paren(_parsed(sql, dialect).copy(), copy=False)
    for place in list(found.find_all(exp.Column)):
        if place.name in parts:
            place.replace(single(parts[place.name]))
    whole = found.this
    return whole if isinstance(whole, _SINGLE) else found


def single(part: exp.Expr) -> exp.Expr:
    """A copy that may stand anywhere: in brackets where it is more than one thing."""
    return part.copy() if isinstance(part, _SINGLE) else exp.paren(part)


@lru_cache(maxsize=1024)
def _parsed(sql: str, dialect: str) -> exp.Expr:
    found = parse_one(sql, dialect=dialect)
    assert isinstance(found, exp.Expr)
    return found
