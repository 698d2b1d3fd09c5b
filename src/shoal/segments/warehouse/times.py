"""Instants and dates: arithmetic of whole milliseconds wherever a warehouse's own would go by its zone or its range."""

from __future__ import annotations

import datetime as dt

from sqlglot import exp

from shoal.core.time import EPOCH, Instant
from shoal.core.zones import DAY
from shoal.segments.warehouse.dialect import Dialect
from shoal.segments.warehouse.moving import Moving
from shoal.segments.warehouse.template import fill

_CYCLE = 146_097  # days in 400 years, after which the calendar repeats
_FROM_1900 = 25_567  # days from 1900-01-01 to 1970-01-01
_AHEAD = 10 * _CYCLE  # makes every day of the years from 1000 on a positive number


def instant(at: Instant, dialect: Dialect) -> exp.Expr:
    """An instant, fixed or moving."""
    if isinstance(at, Moving):
        now = dialect.ask(dialect.now)
        return dialect.ask(dialect.later, a=now, x=exp.Literal.number(int(at))) if at != Moving(0) else now
    moment = EPOCH + dt.timedelta(milliseconds=at)
    written = moment.replace(tzinfo=None).isoformat(" ", "milliseconds")
    return dialect.ask(dialect.instant, k=exp.Literal.string(f"{written}{dialect.utc}"))


def moving_milliseconds(at: Moving, dialect: Dialect) -> exp.Expr:
    """A moving instant as milliseconds since 1970."""
    now = dialect.ask(dialect.milliseconds, a=dialect.ask(dialect.now))
    return dialect.ask("x + y", x=now, y=exp.Literal.number(int(at)))


def later(node: exp.Add, dialect: Dialect) -> exp.Expr | None:
    """An instant and an interval of milliseconds; None for any other sum."""
    interval = node.expression
    if not isinstance(interval, exp.Interval):
        return None
    return dialect.ask(dialect.later, a=node.this, x=exp.Literal.number(interval.this.name))


def milliseconds(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """`epoch_ms` of an instant, or of a text that is cast to one."""
    if isinstance(node.this, exp.TryCast):
        return _of_text(node.this.this, dialect)
    return dialect.ask(dialect.milliseconds, a=node.this)


def _of_text(zoned: exp.Expr, dialect: Dialect) -> exp.Expr:
    """Milliseconds of an ISO 8601 date or date-time; NULL for a day that is not in the calendar.

    Warehouses differ in which forms they read, so the parts are put together here.
    """
    # The first case of the text with its zone asks for the length of the text as it is stored.
    return _Iso(zoned.args["ifs"][0].this.this.this, dialect).milliseconds()


class _Iso:
    """A text of the form of `values.ISO_INSTANT`, taken apart by place; UTC where it names no zone."""

    def __init__(self, text: exp.Expr, dialect: Dialect) -> None:
        self.text = text
        self.dialect = dialect

    def _ask(self, sql: str, **parts: exp.Expr) -> exp.Expr:
        return fill(sql, "duckdb", t=self.text, **parts)

    def _number(self, start: int, length: int = 2) -> exp.Expr:
        """The number written there; 0 where the text is shorter."""
        number = self.dialect.ask(self.dialect.whole_number, t=self._ask(f"SUBSTRING(t, {start}, {length})"))
        return exp.func("COALESCE", number, exp.Literal.number(0))

    def _divided(self, x: exp.Expr, by: int) -> exp.Expr:
        return self.dialect.ask(self.dialect.divided, x=x, y=exp.Literal.number(by))

    def milliseconds(self) -> exp.Expr:
        """All parts together; NULL where the month has no such day."""
        year, month, day = self._number(1, 4), self._number(6), self._number(9)
        whole = self._ask(
            "(((days * 24 + h) * 60 + n - ahead) * 60 + s) * 1000 + f",
            days=self._days(year, month, day),
            h=self._number(12),
            n=self._number(15),
            ahead=self._minutes_ahead(),
            s=self._ask("CASE WHEN SUBSTRING(t, 17, 1) = ':' THEN s ELSE 0 END", s=self._number(18)),
            f=self._fraction(),
        )
        leap = self._ask("CASE WHEN y % 4 = 0 AND y % 100 <> 0 OR y % 400 = 0 THEN 29 ELSE 28 END", y=year)
        days = self._ask("CASE WHEN m IN (4, 6, 9, 11) THEN 30 WHEN m = 2 THEN leap ELSE 31 END", m=month, leap=leap)
        return self._ask("CASE WHEN d <= days THEN whole END", d=day, days=days, whole=whole)

    def _days(self, year: exp.Expr, month: exp.Expr, day: exp.Expr) -> exp.Expr:
        """Days since 1970-01-01; the year begins in March here, so that a leap day is its last."""
        since = self._ask("CASE WHEN m <= 2 THEN y - 1 ELSE y END", m=month, y=year)
        place = self._ask("CASE WHEN m <= 2 THEN m + 9 ELSE m - 3 END", m=month)
        return self._ask(
            "365 * y + y4 - y100 + y400 + m + d - 719469",
            y=since,
            y4=self._divided(since, 4),
            y100=self._divided(since, 100),
            y400=self._divided(since, 400),
            m=self._divided(self._ask("153 * p + 2", p=place), 5),
            d=day,
        )

    def _fraction(self) -> exp.Expr:
        """Milliseconds: what is finer is cut off."""
        digits = self.dialect.ask(self.dialect.before_sign, t=self._ask("SUBSTRING(t, 21, 3)"))
        three = self._ask("SUBSTRING(f || '00', 1, 3)", f=digits)
        number = self.dialect.ask(self.dialect.whole_number, t=three)
        return self._ask("CASE WHEN SUBSTRING(t, 20, 1) = '.' THEN f ELSE 0 END", f=number)

    def _minutes_ahead(self) -> exp.Expr:
        """By how much the zone is ahead of UTC; a date alone has no zone, though it holds a minus."""
        hours, minutes = (
            self.dialect.ask(self.dialect.whole_number, t=self._ask(f"SUBSTRING(RIGHT(t, 6), {start}, 2)"))
            for start in (2, 5)
        )
        return self._ask(
            """CASE WHEN LENGTH(t) > 10 AND SUBSTRING(RIGHT(t, 6), 1, 1) = '+' THEN 60 * h + n
                    WHEN LENGTH(t) > 10 AND SUBSTRING(RIGHT(t, 6), 1, 1) = '-' THEN -(60 * h + n) ELSE 0 END""",
            h=hours,
            n=minutes,
        )


def calendar(node: exp.Expr, dialect: Dialect) -> exp.Expr:
    """`year`, `month` or `day` of milliseconds of local time.

    The date is moved by whole cycles of the calendar into the years 1900 to 2299, which every warehouse knows.
    """
    ahead = fill("x + y", "duckdb", x=node.this, y=exp.Literal.number(_AHEAD * DAY))
    days = dialect.ask(dialect.divided, x=ahead, y=exp.Literal.number(DAY))
    since = fill("x + y", "duckdb", x=days, y=exp.Literal.number(_FROM_1900))
    date = dialect.ask(dialect.day, x=fill("x % y", "duckdb", x=since, y=exp.Literal.number(_CYCLE)))
    part = exp.Extract(this=exp.var(type(node).__name__.upper()), expression=date)
    if not isinstance(node, exp.Year):
        return part
    cycles = dialect.ask(dialect.divided, x=since, y=exp.Literal.number(_CYCLE))
    return fill("p + 400 * (c - 10)", "duckdb", p=part, c=cycles)
