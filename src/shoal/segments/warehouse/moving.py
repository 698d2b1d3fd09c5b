"""An instant that moves with the warehouse's clock."""

from __future__ import annotations

from typing import Any, NoReturn

from shoal.core.errors import UserError


class Moving(int):
    """So many milliseconds after the instant at which a query is run.

    It stands where an instant stands while a definition is lowered. Sums keep it moving; what needs a date of the
    calendar is refused, since the date is not known yet. It counts as later than every fixed instant, so a fixed end of
    a window stays as it is.

    >>> Moving(0) - 5 == Moving(-5), Moving(5) == 5, Moving(-5) > 10**15
    (True, False, True)
    """

    def __add__(self, other: int) -> Moving:
        return Moving(int(self) + int(other))

    def __sub__(self, other: int) -> Moving:
        return Moving(int(self) - int(other))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Moving) and int(self) == int(other)

    def __hash__(self) -> int:
        return hash(("moving", int(self)))

    def __lt__(self, other: int) -> bool:
        return isinstance(other, Moving) and int(self) < int(other)

    def __le__(self, other: int) -> bool:
        return isinstance(other, Moving) and int(self) <= int(other)

    def __gt__(self, other: int) -> bool:
        return not isinstance(other, Moving) or int(self) > int(other)

    def __ge__(self, other: int) -> bool:
        return not isinstance(other, Moving) or int(self) >= int(other)

    def _refuse(self, *_: Any) -> NoReturn:
        raise UserError(
            "needs_an_instant",
            "Calendar days and anniversaries are worked out for one instant, not for the warehouse's clock.",
            fix="Name the instant with --as-of.",
        )

    __floordiv__ = __mod__ = __divmod__ = _refuse
