"""Commands about segments: segments, count, members, explain."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TextIO

import pyarrow as pa
import pyarrow.parquet as pq
import typer
from rich.progress import MofNCompleteColumn, Progress

from shoal.cli.explanations import least_words, tree_of
from shoal.cli.main import app, workspace_to_ask
from shoal.cli.show import Shown, console, number, printing, require_place
from shoal.core.errors import UserError
from shoal.core.failures import replacing
from shoal.core.spreadsheets import harmless
from shoal.core.time import NEWEST, Instant, format_instant, parse_instant
from shoal.core.time import AsOf as Asked
from shoal.segments.sentence import english
from shoal.workspace import Workspace

What = Annotated[str, typer.Argument(help="A segment's name, NAME@VERSION, a sentence, or @file.json or @file.yaml.")]
VersionAt = Annotated[
    str | None, typer.Option("--version-at", help="ISO 8601; as segments were defined then. Default: as they are now.")
]
AsOf = Annotated[str | None, typer.Option("--as-of", help="ISO 8601; what was true then. Default: now.")]
AsOfOrNewest = Annotated[
    str | None,
    typer.Option("--as-of", help="ISO 8601, or newest: the newest that the data knows of. Default: now."),
]


class Format(StrEnum):
    """How members are written."""

    csv = "csv"
    jsonl = "jsonl"
    parquet = "parquet"


class ReadingName(StrEnum):
    """Which reading answers: set at a time, step by step as facts arrive, or one person at a time (slow, the judge)."""

    sql = "sql"
    live = "live"
    oracle = "oracle"


@app.command()
def segments(context: typer.Context) -> None:
    """List the segments: the workspace's own and the starter library."""
    shown: Shown = context.obj
    workspace = Workspace.open(shown.home)
    found = workspace.segments()
    numbers = workspace.versions()
    if shown.as_json:
        shown.document(
            [
                {"name": each.name, "title": each.title, "when": english(each.when), "version": numbers.get(each.name)}
                for each in found.values()
            ]
        )
        return
    rows = [(each.name, numbers.get(each.name, ""), english(each.when)) for each in found.values()]
    shown.table("Segments", ("Name", "Version#", "Who"), rows)


@app.command()
def count(context: typer.Context, what: What, as_of: AsOfOrNewest = None, version_at: VersionAt = None) -> None:
    """Count the members exactly, in all and per condition."""
    shown: Shown = context.obj
    answer = workspace_to_ask(shown).answer(what, as_of=asked_as_of(as_of), version_at=instant_of(version_at))
    counts = answer.counts
    if shown.as_json:
        conditions = [
            {"place": each.place, "sentence": each.sentence, "own": each.own, "kept": each.kept}
            for each in counts.conditions
        ]
        document = {"count": counts.members, "of": counts.eligible, "as_of": format_instant(answer.as_of)}
        shown.document({**document, "sentence": english(answer.definition.node), "conditions": conditions})
        return
    share = counts.members / counts.eligible if counts.eligible else 0.0
    shown.say(
        f"{number(counts.members)} of {number(counts.eligible)} people ({share:.1%}) on {format_instant(answer.as_of)}"
    )
    rows = [(each.sentence, each.own, "" if each.kept is None else number(each.kept)) for each in counts.conditions]
    shown.table("", ("Condition", "True of#", "Left after it#"), rows)


@app.command()
def members(
    context: typer.Context,
    what: What,
    as_of: AsOfOrNewest = None,
    version_at: VersionAt = None,
    reading: Annotated[ReadingName, typer.Option(help="Who answers.")] = ReadingName.sql,
    mailable: Annotated[bool, typer.Option("--mailable", help="Only those who may be sent marketing mail.")] = False,
    form: Annotated[Format, typer.Option("--format", help="How they are written.")] = Format.jsonl,
    out: Annotated[Path | None, typer.Option(help="File to write; needed for Parquet.")] = None,
) -> None:
    """List the members: subscriber id, user id, an address that may be mailed where there is one, whether it may."""
    shown: Shown = context.obj
    if form is Format.parquet and out is None:
        raise UserError("no_file", "Parquet can't be printed.", fix="Name a file with --out.")
    require_place(out)
    with shown.progress(MofNCompleteColumn()) as bar:
        watch = _counting(bar) if bar and reading is ReadingName.oracle else None
        found = workspace_to_ask(shown).members(
            what,
            as_of=asked_as_of(as_of),
            version_at=instant_of(version_at),
            reading=reading.value,
            mailable=mailable,
            watch=watch,
        )
    _warn_of_unmailable(shown, found)
    if out is not None:
        with replacing(out) as place:
            _write_file(found, form, place)
    elif shown.as_json:
        shown.document(found.to_pylist())
    else:
        with printing():
            _write(found, form, sys.stdout)


def _warn_of_unmailable(shown: Shown, members: pa.Table) -> None:
    """Whoever takes the list elsewhere should know that not all of it may be mailed."""
    able = members["email_consent"].to_pylist().count("granted")
    if able < members.num_rows:
        shown.warn(
            f"{number(members.num_rows - able)} of {number(members.num_rows)} may not be sent marketing mail: "
            "email_consent says why, and --mailable leaves them out."
        )


@app.command()
def explain(
    context: typer.Context,
    person: Annotated[str, typer.Argument(help="E-mail address, user id or subscriber id.")],
    what: What,
    as_of: AsOfOrNewest = None,
    version_at: VersionAt = None,
) -> None:
    """Say why somebody is a member or not: each condition, what decides it, since when, until when, what turns it."""
    shown: Shown = context.obj
    workspace = workspace_to_ask(shown)
    found = workspace.explain(person, what, as_of=asked_as_of(as_of), version_at=instant_of(version_at))
    if shown.as_json:
        shown.document(found.as_data())
        return
    with printing():
        console().print(tree_of(found), highlight=False)
    shown.say(least_words(found))


def _counting(bar: Progress) -> Callable[[int, int], None]:
    """A watcher that shows how many people are judged."""
    task = bar.add_task("people", total=None)

    def watch(done: int, total: int) -> None:
        bar.update(task, completed=done, total=total)

    return watch


def instant_of(text: str | None) -> Instant | None:
    """The instant of an option, where it was given."""
    return None if text is None else parse_instant(text)


def asked_as_of(text: str | None) -> Asked:
    """The same, or `newest`."""
    return NEWEST if text == NEWEST else instant_of(text)


def _write_file(found: pa.Table, form: Format, place: Path) -> None:
    if form is Format.parquet:
        pq.write_table(found, place)
        return
    with place.open("w", newline="", encoding="utf-8") as file:
        _write(found, form, file)


def _write(found: pa.Table, form: Format, file: TextIO) -> None:
    if form is Format.csv:
        writer = csv.writer(file)
        writer.writerow(found.column_names)
        writer.writerows([harmless(cell or "") for cell in row.values()] for row in found.to_pylist())
        return
    for row in found.to_pylist():
        file.write(json.dumps(row, ensure_ascii=False) + "\n")
