"""The steps of a sequence of events, and which instants complete it, in SQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from shoal.core.errors import require
from shoal.core.time import Duration, Instant
from shoal.segments.nodes import Reference
from shoal.segments.operators.binding import Binding
from shoal.segments.operators.dates import check_duration
from shoal.segments.operators.words import quoted
from shoal.segments.reaches import Reach, followed
from shoal.segments.scans import column, stream_conditions
from shoal.segments.streams import Stream
from shoal.segments.values import Json
from shoal.segments.windows import EVER, Span, Window


@dataclass(frozen=True, slots=True)
class Absence:
    """None of these events came after a step, for so long; for ever up to now where `within` is None.

    Looked for in `(t, t + within]`. With `within` it is true no earlier than at `t + within`.
    """

    streams: tuple[Stream, ...]
    within: Duration | None = None

    def __post_init__(self) -> None:
        _check_streams(self.streams)
        _check_length(self.within)

    def english(self) -> str:
        """`without "Trial Started" within 48 hours`."""
        end = "afterwards" if self.within is None else f"within {self.within.english()}"
        return f"without {_listed(self.streams)} {end}"


@dataclass(frozen=True, slots=True)
class Step:
    """One event of a sequence, and how it follows the step before it: strictly later, by instant."""

    stream: Stream
    window: Window = EVER  # in which this step lies
    within: Duration | None = None  # at most so long after the step before it, that length included
    without: tuple[Stream, ...] = ()  # none of these strictly between the step before it and this one
    absence: Absence | None = None  # what did not come after it

    def __post_init__(self) -> None:
        _check_length(self.within)

    def english(self) -> str:
        """`"Product Viewed" within 7 days without "Order Completed" in between`."""
        words = [f"{quoted(self.stream.event)}{self.stream.english_filters()}"]
        if self.within is not None:
            words.append(f"within {self.within.english()}")
        if self.without:
            words.append(f"without {_listed(self.without)} in between")
        if self.window != EVER:
            words.append(self.window.english())
        if self.absence is not None:
            words.append(self.absence.english())
        return " ".join(words)

    def to_data(self) -> dict[str, Json]:
        """`{"did": "Product Viewed", "within": "7d", "without": [{"did": "Order Completed"}]}`."""
        data = self.stream.to_data("did")
        if self.window != EVER:
            data["when"] = self.window.to_data()
        if self.within is not None:
            data["within"] = self.within.short()
        if self.without:
            data["without"] = [one.to_data("did") for one in self.without]
        if self.absence is not None:
            data["not_then"] = [one.to_data("did") for one in self.absence.streams]
            if self.absence.within is not None:
                data["not_within"] = self.absence.within.short()
        return data

    def streams(self) -> Iterator[Stream]:
        """Its own, and those that it forbids."""
        yield self.stream
        yield from self.without
        yield from self.absence.streams if self.absence else ()


@dataclass(frozen=True, slots=True)
class Followed:
    """The sequence in SQL: completed from `low` to `high` times; `low` is 1 or more, `high` None sets no limit."""

    steps: tuple[Step, ...]
    low: int
    high: int | None

    def needs(self) -> Iterator[Reference]:
        """The events of all steps."""
        return (Reference("event", step.stream.event) for step in self.steps)

    def reaches(self) -> Iterator[Reach]:
        """How long after an event the next one, or its absence, is looked for; windows stand beside their streams."""
        for place, step in enumerate(self.steps):
            if step.within is not None:
                yield followed(self.steps[place - 1].stream, step.within)
            if step.absence is not None and step.absence.within is not None:
                yield followed(step.stream, step.absence.within)

    def scan(self, binding: Binding) -> exp.Select:
        """One row an instant, then for each step the latest instant before it at which the step before was reached.

        The latest one decides: whatever gap and whatever forbidden event in between an earlier one would pass,
        it passes, too. So no row is ever joined with another, and the work grows like a sort.
        """
        tables = [("instants", _instants(self.steps, binding)), ("edges", _edges(self.steps))]
        for place, step in enumerate(self.steps):
            if place:
                tables.append((f"before{place}", _before(place, tables[-1][0])))
            reached = exp.alias_(_reached(place, step, binding), f"reached{place}", quoted=True)
            tables.append((f"after{place}", exp.select("*", reached).from_(tables[-1][0])))
        found = exp.select(column("subscriber")).from_(tables[-1][0]).where(column(f"reached{len(self.steps) - 1}"))
        number = exp.Sum(this=column("number"))
        bounds: list[exp.Expr] = [exp.GTE(this=number, expression=binding.value(self.low))]
        if self.high is not None:
            bounds.append(exp.LTE(this=number.copy(), expression=binding.value(self.high)))
        found = found.group_by(column("subscriber")).having(*bounds)
        for name, table in tables:
            found = found.with_(name, as_=table, copy=False)
        return found


def _check_length(length: Duration | None) -> None:
    if length is not None:
        check_duration(length)


def _check_streams(streams: Sequence[Stream]) -> None:
    message = "It isn't said without what."
    require(len(streams) > 0, "incomplete_condition", message, fix="Name at least one event.")


def _listed(streams: Sequence[Stream]) -> str:
    return " or ".join(f"{quoted(one.event)}{one.english_filters()}" for one in streams)


_BEFORE = 'OVER (PARTITION BY "subscriber" ORDER BY "at" ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)'
_AFTER = 'OVER (PARTITION BY "subscriber" ORDER BY "at" ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING)'


def _instants(steps: Sequence[Step], binding: Binding) -> exp.Select:
    """Per subscriber and instant, which steps and which forbidden events are there, and how often the last step."""
    # What is older than all that the first step may be changes nothing.
    known = Span(steps[0].window.span(binding.now).start, EVER.span(binding.now).end)
    found: dict[str, exp.Expr] = {}
    for place, step in enumerate(steps):
        found[f"step{place}"] = exp.and_(*stream_conditions(step.stream, step.window.span(binding.now), binding))
        if step.without:
            found[f"between{place}"] = _any_of(step.without, known, binding)
        if step.absence is not None:
            found[f"later{place}"] = _any_of(step.absence.streams, known, binding)
    number = exp.alias_(_number(found[f"step{len(steps) - 1}"]), "number", quoted=True)
    flags = [
        exp.alias_(exp.GT(this=_number(one), expression=exp.Literal.number(0)), name, quoted=True)
        for name, one in found.items()
    ]
    query = exp.select(column("subscriber"), column("at"), number, *flags).from_(exp.table_("events"))
    query = query.where(*stream_conditions(Stream("*"), known, binding))
    query = query.where(exp.or_(*(one.copy() for one in found.values())), copy=False)
    return query.group_by(column("subscriber"), column("at"))


def _any_of(streams: Sequence[Stream], span: Span, binding: Binding) -> exp.Expr:
    return exp.or_(*(exp.and_(*stream_conditions(one, span, binding)) for one in streams))


def _number(condition: exp.Expr) -> exp.Expr:
    return exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=condition.copy()))


def _edges(steps: Sequence[Step]) -> exp.Select:
    """Every instant with the latest forbidden event before it, and the next one after it, of each step."""
    found = exp.select("*").from_("instants")
    for place, step in enumerate(steps):
        if step.without:
            found = found.select(f'MAX(CASE WHEN "between{place}" THEN "at" END) {_BEFORE} AS "barred{place}"')
        if step.absence is not None:
            found = found.select(f'MIN(CASE WHEN "later{place}" THEN "at" END) {_AFTER} AS "next{place}"')
    return found


def _before(place: int, table: str) -> exp.Select:
    """Every instant with the latest one before it at which the step before was reached."""
    latest = f'MAX(CASE WHEN "reached{place - 1}" THEN "at" END) {_BEFORE} AS "from{place}"'
    return exp.select("*", latest).from_(table)


def _reached(place: int, step: Step, binding: Binding) -> exp.Expr:
    """SQL that is true exactly of the instants at which a step is reached."""
    conditions: list[exp.Expr] = [column(f"step{place}")]
    if place:
        conditions.append(exp.not_(exp.Is(this=column(f"from{place}"), expression=exp.null())))
    if step.within is not None:
        end = exp.Add(this=column(f"from{place}"), expression=_interval(step.within))
        conditions.append(exp.LTE(this=column("at"), expression=end))
    if step.without:
        free = exp.LTE(this=column(f"barred{place}"), expression=column(f"from{place}"))
        conditions.append(exp.func("COALESCE", free, exp.true()))
    return exp.and_(*conditions, *_lasting(place, step.absence, binding))


def _lasting(place: int, absence: Absence | None, binding: Binding) -> Iterator[exp.Expr]:
    """SQL that together is true exactly of the instants after which nothing forbidden came for long enough."""
    if absence is None:
        return
    following = column(f"next{place}")
    if absence.within is None:
        yield exp.Is(this=following, expression=exp.null())
        return
    yield exp.LTE(this=column("at"), expression=binding.instant(Instant(binding.now - absence.within.ms)))
    end = exp.Add(this=column("at"), expression=_interval(absence.within))
    yield exp.func("COALESCE", exp.GT(this=following, expression=end), exp.true())


def _interval(length: Duration) -> exp.Expr:
    return exp.Interval(this=exp.Literal.string(str(length.ms)), unit=exp.var("MILLISECOND"))
