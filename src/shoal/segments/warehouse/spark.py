"""Spark 4 and newer, and Databricks: properties and facts are `VARIANT`, instants `TIMESTAMP`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shoal.segments.warehouse.dialect import SPLIT, Dialect, respell
from shoal.segments.warehouse.template import single

_EDGE = r"(?:(?<=\w)(?!\w)|(?<!\w)(?=\w))"
_NUMBER = "schema_of_variant(v) = 'DOUBLE' OR schema_of_variant(v) = 'FLOAT' OR schema_of_variant(v) LIKE 'DECIMAL%'"


class Spark(Dialect):
    """`schema_of_variant` tells how a value was written."""

    name = "spark"
    member = "TRY_CAST(v AS MAP<STRING, VARIANT>)[k]"
    is_text = "schema_of_variant(v) <=> 'STRING'"
    is_true = "schema_of_variant(v) <=> 'BOOLEAN' AND TRY_CAST(v AS BOOLEAN)"
    is_false = "schema_of_variant(v) <=> 'BOOLEAN' AND NOT TRY_CAST(v AS BOOLEAN)"
    is_list = "COALESCE(schema_of_variant(v) LIKE 'ARRAY%', FALSE)"
    is_whole = "schema_of_variant(v) <=> 'BIGINT'"
    is_broken = f"COALESCE({_NUMBER}, FALSE)"
    is_set = "COALESCE(schema_of_variant(v) <> 'VOID', FALSE)"
    text = "CASE WHEN schema_of_variant(v) = 'STRING' THEN TRY_CAST(v AS STRING) END"
    whole = "TRY_CAST(v AS BIGINT)"
    broken = "TRY_CAST(v AS DOUBLE)"
    written = "NULLIF(TO_JSON(v), 'null')"
    any_element = "EXISTS(TRY_CAST(v AS ARRAY<VARIANT>), element -> test)"
    contains = "CONTAINS(t, k)"
    ends_with = "ENDSWITH(t, k)"
    search = "t RLIKE k"
    whole_number = "TRY_CAST(t AS BIGINT)"
    before_sign = "REGEXP_REPLACE(t, '[^0-9].*$', '')"
    key_half = "CAST(CONV(t, 16, 10) AS BIGINT)"
    digits = "LPAD(LOWER(HEX(x)), 16, '0')"
    now = "DATE_TRUNC('MILLISECOND', CURRENT_TIMESTAMP())"
    milliseconds = "UNIX_MILLIS(a)"
    of_milliseconds = "TIMESTAMP_MILLIS(x)"
    later = "TIMESTAMP_MILLIS(UNIX_MILLIS(a) + x)"
    day = "DATE_ADD(DATE '1900-01-01', CAST(x AS INT))"
    instant = "CAST(k AS TIMESTAMP)"
    utc = "Z"
    wide = "DECIMAL(38, 0)"
    divided = "CAST((x - x % y) / y AS DECIMAL(38, 0))"
    rounded = "RINT(x)"
    cut = "RINT(x)"
    widened = SPLIT.format(wide="DECIMAL(38, 0)")

    def at_end(self, found: exp.Expr, order: Sequence[exp.Expr], *, last: bool, where: exp.Expr | None) -> exp.Expr:
        """`max_by` of a struct; rows that are not asked have none."""
        place: exp.Expr = exp.Anonymous(this="STRUCT", expressions=[single(one) for one in order])
        if where is not None:
            place = exp.Case(ifs=[exp.If(this=where.copy(), true=place)])
        return exp.Anonymous(this="MAX_BY" if last else "MIN_BY", expressions=[found.copy(), place])

    def pattern(self, pattern: str) -> str:
        r"""Java's; its `\b` goes by Unicode, ours does not."""
        return respell(pattern, {"Z": r"\z", "b": _EDGE})

    def literal(self, text: str) -> exp.Expr:
        """A text in two halves where Spark would put in a variable: it reads `${` even within quotes."""
        parts = [exp.Literal.string(part) for part in text.replace("${", "$\0{").split("\0")]
        return exp.Anonymous(this="CONCAT", expressions=parts) if len(parts) > 1 else parts[0]

    def elements(self, column: str) -> exp.Select:
        """One row an element."""
        found = self.ask(
            f"SELECT subscriber, EXPLODE(TRY_CAST({column} AS ARRAY<VARIANT>)) AS element FROM subscribers"
        )
        assert isinstance(found, exp.Select)
        return found
