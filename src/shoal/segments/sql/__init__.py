"""The SQL reading: all subscribers at once, in DuckDB, over the views of docs/decisions/0001-backbone.md."""

from __future__ import annotations

from shoal.segments.sql.people import ListTotals, read_history
from shoal.segments.sql.queries import (
    ConditionCount,
    Counts,
    Query,
    count,
    count_query,
    counts,
    counts_query,
    members,
    members_query,
)

__all__ = [
    "ConditionCount",
    "Counts",
    "ListTotals",
    "Query",
    "count",
    "count_query",
    "counts",
    "counts_query",
    "members",
    "members_query",
    "read_history",
]
