"""The filters of a mapping, made ready to be asked of many rows."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from shoal.ingest import values
from shoal.ingest.mapping import Filter
from shoal.ingest.source import Row

Test = Callable[[Row], bool]
Predicate = Callable[[str], bool]

_PARTS: dict[str, Callable[[Any], Predicate]] = {
    "is_": lambda want: lambda text: text == want,
    "is_not": lambda want: lambda text: text != want,
    "one_of": lambda want: lambda text: text in want,
    "none_of": lambda want: lambda text: text not in want,
    "starts_with": lambda want: lambda text: text.startswith(want),
    "not_starts_with": lambda want: lambda text: not text.startswith(want),
    "contains": lambda want: lambda text: want in text,
    "blank": lambda want: lambda text: (text == "") == want,
    "number": lambda want: lambda text: (values.number(text) is not None) == want,
    "gt": lambda want: lambda text: _compared(text, want, operator.gt),
    "gte": lambda want: lambda text: _compared(text, want, operator.ge),
    "lt": lambda want: lambda text: _compared(text, want, operator.lt),
    "lte": lambda want: lambda text: _compared(text, want, operator.le),
}


def compiled(filters: Sequence[Filter]) -> Test:
    """Whether all filters hold for a row; with none, every row passes.

    >>> test = compiled([Filter("country", is_="FR"), Filter("total", gt=5)])
    >>> test({"country": "FR", "total": "7.50"}), test({"country": "FR", "total": ""})
    (True, False)
    """
    asked = tuple((each.column, predicate) for each in filters for predicate in _predicates(each))

    def holds(row: Row) -> bool:
        return all(predicate(text_of(row, column)) for column, predicate in asked)

    return holds


def text_of(row: Row, column: str) -> str:
    """The column's value as text without blanks around it; "" where there is none."""
    value = row.get(column)
    return "" if value is None else str(value).strip()


def _predicates(each: Filter) -> list[Predicate]:
    return [make(getattr(each, name)) for name, make in _PARTS.items() if getattr(each, name) is not None]


def _compared(text: str, want: float, how: Callable[[float, float], bool]) -> bool:
    found = values.number(text)
    return found is not None and how(found, want)
