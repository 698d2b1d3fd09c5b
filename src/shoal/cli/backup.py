"""Commands that keep the record safe: backup, restore, rebuild."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import Progress

from shoal.cli.main import app
from shoal.cli.show import Shown, number
from shoal.core.time import Instant, format_instant
from shoal.flow.backing_up import Watch, back_up
from shoal.flow.backup_form import Manifest
from shoal.flow.home import open_home
from shoal.flow.restoring import Wanted, restore


@app.command("backup")
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FOLDER|FILE", help="A new folder, or a new file ending in .tar.")],
    link: Annotated[
        bool, typer.Option("--link", help="Share the lake's files with a backup on the same disk: quick, to copy from.")
    ] = False,
    with_secret: Annotated[
        bool, typer.Option("--with-secret", help="Put the workspace's secret into the backup too.")
    ] = False,
) -> None:
    """Write a backup of the workspace, while it is in use."""
    shown: Shown = context.obj
    opened = open_home(shown.home)
    try:
        with shown.progress() as bar:
            made = back_up(opened, target, link=link, with_secret=with_secret, watch=_watch(bar))
    finally:
        opened.database.close()
    _show(shown, made, target, "Wrote")
    if made.secret is not None and not with_secret:
        shown.warn(f"The workspace's secret is not in it: keep a copy of {opened.home.secret} in another place.")


@app.command("restore")
def restore_(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(metavar="BACKUP", help="The folder or .tar file.")],
    into: Annotated[Path, typer.Option("--into", metavar="DIR", help="A folder that does not exist yet, or is empty.")],
    secret: Annotated[Path | None, typer.Option(help="File with the workspace's secret, if not in the backup.")] = None,
    new_secret: Annotated[
        bool, typer.Option("--new-secret", help="Go on without it: all keys and webhooks have to be made anew.")
    ] = False,
    database: Annotated[str | None, typer.Option(help="URL of an empty PostgreSQL database, if it was one.")] = None,
) -> None:
    """Make a workspace out of a backup, all of it checked, or nothing."""
    shown: Shown = context.obj
    made = restore(source, into, Wanted(secret, new_secret, database))
    _show(shown, made, into, "Restored")


def _watch(bar: Progress | None) -> Watch | None:
    if bar is None:
        return None
    task = bar.add_task("lake")
    return lambda done, total: bar.update(task, completed=done, total=total)


def _show(shown: Shown, made: Manifest, place: Path, verb: str) -> None:
    size = sum(each.bytes for each in made.files)
    at = format_instant(Instant(made.made_at))
    if shown.as_json:
        told = {"schema": made.schema, "database": made.database, "journal": made.journal, "in_lake": made.in_lake}
        shown.document({"place": str(place), "made_at": at, **told, "files": len(made.files), "bytes": size})
        return
    shown.say(
        f"{verb} {place}: {len(made.files)} files, {number(size)} bytes, as of {at}.",
        f"It holds all that was acknowledged up to entry {number(made.journal)} of the journal.",
    )
