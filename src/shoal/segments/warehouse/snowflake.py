"""Snowflake: properties and facts are `VARIANT`, instants `TIMESTAMP_TZ`; names are in capitals, as it keeps them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlglot import exp

from shoal.segments.warehouse.dialect import Dialect, ordered
from shoal.segments.warehouse.template import single


class Snowflake(Dialect):
    """`TYPEOF` tells kinds of values."""

    name = "snowflake"
    member = "GET(v, k)"
    is_text = "COALESCE(TYPEOF(v) = 'VARCHAR', FALSE)"
    is_true = "COALESCE(TYPEOF(v) = 'BOOLEAN' AND CAST(v AS BOOLEAN), FALSE)"
    is_false = "COALESCE(TYPEOF(v) = 'BOOLEAN' AND NOT CAST(v AS BOOLEAN), FALSE)"
    is_list = "COALESCE(TYPEOF(v) = 'ARRAY', FALSE)"
    is_whole = "COALESCE(TYPEOF(v) = 'INTEGER', FALSE)"
    is_broken = "COALESCE(TYPEOF(v) IN ('DECIMAL', 'DOUBLE'), FALSE)"
    is_set = "COALESCE(TYPEOF(v) <> 'NULL_VALUE', FALSE)"
    text = "CASE WHEN TYPEOF(v) = 'VARCHAR' THEN CAST(v AS VARCHAR) END"
    whole = "CASE WHEN TYPEOF(v) = 'INTEGER' THEN CAST(v AS BIGINT) END"
    broken = "CASE WHEN TYPEOF(v) IN ('INTEGER', 'DECIMAL', 'DOUBLE') THEN CAST(v AS DOUBLE) END"
    written = "NULLIF(TO_JSON(v), 'null')"
    any_element = "ARRAY_SIZE(FILTER(CAST(v AS ARRAY), element -> test)) > 0"
    contains = "CONTAINS(t, k)"
    ends_with = "ENDSWITH(t, k)"
    search = "REGEXP_INSTR(t, k) > 0"
    whole_number = "TRY_CAST(t AS BIGINT)"
    before_sign = "REGEXP_REPLACE(t, '[^0-9].*$', '')"
    key_half = "TO_NUMBER(t, 'XXXXXXXX')"
    digits = "LPAD(LTRIM(TO_CHAR(x, 'xxxxxxxxxxxxxxxx')), 16, '0')"
    now = "DATE_TRUNC('MILLISECOND', CURRENT_TIMESTAMP())"
    milliseconds = "DATE_PART('EPOCH_MILLISECOND', a)"
    of_milliseconds = "TIMESTAMPADD('MILLISECOND', x, CAST('1970-01-01 00:00:00 +0000' AS TIMESTAMP_TZ))"
    later = "TIMESTAMPADD('MILLISECOND', x, a)"
    day = "TIMESTAMPADD('DAY', x, CAST('1900-01-01' AS DATE))"
    instant = "CAST(k AS TIMESTAMP_TZ)"
    utc = " +0000"
    wide = "NUMBER(38, 0)"
    divided = "CAST((x - x % y) / y AS NUMBER(38, 0))"
    rounded = "CASE WHEN ABS(x - TRUNC(x)) = 0.5 THEN 2 * ROUND(x / 2) ELSE ROUND(x) END"
    widened = "CAST(x AS NUMBER(38, 0))"
    greatest_skips_null = False

    def at_end(self, found: exp.Expr, order: Sequence[exp.Expr], *, last: bool, where: exp.Expr | None) -> exp.Expr:
        """The first of an array; a missing value is left out of it."""
        kept = single(found) if where is None else self.ask("CASE WHEN c THEN f END", c=where, f=found)
        array = exp.WithinGroup(this=exp.ArrayAgg(this=kept), expression=ordered(order, last=last))
        return exp.cast(exp.Anonymous(this="GET", expressions=[array, exp.Literal.number(0)]), _type_of(found))

    def pattern(self, pattern: str) -> str:
        """Groups are all alike, and no repetition is lazy: neither changes whether there is a match."""
        plain = pattern.replace("(?:", "(")
        return re.sub(r"(?<!\\)([*+?}])\?", r"\1", plain)

    def identifier(self, name: str) -> str:
        """In capitals."""
        return name.upper()

    def elements(self, column: str) -> exp.Select:
        """One row an element."""
        found = self.ask(
            f"""SELECT people.subscriber, elements.value AS element FROM subscribers AS people,
                LATERAL FLATTEN(INPUT => people.{column}) AS elements"""
        )
        assert isinstance(found, exp.Select)
        return found


def _type_of(found: exp.Expr) -> str:
    """The type of what an array held: what stands where nothing does tells it, and texts stand alone."""
    absent = found.expressions[-1] if isinstance(found, exp.Coalesce) else found
    if isinstance(absent, exp.Boolean | exp.Predicate):
        return "BOOLEAN"
    if isinstance(absent, exp.Cast):
        return "DOUBLE"
    return "BIGINT" if isinstance(absent, exp.Neg) else "VARCHAR"
