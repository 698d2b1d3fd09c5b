"""Commands about warehouses: sql, tables."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import pyarrow.parquet as pq
import typer

from shoal.cli.main import app
from shoal.cli.segments import AsOf, VersionAt, What, instant_of
from shoal.cli.show import Shown, require_place
from shoal.segments.clocks import offsets
from shoal.segments.warehouse.dialects import DIALECTS
from shoal.segments.warehouse.tables import table_statements
from shoal.workspace import Workspace

DialectName = Annotated[str, typer.Option("--dialect", help=f"{', '.join(DIALECTS)}.")]


@app.command()
def sql(
    context: typer.Context, what: What, dialect: DialectName, as_of: AsOf = None, version_at: VersionAt = None
) -> None:
    """Print a definition as one SELECT for a warehouse; without --as-of it asks for the time at which it is run."""
    shown: Shown = context.obj
    workspace = Workspace.open(shown.home)
    query = workspace.sql(what, dialect, as_of=instant_of(as_of), version_at=instant_of(version_at))
    if shown.as_json:
        shown.document({"dialect": dialect, "sql": query})
        return
    typer.echo(query)


@app.command()
def tables(
    context: typer.Context,
    dialect: DialectName,
    zones: Annotated[Path | None, typer.Option(help="Parquet file to write the rows of zone_offsets to.")] = None,
) -> None:
    """Print the CREATE TABLE statements of what `shoal sql` reads."""
    shown: Shown = context.obj
    statements = table_statements(dialect)
    require_place(zones)
    if zones is not None:
        pq.write_table(offsets(), zones)
    if shown.as_json:
        shown.document({"dialect": dialect, "statements": list(statements)})
        return
    typer.echo("\n\n".join(f"{one};" for one in statements))
