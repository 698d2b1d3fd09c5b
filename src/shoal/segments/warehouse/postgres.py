"""PostgreSQL 14 and newer: properties and facts are `jsonb`, instants `timestamptz`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shoal.segments.warehouse.dialect import SPLIT, Dialect, ordered, respell
from shoal.segments.warehouse.template import single

_WHOLE = "v #>> '{}' !~ '[.]' AND CAST(v #>> '{}' AS NUMERIC) BETWEEN -9223372036854775808 AND 9223372036854775807"


class Postgres(Dialect):
    """`jsonb` keeps numbers as exact decimals; whole ones of 64 bits are taken as such, all others as doubles."""

    name = "postgres"
    member = "v -> k"
    is_text = "COALESCE(jsonb_typeof(v) = 'string', FALSE)"
    is_true = "COALESCE(v = CAST('true' AS JSONB), FALSE)"
    is_false = "COALESCE(v = CAST('false' AS JSONB), FALSE)"
    is_list = "COALESCE(jsonb_typeof(v) = 'array', FALSE)"
    is_whole = f"CASE WHEN jsonb_typeof(v) = 'number' THEN {_WHOLE} ELSE FALSE END"
    is_broken = f"CASE WHEN jsonb_typeof(v) = 'number' THEN NOT ({_WHOLE}) ELSE FALSE END"
    is_set = "COALESCE(jsonb_typeof(v) <> 'null', FALSE)"
    text = "CASE WHEN jsonb_typeof(v) = 'string' THEN v #>> '{}' END"
    whole = f"CASE WHEN jsonb_typeof(v) = 'number' THEN CASE WHEN {_WHOLE} THEN CAST(v #>> '{{}}' AS BIGINT) END END"
    # What no double holds would stop the query: 1e400 has no value, 1e-400 is 0.
    broken = """CASE WHEN jsonb_typeof(v) = 'number' THEN
        CASE WHEN ABS(CAST(v #>> '{}' AS NUMERIC)) < 2.5e-324 THEN 0
             WHEN ABS(CAST(v #>> '{}' AS NUMERIC)) < 1.797693134862315808e308
             THEN CAST(v #>> '{}' AS DOUBLE PRECISION) END END"""
    written = "NULLIF(CAST(v AS TEXT), 'null')"
    any_element = """CASE WHEN jsonb_typeof(v) = 'array' THEN EXISTS(
        SELECT 1 FROM jsonb_array_elements(CASE WHEN jsonb_typeof(v) = 'array' THEN v ELSE CAST('[]' AS JSONB) END)
        AS elements(element) WHERE test) ELSE FALSE END"""
    contains = "STRPOS(t, k) > 0"
    ends_with = "RIGHT(t, LENGTH(k)) = k"
    from_on = 't COLLATE "C" >= k'
    search = 't COLLATE "C" ~ k'
    whole_number = "CAST(NULLIF(t, '') AS BIGINT)"
    before_sign = "REGEXP_REPLACE(t, '[^0-9].*$', '')"
    key_half = "CAST(CAST('x' || t AS BIT(32)) AS BIGINT)"
    digits = "ENCODE(INT8SEND(x), 'hex')"
    now = "DATE_TRUNC('milliseconds', CURRENT_TIMESTAMP)"
    milliseconds = "CAST(EXTRACT(EPOCH FROM a) * 1000 AS BIGINT)"
    of_milliseconds = "TIMESTAMPTZ '1970-01-01 00:00:00+00' + x * INTERVAL '1 millisecond'"
    later = "a + x * INTERVAL '1 millisecond'"
    day = "DATE '1900-01-01' + CAST(x AS INT)"
    instant = "CAST(k AS TIMESTAMPTZ)"
    utc = "+00"
    wide = "NUMERIC"
    divided = "DIV(x, y)"
    rounded = "ROUND(x)"
    widened = SPLIT.format(wide="NUMERIC")
    keeps_steps = True

    def at_end(self, found: exp.Expr, order: Sequence[exp.Expr], *, last: bool, where: exp.Expr | None) -> exp.Expr:
        """The first of an array."""
        array: exp.Expr = exp.ArrayAgg(
            this=exp.Order(this=single(found), expressions=ordered(order, last=last).expressions)
        )
        if where is not None:
            array = exp.Filter(this=array, expression=exp.Where(this=where.copy()))
        return exp.Bracket(this=exp.paren(array), expressions=[exp.Literal.number(1)], offset=1)

    def pattern(self, pattern: str) -> str:
        r"""`\y` is the edge of a word, and `\Z` the end; https://www.postgresql.org/docs/15/functions-matching.html."""
        return respell(pattern, {"b": r"\y"})

    def elements(self, column: str) -> exp.Select:
        """One row an element."""
        found = self.ask(
            f"""SELECT people.subscriber, elements.element FROM subscribers AS people
                CROSS JOIN LATERAL jsonb_array_elements(people.{column}) AS elements(element)"""
        )
        assert isinstance(found, exp.Select)
        return found
