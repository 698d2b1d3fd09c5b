"""Commands about data: init, import, sources."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import Progress, TaskID

from shoal.cli.left_out import left_out
from shoal.cli.main import app
from shoal.cli.previews import preview
from shoal.cli.show import Shown, number
from shoal.flow.home import create
from shoal.flow.importing import Imported, ImportRun, Watch
from shoal.flow.planning import NotImported
from shoal.ingest.recognise import named_path
from shoal.ingest.sources import SOURCES
from shoal.workspace import Workspace


@app.command()
def init(context: typer.Context) -> None:
    """Create a workspace."""
    shown: Shown = context.obj
    made = create(shown.home)
    if shown.as_json:
        shown.document({"home": str(shown.home), "created": made})
    elif made:
        shown.say(
            f"Created a workspace in {shown.home}.",
            "Next: `shoal import PATH`, or `shoal analyse PATH` for the whole job.",
        )
    else:
        shown.say(f"There is a workspace in {shown.home} already; nothing was changed.")


@app.command("import")
def import_(
    context: typer.Context,
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Files or folders: CSV, JSONL, Parquet, each also .gz or .zip.", parser=named_path, metavar="PATHS..."
        ),
    ],
    source: Annotated[str | None, typer.Option(help="What the files are, where the header doesn't tell.")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help="A mapping file for any other table.")] = None,
    account: Annotated[str | None, typer.Option(help="Which of several shops: keeps its ids apart.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Import nothing: show what ten rows would become.")] = False,
) -> None:
    """Import files; the same file again changes nothing.

    Of a folder, files that can't be read are left out and listed; the exit status is then 1 where they may hold rows.
    """
    shown: Shown = context.obj
    if dry_run:
        preview(shown, paths, source=source, mapping=mapping, account=account)
        return
    workspace = Workspace.open(shown.home)
    with shown.progress() as bar:
        watch = watching(bar) if bar else None
        done = workspace.import_files(paths, source=source, mapping=mapping, account=account, watch=watch)
    if shown.as_json:
        left_out = [each.as_data() for each in done.not_imported]
        shown.document({"files": [_file(each) for each in done], "not_imported": left_out})
    else:
        show_imports(shown, done)
        show_left_out(shown, done.not_imported)
    end_of(done)


def end_of(done: ImportRun) -> None:
    """End with status 1 where files were left out that may hold rows."""
    if any(each.holds_data for each in done.not_imported):
        raise typer.Exit(1)


def show_left_out(shown: Shown, files: Sequence[NotImported]) -> None:
    """List the files that were not imported: those that may hold rows with reason and fix, the others by name."""
    shown.say(*left_out(files))


def show_imports(shown: Shown, done: Iterable[Imported]) -> None:
    """Show what became of every row of every file."""
    columns = ("File", "Source", "Rows#", "Stored#", "Skipped#", "Rejected#", "Records#", "Known before#", "")
    rows = [
        (
            each.line.file,
            each.line.source,
            each.line.rows_read,
            each.line.rows_stored,
            each.line.rows_skipped,
            each.line.rows_rejected,
            each.line.records,
            each.line.duplicates,
            "imported before" if each.again else "",
        )
        for each in done
    ]
    shown.table("Imported", columns, rows)
    if any(each.line.duplicates for each in done):
        shown.say("  A stored row gives one record or several; 'known before' counts records that changed nothing.")
    for each in done:
        for reason, count in sorted(each.line.reasons.items(), key=lambda pair: -pair[1]):
            shown.say(f"  {each.line.file}: {number(count)} rows {reason.replace('_', ' ')}")
        if not each.line.rows_read:
            shown.say(f"  {each.line.file}: it has no rows, only the names of its columns")
        for warning in each.line.warnings:
            shown.say(f"  {each.line.file}: {warning}")
        if each.rejects:
            shown.say(f"  Refused rows with line and reason: {each.rejects}")


@app.command()
def sources(context: typer.Context) -> None:
    """List the sources whose files are recognised; their names are what --source takes."""
    shown: Shown = context.obj
    if shown.as_json:
        shown.document([{"name": each.name, "title": each.title} for each in SOURCES])
        return
    shown.table("Sources", ("Name", "What"), [(each.name, each.title) for each in SOURCES])


def watching(bar: Progress) -> Watch:
    """A watcher that moves a progress bar, one line a file."""
    tasks: dict[str, TaskID] = {}

    def watch(file: str, position: int, size: int) -> None:
        if file not in tasks:
            tasks[file] = bar.add_task(file, total=size)
        bar.update(tasks[file], completed=position)

    return watch


def _file(each: Imported) -> dict[str, Any]:
    line = each.line
    return {
        "file": line.file,
        "source": line.source,
        "again": each.again,
        "rows": {
            "read": line.rows_read,
            "stored": line.rows_stored,
            "skipped": line.rows_skipped,
            "rejected": line.rows_rejected,
        },
        "records": line.records,
        "duplicates": line.duplicates,
        "reasons": dict(line.reasons),
        "warnings": list(line.warnings),
        "rejects": str(each.rejects) if each.rejects else None,
    }
