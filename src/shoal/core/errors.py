"""Mistakes of the user, told so that they can be mended.

A mistake of ours is any other exception: it keeps its traceback and is never shown as if the
user had caused it.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class UserError(Exception):
    """Something the user gave can't be used: what is wrong, where, and what to do.

    `code` is a stable snake_case name for programs; `where` is a file and line, a character
    position or a field; `fix` is what to do next. Exit status 2 on the command line.

    >>> error = UserError("empty_file", "orders.csv has no rows.", where="orders.csv", fix="Export it again.")
    >>> str(error)
    'orders.csv has no rows. Where: orders.csv. Fix: Export it again.'
    """

    def __init__(self, code: str, message: str, *, where: str | None = None, fix: str | None = None) -> None:
        self.code = code
        self.message = message
        self.where = where
        self.fix = fix
        super().__init__(message)

    def __str__(self) -> str:
        where = f" Where: {self.where}." if self.where else ""
        fix = f" Fix: {self.fix}" if self.fix else ""
        return f"{self.message}{where}{fix}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.code, self.message, self.where, self.fix)

    def as_data(self) -> dict[str, dict[str, str | None]]:
        """The one error shape of the API and of `--json`.

        >>> UserError("no_workspace", "There is no workspace here.").as_data()["error"]["code"]
        'no_workspace'
        """
        return {"error": {"code": self.code, "message": self.message, "where": self.where, "fix": self.fix}}


def _rebuild(kind: type[UserError], code: str, message: str, where: str | None, fix: str | None) -> UserError:
    error = kind.__new__(kind)
    UserError.__init__(error, code, message, where=where, fix=fix)
    return error


def require(condition: bool, code: str, message: str, *, where: str | None = None, fix: str | None = None) -> None:
    """Raise `UserError` unless the condition holds.

    >>> require(1 >= 1, "at_least", "must be 1 or more")
    """
    if not condition:
        raise UserError(code, message, where=where, fix=fix)


def nearest(name: str, known: Iterable[str]) -> str | None:
    """A "Did you mean" sentence for a misspelt name; None when nothing known is near.

    >>> nearest("Prodct Viewed", ["Product Viewed", "Order Completed"])
    "Did you mean 'Product Viewed'?"
    """
    by_folded = {candidate.casefold(): candidate for candidate in known}
    found = difflib.get_close_matches(name.casefold(), by_folded, n=1, cutoff=0.6)
    return f"Did you mean {by_folded[found[0]]!r}?" if found else None
