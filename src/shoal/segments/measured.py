"""SQL of measured numbers: millionths as HUGEINT (`segments.measures` says what they are)."""

from __future__ import annotations

from fractions import Fraction

from sqlglot import exp, parse_one

from shoal.profiles.traits import LATEST
from shoal.segments.comparison import PropertyFilter
from shoal.segments.operators import paths, variant
from shoal.segments.operators.binding import Binding
from shoal.segments.scans import column, filter_condition, stream_conditions, trait_conditions
from shoal.segments.streams import Stream
from shoal.segments.windows import Span

_UNIT = exp.Literal.number(1_000_000)
_LARGEST = exp.Literal.number(10**15)


def summary_scan(function: str, stream: Stream, path: tuple[str, ...], span: Span, binding: Binding) -> exp.Select:
    """Per subscriber the number made of a stream's events in a span, as `value`; no row where there is none."""
    events = exp.select(column("subscriber")).from_(exp.table_("events"))
    events = events.where(*stream_conditions(stream, span, binding))
    if function == "count":
        found = events.select(exp.alias_(exp.true(), "single", quoted=True))
    else:
        of_value = _identity if function == "distinct" else millionths
        found = paths.each(events, path, of_value, "single", binding)
    together = exp.alias_(_together(function), "value", quoted=True)
    query = exp.select(column("subscriber"), together).from_(found.subquery("found"))
    return query.where(_there(column("single"))).group_by(column("subscriber"))


def trait_number_scan(name: str, binding: Binding) -> exp.Select:
    """Per subscriber the latest value of a trait, as `value`; no row where it is no number."""
    newest = exp.Window(
        this=exp.RowNumber(),
        partition_by=[column("subscriber")],
        order=exp.Order(expressions=[exp.Ordered(this=parse_one(LATEST, dialect="duckdb"), desc=True)]),
    )
    number = exp.alias_(millionths(column("value")), "value", quoted=True)
    found = exp.select(column("subscriber"), number, exp.alias_(newest, "place", quoted=True))
    found = found.from_(exp.table_("traits")).where(*trait_conditions(name, binding))
    first = exp.EQ(this=column("place"), expression=exp.Literal.number(1))
    query = exp.select(column("subscriber"), column("value")).from_(found.subquery("found"))
    return query.where(first, _there(column("value")))


def identified_only(rows: exp.Select) -> exp.Subquery:
    """The rows of identified subscribers, to read from."""
    known = exp.select(column("subscriber")).from_(exp.table_("subscribers")).where(column("identified"))
    among = exp.In(this=column("subscriber"), query=known.subquery())
    return exp.select("*").from_(rows.subquery("measured", copy=False)).where(among).subquery("listed")


def millionths(value: exp.Expr) -> exp.Expr:
    """A stored number as it is measured; NULL for everything else."""
    whole, broken = variant.cast(value, "BIGINT"), variant.cast(value, "DOUBLE")
    rounded = variant.call("round_even", exp.Mul(this=broken, expression=exp.cast(_UNIT, "DOUBLE")), 0)
    return exp.Case(
        ifs=[
            exp.If(
                this=exp.and_(variant.is_type(value, *variant.WHOLE_TYPES), _small(whole)),
                true=exp.Mul(this=_huge(whole), expression=_UNIT.copy()),
            ),
            exp.If(
                this=exp.and_(variant.is_type(value, *variant.BROKEN_TYPES), _small(broken)),
                true=_huge(rounded),
            ),
        ]
    )


def _identity(value: exp.Expr) -> exp.Expr:
    """A text that is the same for equal values only; NULL for lists, objects, and what is no value."""
    whole, broken = variant.cast(value, "HUGEINT"), variant.cast(value, "DOUBLE")
    is_whole = exp.and_(
        exp.EQ(this=variant.call("trunc", broken.copy()), expression=broken.copy()),
        exp.Not(this=exp.Is(this=whole.copy(), expression=exp.null())),
    )
    written = exp.Case(ifs=[exp.If(this=is_whole, true=_text(whole))], default=_text(broken))
    finite = variant.call("isfinite", broken.copy())
    return exp.Case(
        ifs=[
            exp.If(this=variant.is_text(value), true=_marked("t", variant.text(value))),
            exp.If(this=variant.is_type(value, *variant.WHOLE_TYPES), true=_marked("n", _text(whole))),
            exp.If(this=exp.and_(variant.is_type(value, *variant.BROKEN_TYPES), finite), true=_marked("n", written)),
            exp.If(this=variant.is_type(value, "BOOL_TRUE"), true=exp.Literal.string("b1")),
            exp.If(this=variant.is_type(value, "BOOL_FALSE"), true=exp.Literal.string("b0")),
        ]
    )


def _together(function: str) -> exp.Expr:
    single = column("single")
    match function:
        case "count":
            return exp.Mul(this=_huge(exp.Count(this=exp.Star())), expression=_UNIT.copy())
        case "distinct":
            return exp.Mul(this=_huge(exp.Count(this=exp.Distinct(expressions=[single]))), expression=_UNIT.copy())
        case "sum":
            return exp.Sum(this=single)
        case "average":
            return exp.IntDiv(this=exp.Sum(this=single), expression=_huge(exp.Count(this=exp.Star())))
        case "minimum":
            return exp.Min(this=single)
    return exp.Max(this=single)


def _there(value: exp.Expr) -> exp.Expr:
    return exp.not_(exp.Is(this=value, expression=exp.null()))


def _small(number: exp.Expr) -> exp.Expr:
    negative = exp.Neg(this=_LARGEST.copy())
    return exp.Between(this=number.copy(), low=negative, high=_LARGEST.copy())


def _huge(number: exp.Expr) -> exp.Expr:
    return exp.cast(number.copy(), "HUGEINT", dialect="duckdb")


def _text(number: exp.Expr) -> exp.Expr:
    return exp.cast(number.copy(), "VARCHAR", dialect="duckdb")


def _marked(mark: str, written: exp.Expr) -> exp.Expr:
    return exp.DPipe(this=exp.Literal.string(mark), expression=written)


def within(rows: exp.Select, zero: bool, low: int | None, high: int | None, binding: Binding) -> exp.Select:
    """Those whose number lies from `low` to `high`, both included, None for no limit."""
    value = column("value")
    bounds: list[exp.Expr] = []
    if low is not None:
        bounds.append(exp.GTE(this=value, expression=_huge(binding.value(low))))
    if high is not None:
        bounds.append(exp.LTE(this=value.copy(), expression=_huge(binding.value(high))))
    return exp.select(column("subscriber")).from_(_beside_list(rows, zero).subquery("everyone")).where(*bounds)


def against_list(rows: exp.Select, zero: bool, above: bool) -> exp.Select:
    """Those whose number is strictly above (or below) the average of the identified who have one."""
    everyone = exp.table_("everyone")
    total = exp.alias_(exp.Sum(this=column("value")), "total", quoted=True)
    people = exp.alias_(exp.Count(this=exp.Star()), "people", quoted=True)
    list_of = exp.select(total, people).from_(everyone).where(column("identified"))
    own = exp.Mul(this=column("value"), expression=column("people"))
    query = (
        exp.select(column("subscriber"))
        .from_(everyone.copy())
        .join(list_of.subquery("list", copy=False), join_type="cross")
    )
    sign = exp.GT if above else exp.LT
    query = query.where(sign(this=own, expression=column("total")))
    return query.with_("everyone", as_=_beside_list(rows, zero))


def share(rows: exp.Select, top: bool, percent: Fraction, binding: Binding) -> exp.Select:
    """Those whose number is at least that of the last of the identified who is within the part of the list."""
    everyone = exp.table_("everyone")
    order = exp.Order(expressions=[exp.Ordered(this=column("value"), desc=top)])
    place = exp.alias_(exp.Window(this=exp.RowNumber(), order=order), "place", quoted=True)
    people = exp.alias_(exp.Window(this=exp.Count(this=exp.Star())), "people", quoted=True)
    ranked = exp.select(column("value"), place, people).from_(everyone).where(column("identified"))
    # The last within is the ceiling of percent / 100 times the people.
    whole = binding.value(100 * percent.denominator)
    part = exp.Mul(this=column("people"), expression=binding.value(percent.numerator))
    raised = exp.paren(exp.Sub(this=exp.Add(this=part, expression=whole), expression=exp.Literal.number(1)))
    last = exp.EQ(this=column("place"), expression=exp.IntDiv(this=raised, expression=whole.copy()))
    edge = (
        exp.select(exp.alias_(column("value"), "edge", quoted=True))
        .from_(ranked.subquery("ranked", copy=False))
        .where(last)
    )
    query = (
        exp.select(column("subscriber"))
        .from_(everyone.copy())
        .join(edge.subquery("edge", copy=False), join_type="cross")
    )
    sign = exp.GTE if top else exp.LTE
    query = query.where(sign(this=column("value"), expression=column("edge")))
    return query.with_("everyone", as_=_beside_list(rows, zero=False))


def end_of_stream(stream: Stream, span: Span, test: PropertyFilter, latest: bool, binding: Binding) -> exp.Select:
    """Those whose latest (or first) event of a stream in a span passes a test."""
    passes = exp.func("COALESCE", filter_condition(test, binding), exp.false())
    end = (exp.ArgMax if latest else exp.ArgMin)(this=passes, expression=parse_one(LATEST, dialect="duckdb"))
    query = exp.select(column("subscriber")).from_(exp.table_("events"))
    return query.where(*stream_conditions(stream, span, binding)).group_by(column("subscriber")).having(end)


def _beside_list(rows: exp.Select, zero: bool) -> exp.Select:
    """The numbers with who is identified; with `zero` everybody's, nothing as 0."""
    value: exp.Expr = column("value", "measured")
    if zero:
        value = exp.func("COALESCE", value, exp.Literal.number(0))
    found = [column("subscriber", "subscribers"), column("identified", "subscribers")]
    on = exp.EQ(this=column("subscriber", "measured"), expression=column("subscriber", "subscribers"))
    query = exp.select(*found, exp.alias_(value, "value", quoted=True)).from_(exp.table_("subscribers"))
    return query.join(rows.subquery("measured", copy=False), on=on, join_type="left" if zero else "inner")
