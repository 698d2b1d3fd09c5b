"""Commands about dead letters: calls that could not be taken."""

from __future__ import annotations

from typing import Annotated

import typer

from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.time import format_instant
from shoal.flow import replaying
from shoal.flow.home import open_home

letters_app = typer.Typer(help="Calls that could not be taken.", no_args_is_help=True)
app.add_typer(letters_app, name="letters")

Numbers = Annotated[list[int] | None, typer.Argument(help="Numbers as `shoal letters list` shows them; else all.")]


@letters_app.command("list")
def list_(
    context: typer.Context,
    after: Annotated[int, typer.Option(help="Only letters with greater numbers.")] = 0,
    most: Annotated[int, typer.Option(help="How many.")] = 100,
) -> None:
    """List them with their reasons; with --json also what they were."""
    shown: Shown = context.obj
    found = replaying.known_letters(open_home(shown.home), after=after, most=most)
    if shown.as_json:
        shown.document(
            [
                {
                    "id": each.id,
                    "source": each.source,
                    "received_at": format_instant(each.received_at),
                    "reason": each.letter.reason,
                    "message": each.letter.message,
                    "payload": each.letter.payload.decode(errors="replace"),
                }
                for each in found
            ]
        )
        return
    rows = [(each.id, each.source, format_instant(each.received_at), each.letter.message) for each in found]
    shown.table("Dead letters", ("Number#", "Source", "Received", "Why"), rows)
    if len(found) == most:
        shown.say(f"There may be more: `shoal letters list --after {found[-1].id}`.")


@letters_app.command("replay")
def replay(context: typer.Context, numbers: Numbers = None) -> None:
    """Read them again; those that are taken now are no dead letters any more. Status 1 where some still can't be."""
    shown: Shown = context.obj
    done = replaying.replay(open_home(shown.home), numbers or ())
    if shown.as_json:
        shown.document({"taken": done.taken, "refused": done.refused})
    else:
        shown.say(f"{done.taken} taken, {done.refused} still can't be.")
    if done.refused:
        raise typer.Exit(1)


@letters_app.command("discard")
def discard(
    context: typer.Context,
    numbers: Annotated[list[int], typer.Argument(help="Numbers as `shoal letters list` shows them.")],
) -> None:
    """Forget them."""
    shown: Shown = context.obj
    gone = replaying.discard(open_home(shown.home), numbers)
    if shown.as_json:
        shown.document({"discarded": gone})
    else:
        shown.say(f"{gone} discarded.")
