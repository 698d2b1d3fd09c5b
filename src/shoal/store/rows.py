"""Many rows between Arrow and the SQL database."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from shoal.store.columns import column

_AT_ONCE = 100_000
_TYPES: dict[type, pa.DataType] = {int: pa.int64(), str: pa.string(), float: pa.float64(), bool: pa.bool_()}


def fetch(connection: sa.Connection, *columns: sa.Column[Any], where: sa.ColumnElement[bool] | None = None) -> pa.Table:
    """Some columns of one table, as Arrow: all rows, or those of a condition that binds no values."""
    chosen = sa.select(*columns) if where is None else sa.select(*columns).where(where)
    statement = str(chosen.compile(dialect=connection.dialect))
    schema = pa.schema([pa.field(column.name, _TYPES[column.type.python_type]) for column in columns])
    cursor = connection.connection.cursor()
    try:
        with _no_collection():
            cursor.execute(statement)
            batches = [_batch(rows, schema) for rows in iter(lambda: cursor.fetchmany(_AT_ONCE), [])]
    finally:
        cursor.close()
    return pa.Table.from_batches(batches, schema)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Without the collector of cycles: rows have none, and looking for them takes as long as reading them."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def fetch_where(
    connection: sa.Connection, key: sa.Column[Any], values: pa.ChunkedArray, *columns: sa.Column[Any]
) -> pa.Table:
    """The rows whose key is one of the values (whole numbers), as Arrow."""
    dialect = connection.dialect
    condition = key == sa.any_(sa.bindparam("wanted")) if dialect.name == "postgresql" else key.in_(_IN_JSON)
    wanted = values.to_pylist()
    given = wanted if dialect.name == "postgresql" else json.dumps(wanted)
    schema = pa.schema([pa.field(column.name, _TYPES[column.type.python_type]) for column in columns])
    with _no_collection():
        found = connection.execute(sa.select(*columns).where(condition), {"wanted": given})
        batches = [_batch(some, schema) for some in iter(lambda: found.fetchmany(_AT_ONCE), [])]
    return pa.Table.from_batches(batches, schema)


_IN_JSON = sa.text("SELECT value FROM json_each(:wanted)").columns(sa.column("value")).scalar_subquery()


def upsert(connection: sa.Connection, table: sa.Table, rows: pa.Table, *, earliest: str, takes: tuple[str, ...]) -> int:
    """Insert rows; of a known row and a new one with its key, the one with the smaller `(earliest, *takes)` stays.

    `takes` are the columns that change together with `earliest`. `rows` has all columns of the
    table, and each key once. Returns how many rows were inserted or changed.
    """
    if not rows.num_rows:
        return 0
    if connection.dialect.name == "postgresql":
        return _upsert_postgresql(connection, table, rows, earliest, takes)
    statement = sqlite.insert(table).values({name: sa.bindparam(name) for name in rows.column_names})
    written = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: statement.excluded[name] for name in (earliest, *takes)},
        where=_before(statement.excluded, table.c, (earliest, *takes)),
    )
    return _execute_many(connection, written, rows)


def insert(connection: sa.Connection, table: sa.Table, rows: pa.Table) -> None:
    """Insert rows whose keys are new."""
    if connection.dialect.name == "postgresql":
        _copy(connection, table.name, rows)
    elif rows.num_rows:
        statement = sqlite.insert(table).values({name: sa.bindparam(name) for name in rows.column_names})
        _execute_many(connection, statement, rows)


def delete(connection: sa.Connection, key: sa.Column[Any], values: pa.Array) -> None:
    """Delete the rows whose key is one of the values."""
    if connection.dialect.name == "postgresql":
        gone = sa.bindparam("gone", values.to_pylist(), postgresql.ARRAY(sa.BigInteger))
        connection.execute(sa.delete(key.table).where(key == sa.any_(gone)))
    elif len(values):
        statement = sa.delete(key.table).where(key == sa.bindparam("gone"))
        _execute_many(connection, statement, pa.table({"gone": values}))


def _before(new: Any, old: Any, columns: tuple[str, ...]) -> sa.ColumnElement[bool]:
    first, *rest = columns
    if not rest:
        return sa.and_(new[first] < old[first])
    return sa.or_(new[first] < old[first], sa.and_(new[first] == old[first], _before(new, old, tuple(rest))))


def _execute_many(connection: sa.Connection, statement: Any, rows: pa.Table) -> int:
    """The driver's own executemany: SQLAlchemy's takes a dictionary a row, which costs more than the insert."""
    compiled = statement.compile(dialect=connection.dialect)
    cursor = connection.connection.cursor()
    changed = 0
    try:
        with _no_collection():
            for batch in rows.select(compiled.positiontup or list(compiled.params)).to_batches(_AT_ONCE):
                cursor.executemany(str(compiled), list(_tuples(batch)))
                changed += max(cursor.rowcount, 0)
    finally:
        cursor.close()
    return changed


def _upsert_postgresql(
    connection: sa.Connection, table: sa.Table, rows: pa.Table, earliest: str, takes: tuple[str, ...]
) -> int:
    incoming = sa.table("incoming_rows", *[sa.column(name) for name in rows.column_names])
    quoted = connection.dialect.identifier_preparer.format_table(table)
    connection.exec_driver_sql(f"CREATE TEMP TABLE incoming_rows (LIKE {quoted}) ON COMMIT DROP")
    _copy(connection, incoming.name, rows)
    statement = postgresql.insert(table).from_select(rows.column_names, sa.select(incoming))
    written = statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={name: statement.excluded[name] for name in (earliest, *takes)},
        where=_before(statement.excluded, table.c, (earliest, *takes)),
    )
    changed = connection.execute(written, execution_options={"preserve_rowcount": True}).rowcount
    connection.exec_driver_sql("DROP TABLE incoming_rows")
    return changed


def _copy(connection: sa.Connection, table: str, rows: pa.Table) -> None:
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in rows.column_names)
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copying:
        for batch in rows.to_batches(_AT_ONCE):
            for row in _tuples(batch):
                copying.write_row(row)


def _tuples(batch: pa.RecordBatch) -> Iterator[tuple[Any, ...]]:
    return zip(*[column.to_pylist() for column in batch.columns], strict=True)


def _batch(rows: Sequence[Any], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    return pa.RecordBatch.from_arrays(
        [column(values, field.type) for values, field in zip(columns, schema, strict=True)], schema=schema
    )
