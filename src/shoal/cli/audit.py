"""The command `audit`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from shoal.cli.main import app, workspace_to_ask
from shoal.cli.show import Shown, console, printing, require_place
from shoal.measurement.audit import as_data
from shoal.measurement.audit.terminal import render


@app.command()
def audit(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option(help="Write the audit as one self-contained page.")] = None,
) -> None:
    """Rate every source: completeness, accuracy, freshness; what to mend first."""
    shown: Shown = context.obj
    require_place(html)
    workspace = workspace_to_ask(shown)
    found = workspace.audit()
    if html is not None:
        workspace.write_audit(found, html)
    if shown.as_json:
        shown.document(as_data(found))
        return
    with printing():
        render(found, console())
    if html is not None:
        shown.say(f"The page is in {html}.")
