"""SQL of the scans: one grouped read of a view for each distinct stream, trait and consent."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp, parse_one

from shoal.core.time import Instant
from shoal.profiles.consent import states_sql
from shoal.profiles.traits import LATEST
from shoal.segments import clocks
from shoal.segments.comparison import PropertyFilter
from shoal.segments.filters import AllFilter, Filter, NotFilter
from shoal.segments.inside import Inside, Tested
from shoal.segments.operators import paths, variant
from shoal.segments.operators.binding import Binding
from shoal.segments.streams import Stream
from shoal.segments.windows import Span


def column(name: str, table: str | None = None) -> exp.Column:
    """A quoted column."""
    return exp.column(name, table=table, quoted=True)


def stream_scan(stream: Stream, spans: Sequence[Span], names: Sequence[str], binding: Binding) -> exp.Select:
    """Per subscriber the number of events of a stream in each span, as columns of these names."""
    everything = _hull(spans, binding)
    counts = [_counted(span, everything, name, binding) for span, name in zip(spans, names, strict=True)]
    return _grouped("events", counts, stream_conditions(stream, everything, binding))


def stream_conditions(stream: Stream, span: Span, binding: Binding) -> list[exp.Expr]:
    """SQL that together is true exactly of the events of a stream in a span."""
    filters = [filter_condition(one, binding) for one in stream.filters]
    asked = [*_named(stream, binding), *_in_span(span, binding), *filters]
    return asked if stream.local is None else [*asked, clocks.event_condition(stream.local, asked, binding)]


def filter_condition(one: Filter, binding: Binding) -> exp.Expr:
    """SQL that is true exactly where an event passes the filter; NULL may stand for false."""
    match one:
        case PropertyFilter(path, comparison):
            plain, opposite = comparison.plain()
            passes = paths.some(path, lambda value: comparison_condition(value, plain, binding), binding)
            return _complement(passes) if opposite else passes
        case NotFilter(part):
            return _complement(filter_condition(part, binding))
    join = exp.and_ if isinstance(one, AllFilter) else exp.or_
    return join(*(filter_condition(part, binding) for part in one.parts))


def trait_scan(name: str, comparisons: Sequence[Tested], names: Sequence[str], binding: Binding) -> exp.Select:
    """Per subscriber whether the latest value of a trait passes each comparison."""
    answers = [
        latest(comparison_condition(column("value"), comparison, binding), named)
        for comparison, named in zip(comparisons, names, strict=True)
    ]
    return _grouped("traits", answers, trait_conditions(name, binding))


def consent_scan(
    about: tuple[str, str], choices: Sequence[tuple[str, ...]], names: Sequence[str], binding: Binding
) -> exp.Select:
    """Per subscriber whether the state of a consent is among each choice of states."""
    answers = [
        exp.alias_(
            exp.In(this=column("state"), expressions=[binding.value(state) for state in states]), name, quoted=True
        )
        for states, name in zip(choices, names, strict=True)
    ]
    channel, purpose = about
    conditions = [_equals("channel", channel, binding), _equals("purpose", purpose, binding), _known(binding)]
    asked = exp.select("*").from_(exp.table_("consents")).where(*conditions)
    return (
        exp.select(column("subscriber"), *answers)
        .from_(_parsed_states().copy().subquery("states"))
        .with_("asked", as_=asked)
    )


def trait_conditions(name: str, binding: Binding) -> list[exp.Expr]:
    """SQL that together is true exactly of the statements about a trait that are known by now."""
    return [_equals("name", name, binding), _known(binding)]


@lru_cache(maxsize=1)
def _parsed_states() -> exp.Query:
    found = parse_one(states_sql("asked", by="subscriber"), dialect="duckdb")
    assert isinstance(found, exp.Query)
    return found


@lru_cache(maxsize=1)
def _parsed_latest() -> exp.Expr:
    return parse_one(LATEST, dialect="duckdb")


def _grouped(view: str, answers: Sequence[exp.Expr], conditions: Sequence[exp.Expr]) -> exp.Select:
    scan = exp.select(column("subscriber"), *answers).from_(exp.table_(view))
    return scan.where(*conditions, copy=False).group_by(column("subscriber"), copy=False)


def comparison_condition(value: exp.Expr, comparison: Tested, binding: Binding) -> exp.Expr:
    """SQL that is true exactly where a value passes; NULL may stand for false."""
    if isinstance(comparison, Inside):
        return comparison_condition(variant.inside(value, comparison.path, binding), comparison.comparison, binding)
    plain, opposite = comparison.plain()
    render = plain.meaning.condition
    assert render is not None
    condition = render(value, plain.operand, binding)
    return _complement(condition) if opposite else condition


def _complement(condition: exp.Expr) -> exp.Expr:
    return exp.not_(exp.func("COALESCE", condition, exp.false()))


def latest(answer: exp.Expr, name: str) -> exp.Expr:
    """The answer of the latest row of a group, as a column of this name; false where it is NULL."""
    known = exp.func("COALESCE", answer, exp.false())
    return exp.alias_(exp.ArgMax(this=known, expression=_parsed_latest().copy()), name, quoted=True)


def _equals(name: str, value: str, binding: Binding) -> exp.Expr:
    return exp.EQ(this=column(name), expression=binding.value(value))


def _known(binding: Binding) -> exp.Expr:
    return exp.LTE(this=column("at"), expression=binding.instant(binding.now))


def _named(stream: Stream, binding: Binding) -> list[exp.Expr]:
    if stream.prefix is None:
        return [_equals("name", stream.event, binding)]
    if not stream.prefix:
        return []
    prefix = binding.value(stream.prefix)
    # The comparison lets the reader skip row groups; starts_with alone would read them all.
    return [exp.GTE(this=column("name"), expression=prefix), variant.call("starts_with", column("name"), prefix.copy())]


def _counted(span: Span, everything: Span, name: str, binding: Binding) -> exp.Expr:
    count: exp.Expr = exp.Count(this=exp.Star())
    if span != everything:
        within = exp.and_(*_in_span(span, binding))
        count = exp.Filter(this=count, expression=exp.Where(this=within))
    return exp.alias_(count, name, quoted=True)


def _in_span(span: Span, binding: Binding) -> list[exp.Expr]:
    found: list[exp.Expr] = [exp.LT(this=column("at"), expression=binding.instant(span.end))]
    if span.start is not None:
        found.insert(0, exp.GTE(this=column("at"), expression=binding.instant(span.start)))
    if type(span.end) is not type(binding.now):  # a fixed end may be later than a now that moves
        found.append(_known(binding))
    return found


def _hull(spans: Sequence[Span], binding: Binding) -> Span:
    ends = {type(end) for span in spans for end in (span.start, span.end) if end is not None}
    if len(ends) > 1:  # fixed instants and some that move with a clock: neither is always the earlier
        return Span(None, Instant(binding.now + 1))
    starts = [span.start for span in spans if span.start is not None]
    end = Instant(max(span.end for span in spans))
    return Span(Instant(min(starts)) if len(starts) == len(spans) else None, end)
