"""Who a receiver was told is in a segment, and what it is still to be told.

What was confirmed is kept, so the difference to who is a member now is exact: who came and went in between is in
neither, and after a loss only what differs is sent. People are rows of texts, one column a field; "" is none.
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa

from shoal.destinations.tables import destination_members as kept

MOST_PARTS = 64
"""Confirmed batches of a segment, after which they are put together."""

_HERE = "here"
_TURN = "turn"
_IPC = pa.ipc.IpcWriteOptions(compression="zstd")


def rows_of(columns: dict[str, Sequence[str | None]]) -> pa.Table:
    """People as rows: each once, in order, without those who have nothing that they could be named by."""
    table = pa.table({name: pa.array([each or "" for each in values], pa.string()) for name, values in columns.items()})
    return _distinct(table).filter(_is_named(table.column_names))


def difference(told: pa.Table, wanted: pa.Table) -> tuple[pa.Table, pa.Table]:
    """Who left and who came, each in order."""
    names = wanted.column_names
    sides = [
        side.append_column(_TURN, pa.array([turn] * side.num_rows, pa.int8())) for turn, side in _sides(told, wanted)
    ]
    both = pa.concat_tables(sides).group_by(names).aggregate([(_TURN, "sum")])
    left, came = (both.filter(pc.equal(both[f"{_TURN}_sum"], turn)).select(names) for turn in (1, 2))
    return _sorted(left), _sorted(came)


def confirmed(connection: sa.Connection, destination: int, segment: str) -> pa.Table | None:
    """Who the receiver was told is in a segment; None where it was told nothing of it yet."""
    parts = [packed(row.payload) for row in connection.execute(_of(destination, segment).order_by(kept.c.batch))]
    if not parts:
        return None
    names = [name for name in parts[0].column_names if name != _HERE]
    turns = [
        part.select(names).append_column(_TURN, pc.add(2 * number, part[_HERE].cast(pa.int64())))
        for number, part in enumerate(parts)
    ]
    last = pa.concat_tables(turns).group_by(names).aggregate([(_TURN, "max")])
    here = last.filter(pc.equal(pc.bit_wise_and(last[f"{_TURN}_max"], 1), 1))
    return _sorted(here.select(names))


def confirm(
    connection: sa.Connection, destination: int, segment: str, batch: int, rows: pa.Table, *, here: bool
) -> None:
    """Note in the caller's transaction that the receiver was told of these."""
    flags = pa.array([here] * rows.num_rows, pa.bool_())
    _put(connection, destination, segment, batch, rows.append_column(_HERE, flags))
    count = sa.select(sa.func.count()).select_from(_of(destination, segment).subquery())
    if (connection.scalar(count) or 0) <= MOST_PARTS:
        return
    whole = confirmed(connection, destination, segment)
    assert whole is not None
    forget(connection, destination, segment)
    _put(connection, destination, segment, batch, whole.append_column(_HERE, pa.array([True] * whole.num_rows)))


def told_of(connection: sa.Connection, destination: int) -> set[str]:
    """Segments that the receiver was told something of."""
    return set(connection.scalars(sa.select(kept.c.segment).where(kept.c.destination == destination).distinct()))


def forget(connection: sa.Connection, destination: int, segment: str | None = None) -> None:
    """Forget what a receiver was told, of one segment or of all: it is told everything again."""
    whose = kept.c.destination == destination
    where = whose if segment is None else sa.and_(whose, kept.c.segment == segment)
    connection.execute(sa.delete(kept).where(where))


def pack(rows: pa.Table) -> bytes:
    """Rows as bytes."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema, options=_IPC) as writer:
        writer.write_table(rows)
    found: bytes = sink.getvalue().to_pybytes()
    return found


def packed(content: bytes) -> pa.Table:
    """The rows that `pack` made bytes of."""
    return pa.ipc.open_stream(content).read_all()


def _of(destination: int, segment: str) -> sa.Select[tuple[object, ...]]:
    return sa.select(kept).where(kept.c.destination == destination, kept.c.segment == segment)


def _put(connection: sa.Connection, destination: int, segment: str, batch: int, rows: pa.Table) -> None:
    row = {"destination": destination, "segment": segment, "batch": batch, "rows": rows.num_rows}
    connection.execute(sa.insert(kept), {**row, "payload": pack(rows)})


def _sides(told: pa.Table, wanted: pa.Table) -> tuple[tuple[int, pa.Table], ...]:
    return (1, told.select(wanted.column_names)), (2, wanted)


def _distinct(rows: pa.Table) -> pa.Table:
    return _sorted(rows.group_by(rows.column_names).aggregate([]))


def _sorted(rows: pa.Table) -> pa.Table:
    return rows.sort_by([(name, "ascending") for name in rows.column_names])


def _is_named(names: Sequence[str]) -> pc.Expression:
    found = pc.field(names[0]) != ""
    for name in names[1:]:
        found |= pc.field(name) != ""
    return found
