"""Values of JSON: the questions that plans ask of DuckDB's VARIANT, in the words of a warehouse."""

from __future__ import annotations

from sqlglot import exp

from shoal.segments.operators.variant import BROKEN_TYPES, WHOLE_TYPES
from shoal.segments.warehouse.dialect import Dialect
from shoal.segments.warehouse.template import single

_COLUMNS = ("value", "element")
_VALUE = "json"
_ASKED = "variant_type"
_TYPES = exp.DataType.Type


def mark(tree: exp.Expr) -> None:
    """Mark every part of a plan that is a value of JSON."""
    _straighten(tree)
    for asked in list(tree.find_all(exp.Lambda)):
        for name in list(asked.this.find_all(exp.Identifier)):
            if name.name == _COLUMNS[1] and not isinstance(name.parent, exp.Column):
                name.replace(exp.column(name.name))
    for node in tree.find_all(exp.Column, exp.Bracket):
        if isinstance(node, exp.Bracket) or node.name in _COLUMNS:
            node.meta[_VALUE] = True


def _straighten(tree: exp.Expr) -> None:
    """Take out the way by JSON on which DuckDB goes through a list: a warehouse's values are JSON already."""
    for node in list(tree.find_all(exp.Cast)):
        if node.to.this == _TYPES.VARIANT or (node.to.this == _TYPES.JSON and isinstance(node.parent, exp.TryCast)):
            node.replace(node.this)


def member(node: exp.Bracket, dialect: Dialect) -> exp.Expr:
    """`properties['path']`."""
    (key,) = node.expressions
    found = dialect.ask(dialect.member, v=node.this, k=key)
    found.meta[_VALUE] = True
    return found


def of_type(node: exp.Expr, dialect: Dialect) -> exp.Expr | None:
    """`variant_type(value) = 'VARCHAR'`, `IN (…)`, `IS NULL`; None for any other comparison."""
    asked = node.this
    if not (isinstance(asked, exp.Anonymous) and asked.name.lower() == _ASKED):
        return None
    (value,) = asked.expressions
    if isinstance(node, exp.Is):
        return exp.not_(single(dialect.ask(dialect.is_set, v=value)))
    names = [node.expression] if isinstance(node, exp.EQ) else node.expressions
    tests = [dialect.ask(one, v=value) for one in _tests([name.name for name in names], dialect)]
    return exp.paren(exp.or_(*tests)) if len(tests) > 1 else tests[0]


def _tests(names: list[str], dialect: Dialect) -> list[str]:
    single_types = {
        "VARCHAR": dialect.is_text,
        "BOOL_TRUE": dialect.is_true,
        "BOOL_FALSE": dialect.is_false,
        "ARRAY": dialect.is_list,
        **dict.fromkeys(WHOLE_TYPES, dialect.is_whole),
        **dict.fromkeys(BROKEN_TYPES, dialect.is_broken),
    }
    return list(dict.fromkeys(single_types[name] for name in names))


def tried(node: exp.TryCast, dialect: Dialect) -> exp.Expr:
    """`TRY_CAST(value AS …)`, and that of a number of ours."""
    to, found = node.to.this, node.this
    if found.meta.get(_VALUE):
        return _of_value(found, node.to, dialect)
    if to == _TYPES.INT:
        return dialect.ask(dialect.whole_number, t=found)
    if to in (_TYPES.INT128, _TYPES.INT256):
        return _wide(found, dialect)
    if to == _TYPES.TIMESTAMPTZ:
        return node  # the milliseconds around it are asked for as one
    return exp.cast(single(found), node.to.copy())


def _of_value(value: exp.Expr, to: exp.DataType, dialect: Dialect) -> exp.Expr:
    match to.this:
        case _TYPES.TEXT | _TYPES.VARCHAR:
            return dialect.ask(dialect.text, v=value)
        case _TYPES.BIGINT:
            return dialect.ask(dialect.whole, v=value)
        case _TYPES.DOUBLE:
            return dialect.ask(dialect.broken, v=value)
        case _TYPES.INT128:
            whole = exp.cast(dialect.ask(dialect.whole, v=value), dialect.type_of(to))
            return exp.Case(
                ifs=[exp.If(this=dialect.ask(dialect.is_whole, v=value), true=whole)],
                default=_wide(dialect.ask(dialect.broken, v=value), dialect),
            )
        case _TYPES.ARRAY:
            return value  # list_filter goes through it
    raise TypeError(f"no such cast of a value: {to!r}")


def _wide(number: exp.Expr, dialect: Dialect) -> exp.Expr:
    """A whole DOUBLE as a wide number; NULL beyond 64 bits, where no whole number of JSON equals it."""
    as_whole = exp.cast(exp.cast(single(number), "BIGINT"), exp.DataType.build(dialect.wide, dialect=dialect.name))
    inside = dialect.ask("ABS(x) < 9.2e18", x=number)
    return exp.Case(ifs=[exp.If(this=inside, true=as_whole)])


def cast(node: exp.Cast, dialect: Dialect) -> exp.Expr:
    """`CAST(value AS JSON)`, and casts of numbers to wider ones."""
    if node.to.this == _TYPES.JSON:
        return dialect.ask(dialect.written, v=node.this)
    if node.to.this == _TYPES.INT128 and isinstance(node.this, exp.Anonymous) and node.this.name == "rounded":
        return dialect.ask(dialect.widened, x=dialect.ask(dialect.rounded, x=node.this.expressions[0]))
    return exp.cast(node.this.copy(), dialect.type_of(node.to))


def any_element(node: exp.GT, dialect: Dialect) -> exp.Expr | None:
    """`len(list_filter(value, element -> …)) > 0`; None for any other comparison."""
    filtered = node.this.this if isinstance(node.this, exp.Length) else None
    if not isinstance(filtered, exp.ArrayFilter):
        return None
    return dialect.ask(dialect.any_element, v=filtered.this, test=filtered.expression.this)
