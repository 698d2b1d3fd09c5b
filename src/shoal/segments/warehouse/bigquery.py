"""BigQuery: properties and facts are `JSON`, instants `TIMESTAMP`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shoal.segments.warehouse.dialect import Dialect, ordered
from shoal.segments.warehouse.template import single

_WHOLE = "SAFE.INT64(v) IS NOT NULL AND REGEXP_CONTAINS(TO_JSON_STRING(v), '^-?[0-9]+$')"


class BigQuery(Dialect):
    """`JSON_TYPE` tells kinds of values; whole numbers are those that are written so."""

    name = "bigquery"
    member = "v[k]"
    is_text = "COALESCE(JSON_TYPE(v) = 'string', FALSE)"
    is_true = "COALESCE(SAFE.BOOL(v), FALSE)"
    is_false = "NOT COALESCE(SAFE.BOOL(v), TRUE)"
    is_list = "COALESCE(JSON_TYPE(v) = 'array', FALSE)"
    is_whole = f"COALESCE(JSON_TYPE(v) = 'number' AND {_WHOLE}, FALSE)"
    is_broken = f"COALESCE(JSON_TYPE(v) = 'number' AND NOT ({_WHOLE}), FALSE)"
    is_set = "COALESCE(JSON_TYPE(v) <> 'null', FALSE)"
    text = "SAFE.STRING(v)"
    whole = "SAFE.INT64(v)"
    broken = "SAFE.FLOAT64(v)"
    written = "NULLIF(TO_JSON_STRING(v), 'null')"
    any_element = "EXISTS(SELECT 1 FROM UNNEST(JSON_QUERY_ARRAY(v)) AS element WHERE test)"
    contains = "STRPOS(t, k) > 0"
    ends_with = "ENDS_WITH(t, k)"
    search = "REGEXP_CONTAINS(t, k)"
    whole_number = "SAFE_CAST(t AS INT64)"
    before_sign = "REGEXP_REPLACE(t, '[^0-9].*$', '')"
    key_half = "CAST('0x' || t AS INT64)"
    digits = "FORMAT('%016x', x)"
    digest = "TO_HEX(MD5(t))"
    now = "TIMESTAMP_TRUNC(CURRENT_TIMESTAMP(), MILLISECOND)"
    milliseconds = "UNIX_MILLIS(a)"
    of_milliseconds = "TIMESTAMP_MILLIS(x)"
    later = "TIMESTAMP_MILLIS(UNIX_MILLIS(a) + x)"
    day = "DATE_ADD(DATE '1900-01-01', INTERVAL x DAY)"
    instant = "CAST(k AS TIMESTAMP)"
    utc = "+00"
    wide = "BIGNUMERIC"
    divided = "DIV(x, y)"
    rounded = "CASE WHEN ABS(x - TRUNC(x)) = 0.5 THEN 2 * ROUND(x / 2) ELSE ROUND(x) END"
    widened = "CAST(x AS BIGNUMERIC)"
    greatest_skips_null = False

    def at_end(self, found: exp.Expr, order: Sequence[exp.Expr], *, last: bool, where: exp.Expr | None) -> exp.Expr:
        """The first of an array of one."""
        kept = single(found) if where is None else self.ask("CASE WHEN c THEN f END", c=where, f=found)
        sorting = exp.Order(this=exp.IgnoreNulls(this=kept), expressions=ordered(order, last=last).expressions)
        array = exp.ArrayAgg(this=exp.Limit(this=sorting, expression=exp.Literal.number(1)))
        return exp.Bracket(this=array, expressions=[exp.Literal.number(0)], offset=0, safe=True)

    def elements(self, column: str) -> exp.Select:
        """One row an element."""
        found = self.ask(
            f"""SELECT people.subscriber, element FROM subscribers AS people
                CROSS JOIN UNNEST(JSON_QUERY_ARRAY(people.{column})) AS element"""
        )
        assert isinstance(found, exp.Select)
        return found
