"""The clauses that may follow an event in a sentence, in any order, each once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shoal.core.errors import UserError
from shoal.segments.filters import Filter
from shoal.segments.local import CalendarDays, Hours, LocalTimes, Weekdays
from shoal.segments.streams import Stream
from shoal.segments.times import Times
from shoal.segments.windows import BeforeAgo, Between, BetweenAgo, Ever, Last, Window


@dataclass(frozen=True, slots=True)
class ByPerson:
    """The words `by a person`."""


@dataclass(frozen=True, slots=True)
class Clauses:
    """What was said of an event; None where nothing was."""

    filters: tuple[Filter, ...] | None = None
    person: ByPerson | None = None
    times: Times | None = None
    window: Window | None = None
    days: CalendarDays | None = None
    weekdays: Weekdays | None = None
    hours: Hours | None = None

    @classmethod
    def read(cls, clauses: Iterable[object]) -> Clauses:
        """Sort the clauses; raises UserError where one is said twice."""
        said: dict[str, Any] = {}
        for clause in clauses:
            name = _name(clause)
            if name in said:
                raise UserError("sentence_syntax", f"The {_WORDS[name]} is said twice.", fix="Say it once.")
            said[name] = clause
        return cls(**said)

    def stream(self, event: str) -> Stream:
        """The stream of an event with these clauses."""
        return Stream(event, self.filters or (), self.person is not None, self._local())

    def _local(self) -> LocalTimes | None:
        if self.days is None and self.weekdays is None and self.hours is None:
            return None
        hours = None if self.hours is None else (self.hours.start, self.hours.end)
        return LocalTimes(self.days, self.weekdays.numbers if self.weekdays else (), hours)

    def refuse(self, *names: str) -> None:
        """Raise UserError where a clause was said that makes no sense here."""
        for name in names:
            if getattr(self, name) is not None:
                raise UserError("sentence_syntax", f"The {_WORDS[name]} has no place here.", fix="Leave it out.")


_WORDS = {
    "filters": "where",
    "person": "by a person",
    "times": "number of times",
    "window": "window",
    "days": "calendar days",
    "weekdays": "weekday",
    "hours": "time of day",
}


_CLASSES: dict[type, str] = {
    tuple: "filters",
    ByPerson: "person",
    Times: "times",
    **dict.fromkeys((Ever, Last, BetweenAgo, BeforeAgo, Between), "window"),
    CalendarDays: "days",
    Weekdays: "weekdays",
    Hours: "hours",
}


def _name(clause: object) -> str:
    return _CLASSES[type(clause)]
