"""What the report shows, as values. Sizes only: nothing here names a person.

Instants are UTC milliseconds, shares run from 0 to 1, weeks begin on Monday. "Recent" is the 30 days up to
`as_of`, "before" the 30 days before those.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from shoal.core.time import UNITS_MS, Instant
from shoal.measurement.reach import Reach
from shoal.measurement.span import Span

OLD_MS = 60 * UNITS_MS["d"]
"""A list as it was longer ago than this is not what people are like now."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A number of the recent 30 days and of the 30 before."""

    recent: float
    before: float


@dataclass(frozen=True, slots=True)
class FamilyDays:
    """Events of one family by calendar day, days without any left out."""

    family: str  # "E-mail", "Website"
    days: tuple[tuple[dt.date, int], ...]


@dataclass(frozen=True, slots=True)
class EventTotal:
    """How often one event happened."""

    name: str
    events: int
    people: int
    compared: Compared  # events


@dataclass(frozen=True, slots=True)
class EmailFunnel:
    """Messages of the recent 30 days by what became of them.

    A message is one campaign's mail to one person. Opens and clicks by machines are left out where they are
    marked; `machine_opened` are the messages that only machines opened.
    """

    delivered: int
    opened: int
    clicked: int
    unsubscribed: int  # people
    complained: int  # people
    machine_opened: int


@dataclass(frozen=True, slots=True)
class Week:
    """Orders of one week; `revenue` in major units of the shop's main currency."""

    monday: dt.date
    orders: int
    revenue: float


@dataclass(frozen=True, slots=True)
class Orders:
    """All orders in the main currency, the one with the most orders; amounts as the orders state them."""

    currency: str
    orders: int
    buyers: int
    revenue: float
    compared_orders: Compared
    compared_revenue: Compared
    weeks: tuple[Week, ...]
    other_currencies: int  # orders that are not counted here


@dataclass(frozen=True, slots=True)
class Overview:
    """The list at one instant."""

    as_of: Instant
    zone: str  # IANA name; calendar days are of this zone
    first: Instant | None
    last: Instant | None
    span: Span | None  # of nearly all events; None without any
    people: int
    identified: int
    judged: Instant  # by what was known then it is told who may be mailed; at `as_of` or later
    with_email: int  # identified people with an address
    reachable: int  # of those, with granted consent to marketing mail, and neither a hard bounce nor a complaint
    suppressed: int  # with an address and granted consent, and one of these
    active: Compared  # identified people with any event
    newcomers: Compared  # identified people first heard of
    events: int
    compared_events: Compared
    daily: tuple[FamilyDays, ...]
    names: tuple[EventTotal, ...]  # most frequent first
    funnel: EmailFunnel | None  # None without mail in the recent 30 days
    countries: tuple[tuple[str, int], ...]  # identified people, most first
    no_country: int
    orders: Orders | None  # None without orders

    @property
    def age(self) -> int | None:
        """How long before it was told the list was so, in ms; None where that is too short to matter (`OLD_MS`)."""
        age = self.judged - self.as_of
        return age if age >= OLD_MS else None


@dataclass(frozen=True, slots=True)
class Step:
    """One condition of a segment and how many people are left after it and all before it."""

    sentence: str
    kept: int


@dataclass(frozen=True, slots=True)
class SegmentSummary:
    """One segment as the report shows it; `share` is of identified people."""

    name: str
    title: str
    sentence: str
    members: int
    share: float
    goal: str | None = None
    metric: str | None = None
    target: str | None = None
    size_low: int | None = None
    size_high: int | None = None
    content: Mapping[str, str] = field(default_factory=dict)  # key of `report.segments.QUESTIONS` to the answer
    steps: tuple[Step, ...] = ()
    series: tuple[tuple[Instant, int], ...] = ()  # size over time, oldest first
    note: str | None = None
    reach: Reach | None = None  # None: not looked at
    version: int | None = None  # of the definition; None: it was not applied
    type: str = ""  # the name of its type as people read it; "" where its file names none
    in_full: bool = True  # False: it has a line in the table and no card of its own


@dataclass(frozen=True, slots=True)
class Overlap:
    """How many people are in both of two segments, by name."""

    one: str
    other: str
    both: int
