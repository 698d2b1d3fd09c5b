"""ClickHouse 25 and newer: properties and facts are `String` with JSON in it, instants `DateTime64(3, 'UTC')`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from shoal.segments.warehouse.dialect import Dialect
from shoal.segments.warehouse.template import single


class ClickHouse(Dialect):
    """A value is the JSON that writes it; the empty text where there is none."""

    name = "clickhouse"
    member = "JSONExtractRaw(v, k)"
    is_text = "JSONType(v) = 'String'"
    is_true = "v = 'true'"
    is_false = "v = 'false'"
    is_list = "JSONType(v) = 'Array'"
    is_whole = "JSONType(v) = 'Int64'"
    is_broken = "JSONType(v) IN ('Double', 'UInt64')"
    is_set = "JSONType(v) <> 'Null'"
    text = "CASE WHEN JSONType(v) = 'String' THEN JSONExtractString(v) END"
    whole = "CASE WHEN JSONType(v) = 'Int64' THEN JSONExtractInt(v) END"
    broken = "CASE WHEN JSONType(v) IN ('Int64', 'UInt64', 'Double') THEN JSONExtractFloat(v) END"
    written = "nullIf(nullIf(v, ''), 'null')"
    any_element = "arrayExists(element -> test, JSONExtractArrayRaw(v))"
    contains = "position(t, k) > 0"
    ends_with = "endsWith(t, k)"
    search = "match(t, k)"
    whole_number = "toInt64OrNull(t)"
    before_sign = "replaceRegexpOne(t, '[^0-9].*$', '')"
    key_half = "toInt64(reinterpretAsUInt32(reverse(unhex(t))))"
    digits = "leftPad(lower(hex(toUInt64(x))), 16, '0')"
    digest = "lower(hex(MD5(t)))"
    now = "now64(3, 'UTC')"
    milliseconds = "toUnixTimestamp64Milli(a)"
    of_milliseconds = "fromUnixTimestamp64Milli(x, 'UTC')"
    later = "addMilliseconds(a, x)"
    day = "addDays(toDate32('1900-01-01'), x)"
    instant = "toDateTime64(k, 3, 'UTC')"
    wide = "Nullable(Int128)"
    divided = "intDiv(x, y)"
    rounded = "roundBankers(x)"
    cut = "trunc(x)"
    widened = "CAST(x AS Nullable(Int128))"
    greatest_skips_null = False
    # NULL where a join finds nothing; a column before an alias of the same name, as everywhere else.
    settings = ("join_use_nulls = 1", "prefer_column_name_to_alias = 1")

    def at_end(self, found: exp.Expr, order: Sequence[exp.Expr], *, last: bool, where: exp.Expr | None) -> exp.Expr:
        """`argMax` of a tuple; the value may be NULL, or no row would count as 0."""
        value = exp.Anonymous(this="toNullable", expressions=[found.copy()])
        place = exp.Anonymous(this="tuple", expressions=[single(one) for one in order])
        function = f"arg{'Max' if last else 'Min'}{'' if where is None else 'If'}"
        tests = [] if where is None else [where.copy()]
        return exp.Anonymous(this=function, expressions=[value, place, *tests])

    def pattern(self, pattern: str) -> str:
        """RE2; a dot is not the end of a line, as it is here by default."""
        return f"(?-s){pattern}"

    def elements(self, column: str) -> exp.Select:
        """One row an element."""
        found = self.ask(f"SELECT subscriber, arrayJoin(JSONExtractArrayRaw({column})) AS element FROM subscribers")
        assert isinstance(found, exp.Select)
        return found
