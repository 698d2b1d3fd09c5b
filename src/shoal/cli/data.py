"""Commands about data: init, import, audit."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.markup import escape
from rich.progress import Progress, TaskID

from shoal.cli.main import app
from shoal.cli.show import Shown, console, number, require_place
from shoal.flow.home import create
from shoal.flow.importing import Imported, Watch
from shoal.flow.previewing import Preview
from shoal.ingest.sources import SOURCES
from shoal.measurement.audit import as_data
from shoal.measurement.audit.terminal import render
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
    paths: Annotated[list[Path], typer.Argument(help="Files or folders: CSV, JSONL, Parquet, each also .gz or .zip.")],
    source: Annotated[str | None, typer.Option(help="What the files are, where the header doesn't tell.")] = None,
    mapping: Annotated[Path | None, typer.Option("--map", help="A mapping file for any other table.")] = None,
    dry_run: Annotated[bool, typer.Option(help="Import nothing: show what ten rows would become.")] = False,
) -> None:
    """Import files; the same file again changes nothing."""
    shown: Shown = context.obj
    workspace = Workspace.open(shown.home)
    if dry_run:
        _show_previews(shown, workspace.preview(paths, source=source, mapping=mapping))
        return
    with shown.progress() as bar:
        done = workspace.import_files(paths, source=source, mapping=mapping, watch=watching(bar) if bar else None)
    show_imports(shown, done)


def show_imports(shown: Shown, done: tuple[Imported, ...]) -> None:
    """Show what became of every row of every file."""
    if shown.as_json:
        shown.document({"files": [_file(each) for each in done]})
        return
    columns = ("File", "Source", "Rows#", "Stored#", "Skipped#", "Rejected#", "Known#", "")
    rows = [
        (
            each.line.file,
            each.line.source,
            each.line.rows_read,
            each.line.rows_stored,
            each.line.rows_skipped,
            each.line.rows_rejected,
            each.line.duplicates,
            "imported before" if each.again else "",
        )
        for each in done
    ]
    shown.table("Imported", columns, rows)
    for each in done:
        for reason, count in sorted(each.line.reasons.items(), key=lambda pair: -pair[1]):
            shown.say(f"  {each.line.file}: {number(count)} rows {reason.replace('_', ' ')}")
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


def _show_previews(shown: Shown, previews: tuple[Preview, ...]) -> None:
    if shown.as_json:
        shown.document({"files": [asdict(each) for each in previews]})
        return
    for each in previews:
        if each.proposed is None:
            shown.say(f"{each.file} is read as {each.source}. Its first rows would become:")
        else:
            shown.say(
                f"No source knows {each.file}. A mapping to start from (save it, mend it, give it with --map):",
                "",
                escape(each.proposed),
                "With it the first rows would become:",
            )
        for row in each.rows:
            shown.say(f"  {escape(msgspec.json.encode(row).decode())}")


@app.command()
def audit(
    context: typer.Context,
    html: Annotated[Path | None, typer.Option(help="Write the audit as one self-contained page.")] = None,
) -> None:
    """Rate every source: completeness, accuracy, freshness; what to mend first."""
    shown: Shown = context.obj
    require_place(html)
    workspace = Workspace.open(shown.home)
    found = workspace.audit()
    if html is not None:
        workspace.write_audit(found, html)
    if shown.as_json:
        shown.document(as_data(found))
        return
    render(found, console())
    if html is not None:
        shown.say(f"The page is in {html}.")


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
