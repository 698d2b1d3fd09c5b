"""Reading the fields of a node from JSON, strictly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shoal.core.errors import UserError, nearest
from shoal.core.time import Duration
from shoal.segments.comparison import Comparison, comparison_from
from shoal.segments.operators.dates import read_duration
from shoal.segments.times import ONCE, Times, times_from
from shoal.segments.windows import EVER, Window, window_from


def only(data: Mapping[str, Any], keys: tuple[str, ...], where: str) -> None:
    """Raise UserError `unknown_key` where there is any other key."""
    for key in data:
        if key not in keys:
            fix = nearest(str(key), keys) or f"Use {', '.join(keys)}."
            raise UserError("unknown_key", f"This condition has no {str(key)!r}.", where=where, fix=fix)


def comparison(data: Mapping[str, Any], taken: tuple[str, ...], where: str) -> Comparison:
    """The one comparison beside keys with a meaning of their own; raises UserError where there is anything else."""
    return comparison_from({key: value for key, value in data.items() if key not in taken}, where, taken)


def window(data: Mapping[str, Any], where: str) -> Window:
    """The window under `when`; ever where there is none."""
    return window_from(data["when"], f"{where}.when") if "when" in data else EVER


def times(data: Mapping[str, Any], where: str) -> Times:
    """The number under `times`; at least 1 where there is none."""
    return times_from(data["times"], f"{where}.times") if "times" in data else ONCE


def name(data: Mapping[str, Any], key: str, where: str) -> str:
    """The text under a key, not empty."""
    value = data.get(key)
    if not isinstance(value, str) or not value:
        raise UserError("incomplete_condition", f"{key} is not a name.", where=f"{where}.{key}", fix=f"Name the {key}.")
    return value


def length(data: Mapping[str, Any], key: str, where: str) -> Duration:
    """The length of time under a key that is there."""
    try:
        return read_duration(data[key])
    except UserError as error:
        error.where = error.where or f"{where}.{key}"
        raise
