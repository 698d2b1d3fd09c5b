"""SQL of a plan: the scans joined to the list of subscribers, and the conditions over them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from sqlglot import exp

from shoal.core.time import Instant
from shoal.segments.lowered import (
    AgainstAverage,
    AllOf,
    AnyOf,
    ConsentHolds,
    Core,
    Count,
    CountsCompared,
    CountWithin,
    InSegment,
    Opposite,
    Scanned,
    TraitHolds,
)
from shoal.segments.operators.binding import Binding
from shoal.segments.scans import column, consent_scan, stream_scan, trait_scan
from shoal.segments.sql.plan import Definition, Plan

DEEPEST = 12
"""Levels of nesting in one SQL expression; deeper parts become columns of their own."""

_WITH_STEP = "with_step"

_SIGNS: Mapping[str, type[exp.Binary]] = {"<=": exp.LTE, "<": exp.LT, ">=": exp.GTE, ">": exp.GT}


class Rendering:
    """One query as it is written: columns by what they stand for, and common table expressions in order.

    It may ask for several instants, each stream read once for all of them. What is added is asked for the
    instant `binding.now` at that time, which is one of them.
    """

    def __init__(self, plan: Plan, binding: Binding, instants: Sequence[Instant] = ()) -> None:
        self.plan = plan
        self.binding = binding
        self.instants = tuple(instants) or (binding.now,)
        self.tables: list[tuple[str, exp.Select]] = []
        self.columns: dict[tuple[Instant, object], str] = {}
        self.totals: dict[tuple[Instant, Count], str] = {}
        self.steps = 0
        self.last = "leaves"
        self._scan()
        self._total()

    def _scan(self) -> None:
        joined: list[tuple[str, str, exp.Expr]] = []  # table, column, what stands where there is no row
        zero, no = exp.Literal.number(0), exp.false()
        for place, (stream, windows) in enumerate(self.plan.streams.items()):
            asked = [(now, window) for now in self.instants for window in windows]
            names = self._names(f"events{place}", [(now, Count(stream, window)) for now, window in asked])
            spans = [window.span(now) for now, window in asked]
            self.tables.append((f"events{place}", stream_scan(stream, spans, names, self.binding)))
            joined += [(f"events{place}", name, zero) for name in names]
        for table, names, scan in self._facts():
            self.tables.append((table, scan))
            joined += [(table, name, no) for name in names]
        self.tables.append(("leaves", self._joined(joined)))

    def _facts(self) -> Iterator[tuple[str, list[str], exp.Select]]:
        """Scans of all but streams; one for each instant, since what is the latest is another at each."""
        for step, now in enumerate(self.instants):
            self.binding.now = now
            for place, (trait, comparisons) in enumerate(self.plan.traits.items(), step * len(self.plan.traits)):
                names = self._names(f"trait{place}", [(now, TraitHolds(trait, one)) for one in comparisons])
                yield f"trait{place}", names, trait_scan(trait, comparisons, names, self.binding)
            for place, (about, choices) in enumerate(self.plan.consents.items(), step * len(self.plan.consents)):
                names = self._names(f"consent{place}", [(now, ConsentHolds(*about, states)) for states in choices])
                yield f"consent{place}", names, consent_scan(about, choices, names, self.binding)
            for place, scanned in enumerate(self.plan.scanned, step * len(self.plan.scanned)):
                (name,) = self._names(f"scanned{place}", [(now, scanned)])
                holds = exp.alias_(exp.true(), name, quoted=True)
                found = scanned.scan(self.binding).subquery("found", copy=False)
                query = exp.select(column("subscriber"), holds).from_(found, copy=False)
                yield f"scanned{place}", [name], query

    def _names(self, table: str, meanings: Sequence[tuple[Instant, object]]) -> list[str]:
        names = [f"{table}_{place}" for place in range(len(meanings))]
        self.columns.update(zip(meanings, names, strict=True))
        return names

    def _joined(self, joined: Sequence[tuple[str, str, exp.Expr]]) -> exp.Select:
        list_of = "subscribers"
        known = [
            exp.alias_(exp.func("COALESCE", column(name, table), absent.copy()), name, quoted=True, copy=False)
            for table, name, absent in joined
        ]
        query = exp.select(column("subscriber", list_of), column("identified", list_of), *known)
        query = query.from_(exp.table_(list_of), copy=False)
        for table, _ in self.tables:
            on = exp.EQ(this=column("subscriber", table), expression=column("subscriber", list_of))
            query.append("joins", exp.Join(this=exp.table_(table), side="LEFT", on=on))
        return query

    def _total(self) -> None:
        if not self.plan.averages:
            return
        size = exp.alias_(exp.Count(this=exp.Star()), "list_size", quoted=True)
        sums = []
        asked = [(now, count) for now in self.instants for count in self.plan.averages]
        for place, meaning in enumerate(asked):
            self.totals[meaning] = f"total{place}"
            total = exp.func("COALESCE", exp.Sum(this=column(self.columns[meaning])), exp.Literal.number(0))
            sums.append(exp.alias_(total, f"total{place}", quoted=True))
        leaves = exp.table_("leaves")
        summed = exp.select(size, *sums).from_(leaves, copy=False).where(column("identified"), copy=False)
        self.tables.append(("totals", summed))
        everything = exp.select("*").from_(leaves.copy()).join(exp.table_("totals"), join_type="cross")
        self.tables.append(("averaged", everything))
        self.last = "averaged"

    def add(self, definition: Definition) -> exp.Expr:
        """The condition of a definition, with who is eligible; a named one becomes a column to refer to."""
        condition = self.condition(definition.core)
        if not definition.anonymous:
            condition = exp.and_(column("identified"), condition)
        if definition.name is None:
            return condition
        found = self._step(condition)
        self.columns[self.binding.now, InSegment(definition.name)] = found.name
        return found

    def condition(self, core: Core) -> exp.Expr:
        """SQL that is true exactly where a lowered condition holds, and never NULL."""
        return self._nested(core)[0]

    def _nested(self, core: Core) -> tuple[exp.Expr, int]:
        """The condition, and its levels of nesting."""
        match core:
            case AllOf(parts):
                return self._group(exp.and_, parts)
            case AnyOf(parts):
                return self._group(exp.or_, parts)
            case Opposite(part):
                return self._group(exp.not_, (part,))
            case _:
                return self._leaf(core), 0

    def _group(self, join: Callable[..., exp.Expr], parts: Sequence[Core]) -> tuple[exp.Expr, int]:
        found = [self._nested(part) for part in parts]
        height = 1 + max(levels for _, levels in found)
        condition = join(*(one for one, _ in found))
        return (self._step(condition), 0) if height >= DEEPEST else (condition, height)

    def _step(self, condition: exp.Expr) -> exp.Column:
        place = self.steps
        name = f"step{place}"
        whole = exp.alias_(condition, name, quoted=True, copy=False)
        query = exp.select("*", whole).from_(exp.table_(self.last), copy=False)
        self.last = f"{_WITH_STEP}{place}"
        self.tables.append((self.last, query))
        self.steps += 1
        return column(name)

    def _leaf(self, core: Core) -> exp.Expr:
        match core:
            case CountWithin(count, low, high):
                return self._within(self._of(count), low, high)
            case CountsCompared(left, sign, factor, right):
                return _SIGNS[sign](
                    this=self._times(left, factor.denominator), expression=self._times(right, factor.numerator)
                )
            case AgainstAverage(count, per, above):
                return self._against_average(count, per, above)
            case TraitHolds() | ConsentHolds() | InSegment() | Scanned():
                return self._of(core)
        raise TypeError(f"not a condition: {core!r}")

    def _of(self, meaning: object) -> exp.Column:
        return column(self.columns[self.binding.now, meaning])

    def _total_of(self, count: Count) -> exp.Column:
        return column(self.totals[self.binding.now, count])

    def _within(self, count: exp.Column, low: int, high: int | None) -> exp.Expr:
        bounds: list[exp.Expr] = []
        if low > 0:
            bounds.append(exp.GTE(this=count, expression=self.binding.value(low)))
        if high is not None:
            bounds.append(exp.LTE(this=count.copy(), expression=self.binding.value(high)))
        return exp.and_(*bounds) if bounds else exp.true()

    def _times(self, count: Count, factor: int) -> exp.Expr:
        number = exp.cast(self._of(count), "HUGEINT", dialect="duckdb")
        return exp.Mul(this=number, expression=self.binding.value(factor))

    def _against_average(self, count: Count, per: Count | None, above: bool) -> exp.Expr:
        total, sign = self._total_of(count), exp.GT if above else exp.LT
        if per is None:
            own = exp.Mul(this=self._of(count), expression=exp.cast(column("list_size"), "HUGEINT", dialect="duckdb"))
            return sign(this=own, expression=total)
        divisor = self._of(per)
        own = exp.Mul(this=self._of(count), expression=self._total_of(per))
        compared = sign(this=own, expression=exp.Mul(this=total, expression=divisor))
        return exp.and_(exp.GT(this=divisor.copy(), expression=exp.Literal.number(0)), compared)

    def select(self, *answers: exp.Expr) -> exp.Select:
        """The whole query that answers from the last table."""
        query = exp.select(*answers).from_(exp.table_(self.last), copy=False)
        for name, table in self.tables:
            # A step is kept, not merged into its reader: merging repeats it at every use, level upon level.
            kept = True if name.startswith(_WITH_STEP) else None
            query = query.with_(exp.to_identifier(name, quoted=True), as_=table, materialized=kept, copy=False)
        return query
