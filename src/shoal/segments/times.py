"""How often something happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from shoal.core.errors import UserError, nearest, require
from shoal.segments.values import Json, shown

FORMS = ("at_least", "at_most", "exactly", "between")


def _check(number: object) -> None:
    whole = isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**63
    require(whole, "bad_times", f"{shown(number)} is not a number of times.", fix="Write a whole number, 0 or more.")


@dataclass(frozen=True, slots=True)
class Times:
    """A number of events: at least, at most, exactly, or between two numbers (both included).

    >>> Times("between", 2, 5).english(), 3 in Times("between", 2, 5)
    ('between 2 and 5 times', True)
    """

    form: str = "at_least"  # one of FORMS
    number: int = 1
    most: int | None = None  # only for "between"

    def __post_init__(self) -> None:
        require(self.form in FORMS, "unknown_key", f"There is no {self.form!r}.", fix=f"Use {', '.join(FORMS)}.")
        _check(self.number)
        if self.form == "between":
            require(self.most is not None, "incomplete_condition", "Between needs two numbers.", fix="Write [2, 5].")
            _check(self.most)
            sound = self.most is not None and self.number <= self.most
            require(sound, "bad_times", f"Between {self.number} and {self.most} is empty.", fix="Exchange the two.")
        else:
            require(self.most is None, "bad_times", "Only between has two numbers.", fix="Remove one.")
        everyone = self.form == "at_least" and self.number == 0
        require(not everyone, "bad_times", "At least 0 times is true of everyone.", fix="Write at least 1 time.")

    @property
    def bounds(self) -> tuple[int, int | None]:
        """The smallest and the largest number; None where there is no largest."""
        match self.form:
            case "at_least":
                return self.number, None
            case "at_most":
                return 0, self.number
            case "between":
                return self.number, self.most
        return self.number, self.number

    def __contains__(self, number: int) -> bool:
        low, high = self.bounds
        return low <= number and (high is None or number <= high)

    def english(self) -> str:
        """`at least 3 times`."""
        words = self.form.replace("_", " ")
        if self.form == "between":
            return f"between {self.number} and {self.most} times"
        return f"{words} {self.number} time{'' if self.number == 1 else 's'}"

    def to_data(self) -> dict[str, Json]:
        """`{"at_least": 3}`."""
        return {self.form: [self.number, self.most] if self.form == "between" else self.number}


ONCE = Times()


def times_from(data: object, where: str) -> Times:
    """The inverse of `to_data`; raises UserError for anything else."""
    if not isinstance(data, dict) or len(data) != 1:
        fix = 'Write for example {"at_least": 3}.'
        raise UserError("incomplete_condition", "The number of times needs one form.", where=where, fix=fix)
    ((form, number),) = data.items()
    if form not in FORMS:
        fix = nearest(str(form), FORMS) or f"Use {', '.join(FORMS)}."
        raise UserError("unknown_key", f"There is no {form!r}.", where=where, fix=fix)
    try:
        if form == "between":
            require(
                isinstance(number, list) and len(number) == 2,
                "bad_times",
                "Between needs two numbers.",
                fix="Write [2, 5].",
            )
            return Times("between", *number)
        return Times(form, number)
    except UserError as error:
        error.where = error.where or f"{where}.{form}"
        raise


GRAMMAR = """
times: "at" "least" whole _TIMES -> times_at_least
    | "at" "most" whole _TIMES -> times_at_most
    | "at" "least" "once" -> times_at_least_once
    | "exactly" whole _TIMES -> times_exactly
    | "between" whole "and" whole _TIMES -> times_between
    | "more" "than" whole _TIMES -> times_more_than
    | ("fewer" | "less") "than" whole _TIMES -> times_fewer_than
    | "once" -> times_once
    | "twice" -> times_twice
"""


def _fewer(number: int) -> Times:
    require(number > 0, "bad_times", "Nothing happens fewer than 0 times.", fix="Write exactly 0 times.")
    return Times("at_most", number - 1)


BUILD: Mapping[str, Callable[..., object]] = {
    "times_at_least": lambda number: Times("at_least", number),
    "times_at_least_once": Times,
    "times_at_most": lambda number: Times("at_most", number),
    "times_exactly": lambda number: Times("exactly", number),
    "times_between": lambda number, most: Times("between", number, most),
    "times_more_than": lambda number: Times("at_least", number + 1),
    "times_fewer_than": _fewer,
    "times_once": lambda: Times("exactly", 1),
    "times_twice": lambda: Times("exactly", 2),
}
