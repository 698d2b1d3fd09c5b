"""The command that looks whether all is well."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.flow.doctor import examine


@app.command()
def doctor(
    context: typer.Context,
    deep: Annotated[bool, typer.Option("--deep", help="Read every byte of the lake and the database.")] = False,
) -> None:
    """Check the workspace and the machine; exit status 1 when a check fails. Nothing is changed."""
    shown: Shown = context.obj
    found = examine(shown.home, deep=deep)
    failed = [each for each in found if each.level == "failed"]
    if shown.as_json:
        shown.document({"healthy": not failed, "checks": [asdict(each) for each in found]})
    else:
        shown.table("Checks", ("Check", "", "What was found"), [(each.check, each.level, each.told) for each in found])
        shown.say(*(f"  {each.check}: {each.fix}" for each in found if each.fix))
    if failed:
        raise typer.Exit(1)
