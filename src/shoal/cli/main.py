"""The `shoal` command: parse, call one function, show the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from shoal.cli.show import Shown
from shoal.core.errors import UserError

app = typer.Typer(
    name="shoal",
    help="Find the micro-audiences in an e-mail list.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[Path, typer.Option(envvar="SHOAL_HOME", help="Folder of the workspace.")] = Path(".shoal"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Answer yes to every question.")] = False,
) -> None:
    """Options that stand before every command."""
    context.obj = Shown(home=home, as_json=json, yes=yes)


def main() -> None:
    """Entry point: exit status 0 done, 1 a check failed, 2 wrong use."""
    # Commands register themselves on `app`.
    from shoal.cli import analyse, data, people, segments  # noqa: F401, PLC0415

    try:
        app()
    except UserError as error:
        if "--json" in sys.argv:
            Shown.error_as_json(error)
        else:
            Shown.error(error)
        raise SystemExit(2) from None
    except SystemExit as ended:
        # The reader of our output has gone (`shoal members … | head`): Typer calls that an error, and we don't.
        if isinstance(ended.__context__, BrokenPipeError):
            raise SystemExit(0) from None
        raise
