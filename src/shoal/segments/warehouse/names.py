"""Names within a plan that some warehouses want plainer than DuckDB does."""

from __future__ import annotations

from sqlglot import exp


def settle(plan: exp.Expr) -> None:
    """Each column, each inner table and each query to read from has a name of its own."""
    _number_tables(plan)
    for query in plan.find_all(exp.Select):
        for place in query.expressions:
            if isinstance(place, exp.Column) and place.table:  # ClickHouse calls it by both names else
                place.replace(exp.alias_(place.copy(), place.name, quoted=True))
    for source in plan.find_all(exp.Subquery):
        if isinstance(source.parent, exp.From) and not source.alias:  # PostgreSQL 15 insists on one
            source.set("alias", exp.TableAlias(this=exp.to_identifier("inner_rows")))


def _number_tables(plan: exp.Expr) -> None:
    """Spark has one room for the names of all common tables, inner ones included."""
    inner = [found for found in plan.find_all(exp.With) if found.parent is not plan]
    for number, tables in reversed(list(enumerate(inner))):
        for table in tables.expressions:
            name = table.alias
            table.set("alias", exp.TableAlias(this=exp.to_identifier(f"{name}_{number}")))
            assert tables.parent is not None
            for reader in tables.parent.find_all(exp.Table):
                if reader.name == name:
                    alias = reader.alias or name
                    reader.set("this", exp.to_identifier(f"{name}_{number}"))
                    reader.set("alias", exp.TableAlias(this=exp.to_identifier(alias)))
