"""A comparison of one value with an operand, and the filter on an event's property."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from shoal.core.errors import UserError, nearest
from shoal.core.time import Instant
from shoal.segments.operators import OPERATORS
from shoal.segments.operators.operator import Lags, Operand, Operator
from shoal.segments.values import Json, check_path, instant_of, join_path, reached, split_path
from shoal.segments.wording import name_words


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """An operator and its operand: `is "trial"`, `is more than 5`.

    Two are equal where they mean the same: 1 is not true, though Python holds them equal.

    >>> Comparison("gt", 5).english(), Comparison("gt", 5).holds(6, Instant(0))
    ('is more than 5', True)
    >>> Comparison("is", 1) == Comparison("is", True)
    False
    """

    operator: str  # a key of OPERATORS
    operand: Operand

    def __post_init__(self) -> None:
        OPERATORS[self.operator].check(self.operand)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Comparison) and self._said() == other._said()

    def __hash__(self) -> int:
        return hash(self._said())

    def _said(self) -> tuple[str, str]:
        return self.operator, repr(self.operand)

    @property
    def meaning(self) -> Operator:
        """The operator."""
        return OPERATORS[self.operator]

    def plain(self) -> tuple[Comparison, bool]:
        """The comparison that has readings, and whether its opposite is meant.

        >>> Comparison("is_not", "US").plain()
        (Comparison(operator='is', operand='US'), True)
        """
        if self.meaning.opposite_of is not None:
            return Comparison(self.meaning.opposite_of, self.operand), True
        if self.operator == "is_set" and self.operand is False:
            return Comparison("is_set", True), True
        return self, False

    def holds(self, value: Json, now: Instant) -> bool:
        """The oracle's reading; `value` is None where there is none."""
        comparison, opposite = self.plain()
        test = comparison.meaning.holds
        assert test is not None
        return test(value, comparison.operand, now) != opposite

    def moments(self, value: Json) -> tuple[Instant, ...]:
        """Instants at which time alone may change the answer for this value."""
        instant, lags = instant_of(value), self.lags()
        if instant is None or lags is None:
            return ()
        return tuple(Instant(instant + lag) for lag in lags if lag is not None)

    def lags(self) -> Lags | None:
        """From when on a date passes and until when, in milliseconds after it; None where time alone changes nothing.

        >>> from shoal.core.time import Duration
        >>> Comparison("within_last", Duration(1, "s")).lags(), Comparison("before", 5).lags()
        ((0, 1000), None)
        """
        found = self.plain()[0].meaning.lags
        return found(self.operand) if found else None

    def english(self) -> str:
        """The words after the name: `is "trial"`."""
        return self.meaning.english(self.operand)

    def to_data(self) -> dict[str, Json]:
        """Its key in JSON: `{"is": "trial"}`."""
        return {self.operator: self.meaning.write(self.operand)}


def comparison_from(data: Mapping[str, Any], where: str, taken: tuple[str, ...] = ()) -> Comparison:
    """The one operator among the keys; raises UserError where there is none, more than one, or any other key.

    `taken` are the keys that stand beside them, for the message.
    """
    found = [key for key in data if key in OPERATORS]
    unknown = next((str(key) for key in data if key not in OPERATORS), None)
    hint = nearest(unknown, (*OPERATORS, *taken)) if unknown is not None else None
    if not found:
        message = "The comparison has no operator" + ("." if unknown is None else f", and {unknown!r} is none.")
        fix = hint or f"Add one of {', '.join(OPERATORS)}."
        raise UserError("incomplete_condition", message, where=where, fix=fix)
    if unknown is not None:
        fix = hint or f"Write {', '.join(taken)} and one of {', '.join(OPERATORS)}."
        raise UserError("unknown_key", f"The key {unknown!r} has no meaning here.", where=where, fix=fix)
    if len(found) > 1:
        message = f"The comparison has {len(found)} operators: {', '.join(found)}."
        raise UserError("unknown_key", message, where=where, fix="Write one condition for each.")
    operator = found[0]
    try:
        return Comparison(operator, cast(Operand, OPERATORS[operator].read(data[operator])))
    except UserError as error:
        error.where = error.where or f"{where}.{operator}"
        raise


@dataclass(frozen=True, slots=True)
class PropertyFilter:
    """A comparison that an event's property has to pass; nested properties have a path of several parts.

    Where the path goes through a list, one of the values that it reaches has to pass; an opposite such as `is not`
    holds where none is the other.

    >>> bought = {"products": [{"sku": "A"}, {"sku": "B"}]}
    >>> PropertyFilter(("products", "sku"), Comparison("is", "B")).holds(bought, Instant(0))
    True
    >>> PropertyFilter(("products", "sku"), Comparison("is_not", "B")).holds(bought, Instant(0))
    False
    """

    path: tuple[str, ...]
    comparison: Comparison

    def __post_init__(self) -> None:
        if not self.path:
            raise UserError("incomplete_condition", "The filter names no property.", fix="Name one.")
        check_path(self.path)

    def holds(self, properties: Mapping[str, Json], now: Instant) -> bool:
        """The oracle's reading."""
        plain, opposite = self.comparison.plain()
        return any(plain.holds(value, now) for value in reached(properties, self.path)) != opposite

    def tests(self) -> Iterator[PropertyFilter]:
        """The filter itself; groups have several."""
        yield self

    def moments(self, properties: Mapping[str, Json]) -> Iterator[Instant]:
        """Instants at which time alone may change the answer."""
        for value in reached(properties, self.path):
            yield from self.comparison.moments(value)

    def english(self) -> str:
        """`path starts with "/pricing"`."""
        return f"{name_words(join_path(self.path))} {self.comparison.english()}"

    def to_data(self) -> dict[str, Json]:
        """`{"property": "path", "starts_with": "/pricing"}`."""
        return {"property": join_path(self.path), **self.comparison.to_data()}


def filter_from(data: object, where: str) -> PropertyFilter:
    """The inverse of `to_data`; raises UserError for anything else."""
    if not isinstance(data, dict) or not isinstance(data.get("property"), str):
        raise UserError(
            "incomplete_condition",
            "A filter needs a property and an operator.",
            where=where,
            fix='Write for example {"property": "path", "starts_with": "/pricing"}.',
        )
    rest = {key: value for key, value in data.items() if key != "property"}
    comparison = comparison_from(rest, where, ("property",))
    try:
        return PropertyFilter(split_path(data["property"]), comparison)
    except UserError as error:
        error.where = error.where or f"{where}.property"
        raise
