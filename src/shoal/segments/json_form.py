"""Definitions as JSON (INTERFACE: a definition as data), read strictly."""

from __future__ import annotations

from collections.abc import Mapping

from shoal.core.errors import UserError, nearest
from shoal.segments.kinds import KINDS
from shoal.segments.kinds.anonymous import IncludingAnonymous
from shoal.segments.nodes import Kind, Node
from shoal.segments.values import Json

DEEPEST = 100
"""Levels of nesting that a definition may have."""

BY_KEY: Mapping[str, Kind] = {key: kind for kind in KINDS for key in kind.keys}


def to_data(node: Node) -> dict[str, Json]:
    """The JSON form.

    >>> to_data(from_data({"not": {"trait": "plan", "is": "trial"}}))
    {'not': {'trait': 'plan', 'is': 'trial'}}
    """
    return node.to_data()


def from_data(data: object, where: str = "$") -> Node:
    """The node of a JSON form.

    Raises UserError `incomplete_condition`, `unknown_key` and others, with the place as a path from `$`.
    An unfinished condition is an error, never "everyone".
    """
    return _read(data, where, 0)


def _read(data: object, where: str, depth: int) -> Node:
    kind = _kind(data, where)
    check_depth(depth, where)
    if kind.node is IncludingAnonymous and depth:
        raise anonymous_inside(where)
    try:
        assert isinstance(data, Mapping)
        return kind.read(data, where, lambda part, place: _read(part, place, depth + 1))
    except UserError as error:
        error.where = error.where or where
        raise


def _kind(data: object, where: str) -> Kind:
    if not isinstance(data, Mapping):
        raise UserError(
            "incomplete_condition", "This is not a condition.", where=where, fix='Write for example {"did": "…"}.'
        )
    found = [key for key in data if key in BY_KEY]
    if len(found) > 1:
        raise UserError(
            "unknown_key", f"{found[0]} and {found[1]} are two conditions.", where=where, fix="Put them in all."
        )
    if not found:
        known = ", ".join(BY_KEY)
        hint = nearest(str(next(iter(data))), BY_KEY) if data else None
        raise UserError("incomplete_condition", "The condition has no kind.", where=where, fix=hint or f"Use {known}.")
    return BY_KEY[found[0]]


def check_depth(depth: int, where: str) -> None:
    """Raise UserError `too_deep` beyond the deepest nesting."""
    if depth > DEEPEST:
        fix = "Name an inner part as a segment of its own."
        raise UserError("too_deep", f"The definition is nested more than {DEEPEST} levels deep.", where=where, fix=fix)


def anonymous_inside(where: str | None) -> UserError:
    """The error where only a part says `including anonymous`."""
    message = "Including anonymous can only be said of the whole definition."
    return UserError("bad_value", message, where=where, fix="Move it to the outside.")
