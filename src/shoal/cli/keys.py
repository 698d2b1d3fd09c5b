"""Commands about the keys of programs: create, list, revoke."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from shoal.access.keys import SCOPES, Key
from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.time import Instant, format_instant
from shoal.flow import admitting
from shoal.flow.home import open_home

key_app = typer.Typer(help="Keys of programs.", no_args_is_help=True)
app.add_typer(key_app, name="key")


@key_app.command("create")
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What you call it, such as the program that uses it.")],
    scope: Annotated[list[str] | None, typer.Option(help=f"What it may do: {', '.join(SCOPES)}.")] = None,
    source: Annotated[str, typer.Option(help="Source of the events that it writes: tells message ids apart.")] = "api",
) -> None:
    """Make a key, and show it this once."""
    shown: Shown = context.obj
    key, text = admitting.create_key(open_home(shown.home), name, source, tuple(scope or ("write",)))
    if shown.as_json:
        shown.document({**_key(key), "key": text})
        return
    shown.say(
        f"{text}",
        f"This is key {key.id}, {key.name}: it may {', '.join(SCOPES[each] for each in key.scopes)}.",
        "Keep it now: it is not shown again.",
    )


@key_app.command("list")
def list_(context: typer.Context) -> None:
    """List all keys, without the keys themselves."""
    shown: Shown = context.obj
    keys = admitting.known_keys(open_home(shown.home))
    if shown.as_json:
        shown.document([_key(key) for key in keys])
        return
    columns = ("Number#", "Name", "Begins with", "Source", "May", "Made", "Revoked")
    rows = [
        (
            *(key.id, key.name, key.beginning, key.source, " ".join(key.scopes), format_instant(key.created_at)),
            "" if key.revoked_at is None else format_instant(key.revoked_at),
        )
        for key in keys
    ]
    shown.table("Keys", columns, rows)
    if not keys:
        shown.say("There is none yet: `shoal key create NAME` makes one.")


@key_app.command("revoke")
def revoke(
    context: typer.Context, number: Annotated[int, typer.Argument(help="As `shoal key list` shows it.")]
) -> None:
    """End a key: from now on it opens nothing."""
    shown: Shown = context.obj
    key = admitting.revoke_key(open_home(shown.home), number)
    if shown.as_json:
        shown.document(_key(key))
    else:
        shown.say(f"Key {key.id}, {key.name}, opens nothing any more.")


def _key(key: Key) -> dict[str, Any]:
    def told(at: Instant | None) -> str | None:
        return None if at is None else format_instant(at)

    return {
        "id": key.id,
        "name": key.name,
        "source": key.source,
        "scopes": list(key.scopes),
        "begins_with": key.beginning,
        "created_at": told(key.created_at),
        "revoked_at": told(key.revoked_at),
    }
