"""Commands that keep the record safe: backup, restore, rebuild."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress

from shoal.cli.main import app
from shoal.cli.show import Shown, number
from shoal.core.time import Instant, format_instant
from shoal.flow.backing_up import Watch, back_up
from shoal.flow.backup_form import Manifest
from shoal.flow.home import open_home
from shoal.flow.rebuilding import Rebuilt, rebuild
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


@app.command("rebuild")
def rebuild_(
    context: typer.Context,
    from_journal: Annotated[
        bool, typer.Option("--from-journal", help="Set damaged lake files aside, and bring back what the journal has.")
    ] = False,
) -> None:
    """Throw away all that is derived and compute it again; exit status 1 when records could not be brought back."""
    shown: Shown = context.obj
    opened = open_home(shown.home)
    try:
        done = rebuild(opened, from_journal=from_journal)
    finally:
        opened.database.close()
    if shown.as_json:
        shown.document(_rebuilt(done))
    else:
        _show_rebuilt(shown, done)
    if done.salvaged is not None and done.salvaged.lost:
        raise typer.Exit(1)


def _show_rebuilt(shown: Shown, done: Rebuilt) -> None:
    shown.say(f"Rebuilt: {number(done.subscribers)} subscribers, {number(done.names)} names.")
    if done.salvaged is None:
        return
    if not done.salvaged.damaged:
        shown.say("No file of the lake is damaged.")
        return
    columns = ("File", "Rows#", "From", "To")
    rows = [(file.path, file.rows, *map(format_instant, (file.min_at, file.max_at))) for file in done.salvaged.damaged]
    shown.table("Damaged", columns, rows)
    shown.say(f"They are set aside in {done.salvaged.set_aside}.")
    for table, count in done.salvaged.recovered.items():
        shown.say(f"  {table}: {number(count)} rows were brought back from the journal")
    for table, count in done.salvaged.lost.items():
        shown.say(f"  {table}: {number(count)} rows at most could not be rebuilt, as the journal no longer has them")


def _rebuilt(done: Rebuilt) -> dict[str, Any]:
    told: dict[str, Any] = {"subscribers": done.subscribers, "names": done.names}
    if done.salvaged is not None:
        told |= {
            "damaged": [
                {
                    "file": each.path,
                    "rows": each.rows,
                    "from": format_instant(each.min_at),
                    "to": format_instant(each.max_at),
                }
                for each in done.salvaged.damaged
            ],
            "set_aside": str(done.salvaged.set_aside) if done.salvaged.set_aside else None,
            "recovered": done.salvaged.recovered,
            "lost": done.salvaged.lost,
        }
    return told


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
