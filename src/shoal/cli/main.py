"""The `shoal` command: parse, call one function, show the answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection
from importlib import import_module, metadata
from pathlib import Path
from typing import Annotated, cast

import typer

from shoal.cli.show import Shown, printing
from shoal.core.errors import UserError
from shoal.core.failures import failure
from shoal.workspace import Workspace

app = typer.Typer(
    name="shoal",
    help="Find the micro-audiences in an e-mail list.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

GLOBAL = ("--home", "--json", "--yes")

COMMANDS = {
    "data": ("init", "import", "sources"),
    "analyse": ("analyse", "demo"),
    "audit": ("audit",),
    "segments": ("segments", "count", "members", "explain"),
    "definitions": ("plan", "apply", "history", "rollback", "lint"),
    "starters": ("starters",),
    "people": ("subscribers", "duplicates"),
    "warehouse": ("sql", "tables"),
    "keys": ("key",),
    "users": ("user",),
    "webhooks": ("webhook",),
    "destinations": ("destination",),
    "letters": ("letters",),
    "backup": ("backup", "restore", "rebuild"),
    "doctor": ("doctor",),
    "serve": ("serve",),
}
"""Which file has which commands."""


def _version(asked: bool) -> None:
    if asked:
        Shown(home=Path(), as_json=False, yes=False).say(f"shoal {metadata.version('shoal')}")
        raise typer.Exit


@app.callback()
def options(
    context: typer.Context,
    home: Annotated[Path, typer.Option(envvar="SHOAL_HOME", help="Folder of the workspace.")] = Path(".shoal"),
    json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Answer yes to every question.")] = False,
    _: Annotated[bool, typer.Option("--version", help="Print the version.", callback=_version, is_eager=True)] = False,
) -> None:
    """Options that stand before every command."""
    context.obj = Shown(home=home, as_json=json, yes=yes)


def load(words: Collection[str]) -> None:
    """Load the files of the commands among the words, which register themselves on `app`; all, where there is none.

    Each brings its libraries, and a command should not wait for those of the others.
    """
    asked = [file for file, names in COMMANDS.items() if not set(names).isdisjoint(words)]
    for file in asked or COMMANDS:
        import_module(f"shoal.cli.{file}")


def main() -> None:
    """Entry point: exit status 0 done, 1 a check failed, 2 wrong use."""
    load(sys.argv[1:])
    as_json = "--json" in sys.argv
    try:
        raise SystemExit(_answered(as_json))
    except typer.TyperException as error:  # wrong use, which Typer shows itself without --json
        Shown.error_as_json(_wrong_use(error))
        raise SystemExit(error.exit_code) from None
    except SystemExit as ended:
        # The reader of our output has gone (`shoal members … | head`): Typer calls that an error, and we don't.
        if isinstance(ended.__context__, BrokenPipeError):
            raise SystemExit(0) from None
        raise
    except Exception as error:
        told = error if isinstance(error, UserError) else failure(error)
        if told is None:
            raise
        (Shown.error_as_json if as_json else Shown.error)(told)
        raise SystemExit(2) from None


def _answered(as_json: bool) -> int | None:
    """Run the command, until all that it printed is out; its exit status."""
    try:
        return cast("int | None", app(standalone_mode=False) if as_json else app())
    finally:
        try:
            with printing():
                sys.stdout.flush()
        except BrokenPipeError:
            _drop_output()
            raise SystemExit(0) from None
        except UserError:
            _drop_output()
            raise


def _drop_output() -> None:
    """Let what can't be printed go: Python would try once more at its end, and tell of that in a traceback."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def workspace_to_ask(shown: Shown) -> Workspace:
    """The workspace, for a question to its data; warns where an import has not ended."""
    workspace = Workspace.open(shown.home)
    for warning in workspace.warnings():
        shown.warn(warning)
    return workspace


def _wrong_use(error: typer.TyperException) -> UserError:
    """Typer's complaint in the one error shape."""
    told = error.format_message()
    command = getattr(getattr(error, "ctx", None), "command_path", "shoal")
    message = "A command is missing." if "\n" in told else told  # the whole help, where nothing was given
    early = "Options for all commands stand before the command. " if any(f" {name}" in told for name in GLOBAL) else ""
    return UserError("wrong_use", message, where=command, fix=f"{early}`{command} --help` says how it is used.")
