"""DuckDB 2.0 and newer: properties and facts are `VARIANT`, instants `TIMESTAMP` in UTC."""

from __future__ import annotations

from sqlglot import exp

from shoal.segments.warehouse.dialect import Dialect


class DuckDB(Dialect):
    """Plans are written in its words."""

    name = "duckdb"
    is_plan = True
    keeps_steps = True
    member = "v[k]"
    text = "TRY_CAST(v AS VARCHAR)"
    whole = "TRY_CAST(v AS BIGINT)"
    now = "DATE_TRUNC('millisecond', CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS TIMESTAMP))"
    milliseconds = "epoch_ms(a)"
    of_milliseconds = "make_timestamp_ms(x)"
    later = "a + to_milliseconds(x)"
    instant = "CAST(k AS TIMESTAMP)"
    wide = "HUGEINT"

    def elements(self, column: str) -> exp.Select:
        """One row an element."""
        found = self.ask(f"SELECT subscriber, UNNEST(CAST({column} AS VARIANT[])) AS element FROM subscribers")
        assert isinstance(found, exp.Select)
        return found
