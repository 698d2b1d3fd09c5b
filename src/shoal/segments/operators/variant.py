"""Questions about a VARIANT value as DuckDB SQL.

A cast alone would turn the text "5" into 5 and true into 1, so every answer also asks for the type. The
cast comes first: Parquet files answer it from the shredded column. Each condition is true exactly where
it holds, else false or NULL.

Asking for the type costs more than the test itself, so it is left out where a property has one type in all files
(`Binding.types`): the nodes that `at_path` makes carry that type with them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from functools import lru_cache

from sqlglot import exp

from shoal.segments.operators.binding import Binding
from shoal.segments.values import ISO_INSTANT, Number, Scalar

WHOLE_TYPES = ("INT64", "UINT64", "INT32", "INT16", "INT8", "UINT32", "UINT16", "UINT8")
BROKEN_TYPES = ("DOUBLE", "FLOAT", "DECIMAL")

_EXACT = 2**53  # below it a double holds every whole number
_SIGNS: dict[str, type[exp.Binary]] = {"=": exp.EQ, ">": exp.GT, ">=": exp.GTE, "<": exp.LT, "<=": exp.LTE}


def call(function: str, *arguments: exp.Expr | str | int) -> exp.Expr:
    """A function of DuckDB; texts and numbers are literals of ours, never a user's."""
    literals = [one if isinstance(one, exp.Expr) else exp.convert(one) for one in arguments]
    return exp.Anonymous(this=function, expressions=literals)


def cast(value: exp.Expr, to: str) -> exp.Expr:
    """TRY_CAST: NULL where the value has no such form."""
    return exp.TryCast(this=value.copy(), to=_data_type(to).copy())


@lru_cache(maxsize=64)
def _data_type(name: str) -> exp.DataType:
    """Built once: parsing a type takes longer than all else about a condition."""
    return exp.DataType.build(name, dialect="duckdb")


def text(value: exp.Expr) -> exp.Expr:
    """The value as VARCHAR, of whatever type it is."""
    return cast(value, "VARCHAR")


_STORED = {"VARCHAR": "VARCHAR", "BIGINT": "INT64", "DOUBLE": "DOUBLE"}
"""What `variant_type` says of values in a column of a type."""

OBJECT = "OBJECT"
"""What `Binding.types` says of a property that is an object wherever it is."""

_ONE_TYPE = "one_type"


def one_type(value: exp.Expr) -> str | None:
    """The type of all values there are; None where that is not known."""
    found: str | None = value.meta.get(_ONE_TYPE)
    return found


def is_type(value: exp.Expr, *types: str) -> exp.Expr:
    """Whether the stored type is one of these names of `variant_type`."""
    known = one_type(value)
    if known == "BOOLEAN":
        truth = {"BOOL_TRUE": cast(value, known), "BOOL_FALSE": exp.not_(cast(value, known))}
        return exp.or_(exp.false(), *(truth[one] for one in types if one in truth))
    if known is not None:
        return is_set(value) if _STORED[known] in types else exp.false()
    stored = call("variant_type", value.copy())
    if len(types) == 1:
        return exp.EQ(this=stored, expression=exp.Literal.string(types[0]))
    return exp.In(this=stored, expressions=[exp.Literal.string(one) for one in types])


def is_text(value: exp.Expr) -> exp.Expr:
    """Whether the value is a text."""
    return is_type(value, "VARCHAR")


def is_set(value: exp.Expr) -> exp.Expr:
    """Whether there is a value; a JSON null is none."""
    known = one_type(value)
    there = call("variant_type", value.copy()) if known is None else cast(value, known)
    return exp.not_(exp.Is(this=there, expression=exp.null()))


def equals(value: exp.Expr, operand: Scalar, binding: Binding) -> exp.Expr:
    """Equal in kind and value."""
    if isinstance(operand, bool):
        return is_type(value, "BOOL_TRUE" if operand else "BOOL_FALSE")
    if not isinstance(operand, str):
        return compares(value, "=", operand, binding)
    return of_text(value, exp.EQ(this=text(value), expression=binding.value(operand)), [operand])


def of_text(value: exp.Expr, test: exp.Expr, operands: Iterable[str], *, begins: bool = False) -> exp.Expr:
    """A test of the value's text, true only of values that are texts.

    The type is asked only where a number, a truth value, a list or an object could look like an operand
    (or, with `begins`, begin like it): asking costs as much as the test.
    """
    doubtful = one_type(value) != "VARCHAR" and any(may_be_other(operand, begins=begins) for operand in operands)
    return exp.and_(test, is_text(value)) if doubtful else test


def may_be_other(operand: str, *, begins: bool = False) -> bool:
    """Whether a value that is no text could, cast to one, equal the operand or begin with it.

    >>> may_be_other("/pricing"), may_be_other("trial"), may_be_other("5"), may_be_other("true"), may_be_other("[a]")
    (False, False, True, True, True)
    >>> may_be_other("tr", begins=True)
    True
    """
    if not operand or operand[0] in "-+.0123456789[{":
        return True
    words = ("true", "false", "inf", "infinity", "nan", "null")
    folded = operand.casefold()
    return any(word.startswith(folded) if begins else word == folded for word in words)


def equals_one(value: exp.Expr, operands: Iterable[Scalar], binding: Binding) -> exp.Expr:
    """Equal to one of the operands."""
    operands = tuple(operands)
    texts = [one for one in operands if isinstance(one, str)]
    others = [equals(value, one, binding) for one in operands if not isinstance(one, str)]
    if texts:
        among = exp.In(this=text(value), expressions=[binding.value(one) for one in texts])
        others.append(of_text(value, among, texts))
    return exp.or_(*others)


def list_has(value: exp.Expr, operand: Scalar, binding: Binding) -> exp.Expr:
    """Whether the value is a list with an element that equals the operand."""
    if one_type(value) is not None:
        return exp.false()
    element = exp.to_identifier("element")
    test = exp.Lambda(this=equals(exp.column("element"), operand, binding), expressions=[element])
    found = call("len", call("list_filter", cast(value, "VARIANT[]"), test))
    # A CASE, since DuckDB works both sides of an AND out for every row, and this one takes it 30 µs.
    is_list = exp.If(this=is_type(value, "ARRAY"), true=exp.GT(this=found, expression=exp.Literal.number(0)))
    return exp.Case(ifs=[is_list], default=exp.false())


def any_element(value: exp.Expr, test: Callable[[exp.Expr], exp.Expr]) -> exp.Expr:
    """Whether an element of a list passes; the value is known to be a list.

    By way of JSON: DuckDB takes 4 µs for that, and 50 µs to take a list of variants apart.
    """
    element = exp.cast(exp.column("element"), "VARIANT", dialect="duckdb")
    passes = exp.Lambda(this=test(element), expressions=[exp.to_identifier("element")])
    found = call("len", call("list_filter", elements(value), passes))
    return exp.GT(this=found, expression=exp.Literal.number(0))


def elements(value: exp.Expr) -> exp.Expr:
    """The elements of a list as a list of JSON; NULL where the value is none."""
    return exp.TryCast(this=exp.cast(value.copy(), "JSON"), to=exp.DataType.build("JSON[]", dialect="duckdb"))


def compares(value: exp.Expr, sign: str, operand: Number, binding: Binding) -> exp.Expr:
    """Whether a stored number stands in this relation to the operand, exactly."""
    whole = _compared(cast(value, "BIGINT"), against_whole(sign, operand), binding)
    broken = _compared(cast(value, "DOUBLE"), against_broken(sign, operand), binding)
    return exp.Case(
        ifs=[
            exp.If(this=is_type(value, *WHOLE_TYPES), true=whole),
            exp.If(this=is_type(value, *BROKEN_TYPES), true=broken),
        ],
        default=exp.false(),
    )


def _compared(number: exp.Expr, against: tuple[str, Number] | bool, binding: Binding) -> exp.Expr:
    if isinstance(against, bool):
        return exp.true() if against else exp.false()
    sign, operand = against
    return _SIGNS[sign](this=number, expression=binding.value(operand))


def against_whole(sign: str, operand: Number) -> tuple[str, int] | bool:
    """The same relation for stored 64-bit integers, as sign and integer; a truth value where it is always so.

    >>> against_whole(">", 5.5), against_whole("=", 5.5), against_whole("<", 1e300)
    (('>', 5), False, True)
    """
    floor = math.floor(operand)
    if floor == operand:
        inside = -(2**63) <= floor < 2**63
        return (sign, floor) if inside else _beyond(sign, floor)
    if sign == "=":
        return False
    if not -(2**63) <= floor < 2**63:
        return _beyond(sign, floor)
    return (">" if sign in (">", ">=") else "<=", floor)


def _beyond(sign: str, bound: int) -> bool:
    return sign in ("<", "<=") if bound > 0 else sign in (">", ">=")


def against_broken(sign: str, operand: Number) -> tuple[str, float] | bool:
    """The same relation for stored doubles, as sign and double; False where no double fulfils it.

    >>> against_broken(">", 2**53 + 1), against_broken("=", 2**53 + 1), against_broken("<", 5)
    (('>', 9007199254740992.0), False, ('<', 5.0))
    """
    nearest = float(operand)
    if abs(operand) < _EXACT or nearest == operand:
        return (sign, nearest)
    if sign == "=":
        return False
    if nearest > operand:
        return (">=" if sign in (">", ">=") else "<", nearest)
    return (">" if sign in (">", ">=") else "<=", nearest)


def canonical(value: exp.Expr) -> exp.Expr:
    """A text that two values share exactly where they are the same (`values.same_value`); NULL for no value."""
    broken = cast(value, "DOUBLE")
    whole = exp.EQ(this=call("trunc", broken), expression=broken.copy())
    number = exp.func("COALESCE", exp.Case(ifs=[exp.If(this=whole, true=text(cast(broken, "HUGEINT")))]), text(broken))
    return exp.Case(
        ifs=[
            exp.If(this=is_type(value, *WHOLE_TYPES), true=_marked("n", text(cast(value, "HUGEINT")))),
            exp.If(this=is_type(value, *BROKEN_TYPES), true=_marked("n", number)),
        ],
        default=_marked("j", text(exp.cast(value.copy(), "JSON"))),
    )


def _marked(mark: str, found: exp.Expr) -> exp.Expr:
    return exp.DPipe(this=exp.Literal.string(mark), expression=found)


def instant(value: exp.Expr) -> exp.Expr:
    """Milliseconds since 1970 of a text that is an ISO 8601 instant; NULL for everything else."""
    whole = text(value)
    milliseconds = call("regexp_replace", whole, r"(\.\d{3})\d+", r"\1")
    zoned = exp.Case(
        ifs=[
            exp.If(
                this=exp.EQ(this=call("length", whole), expression=exp.Literal.number(10)),
                true=_joined(whole, "T00:00:00Z"),
            ),
            exp.If(this=call("regexp_matches", whole, r"(Z|[+-]\d\d:\d\d)$"), true=milliseconds),
        ],
        default=_joined(milliseconds, "Z"),
    )
    found = exp.TryCast(this=zoned, to=exp.DataType.build("TIMESTAMPTZ"))
    sound = exp.and_(is_text(value), call("regexp_full_match", whole, ISO_INSTANT))
    return exp.Case(ifs=[exp.If(this=sound, true=call("epoch_ms", found))])


def _joined(left: exp.Expr, right: str) -> exp.Expr:
    return exp.DPipe(this=left.copy(), expression=exp.Literal.string(right))


def inside(value: exp.Expr, path: tuple[str, ...], binding: Binding) -> exp.Expr:
    """What a value holds at a path of nested objects; NULL where there is nothing."""
    for part in path:
        value = exp.Bracket(this=value.copy(), expressions=[binding.value(part)])
    return value


def at_path(properties: exp.Expr, path: tuple[str, ...], binding: Binding) -> exp.Expr:
    """The value at a path of nested objects; NULL where there is none."""
    found = properties
    for part in path:
        found = exp.Bracket(this=found, expressions=[binding.value(part)])
    if len(path) == 1 and binding.types.get(path[0], OBJECT) != OBJECT:
        found.meta[_ONE_TYPE] = binding.types[path[0]]
    return found
