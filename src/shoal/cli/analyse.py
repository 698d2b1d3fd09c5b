"""Commands that do the whole job: analyse, and demo on the reference shop."""

from __future__ import annotations

import shlex
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from shoal.cli.data import end_of, show_imports, show_left_out, watching
from shoal.cli.main import app
from shoal.cli.show import Shown, number, program, require_place
from shoal.core.failures import replacing
from shoal.core.time import NEWEST, UNITS_MS, Instant, format_instant, now, parse_instant
from shoal.flow.analysing import Analysis
from shoal.flow.defining import asked_at
from shoal.flow.importing import ImportRun
from shoal.ingest.events import ORDER_COMPLETED
from shoal.ingest.recognise import named_path
from shoal.measurement.audit import as_data
from shoal.measurement.report.model import SegmentSummary
from shoal.measurement.report.next_step import holds_nearly_all
from shoal.measurement.wording import ago, listing
from shoal.segments.operators.words import quoted
from shoal.shop import simulate, write_exports, write_truth
from shoal.workspace import Workspace

LACKING = 3
"""How many of the events and traits that the data lacks are named."""


@app.command()
def analyse(
    context: typer.Context,
    paths: Annotated[
        list[Path], typer.Argument(help="Files or folders of exports.", parser=named_path, metavar="PATHS...")
    ],
    report: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
    as_of: Annotated[
        str, typer.Option("--as-of", help="ISO 8601, or newest: the newest that the data knows of.")
    ] = NEWEST,
) -> None:
    """The whole job on your own files: import, audit, starter segments, one report."""
    shown: Shown = context.obj
    _analyse(shown, paths, report, as_of=as_of, title="Your list")


@app.command()
def demo(
    context: typer.Context,
    subscribers: Annotated[int, typer.Option(help="How many people.")] = 20_000,
    days: Annotated[int, typer.Option(help="How many days of history.")] = 180,
    seed: Annotated[int, typer.Option(help="The same seed builds the same shop.")] = 7,
    folder: Annotated[Path, typer.Option(help="Where the shop's export files go.")] = Path("demo"),
    report: Annotated[Path, typer.Option(help="The page to write.")] = Path("report.html"),
) -> None:
    """Build the reference shop's exports and analyse them."""
    shown: Shown = context.obj
    made = folder / f"shop-{subscribers}-{days}-{seed}"
    if made.exists():
        shown.say(f"The reference shop is in {made} already.")
    else:
        shown.say(f"Building the reference shop: {number(subscribers)} people, {days} days ...")
        _build(made, subscribers, days, seed)
        shown.say(f"Its export files are in {made}, the truth about its people in {made}.truth.parquet.")
    _analyse(shown, [made], report, as_of=NEWEST, title="The reference shop")


def _build(made: Path, subscribers: int, days: int, seed: int) -> None:
    """Write the files beside and rename, so that a folder under the final name is complete."""
    shop = simulate(subscribers, days, seed, until=Instant(now() // UNITS_MS["d"] * UNITS_MS["d"]))
    partial = made.with_name(f"{made.name}.partial")
    partial.mkdir(parents=True, exist_ok=True)
    write_exports(shop, partial)
    write_truth(shop, made.with_name(f"{made.name}.truth.parquet"))
    partial.rename(made)


def _analyse(shown: Shown, paths: list[Path], report: Path, *, as_of: str, title: str) -> None:
    require_place(report)
    if as_of != NEWEST:
        asked_at(parse_instant(as_of))  # a wrong one is told before the import
    start = time.monotonic()
    workspace = Workspace.create(shown.home)
    with shown.progress() as bar:
        done = workspace.import_files(paths, watch=watching(bar) if bar else None)
    imported = time.monotonic()
    new = any(not each.again for each in done)
    waiting = workspace.propose_duplicates().open if new else None
    found = workspace.analyse(as_of=as_of)
    with replacing(report) as place:
        place.write_text(found.html(title, done.not_imported), encoding="utf-8")
    if shown.as_json:
        shown.document(_document(done, found, report))
        end_of(done)
        return
    show_imports(shown, done)
    shown.say(f"Imported in {imported - start:.1f} s, analysed in {time.monotonic() - imported:.1f} s.")
    if waiting:
        shown.say(f"{number(waiting)} pairs of probable duplicates wait for review.")
    shown.say("")
    _show_segments(shown, found)
    audit = found.audit
    if audit.score is not None:
        worst = f"; worst: {listing(audit.worst_sources)}" if audit.worst_sources else ""
        shown.say(f"Data score {audit.score:.0f} of 100{worst}.")
    shown.say("", f"Report: {report.resolve()}", "", "What you can do next:", *_next(shown, found))
    show_left_out(shown, done.not_imported)
    end_of(done)


def _show_segments(shown: Shown, found: Analysis) -> None:
    rows = [(each.name, each.members, f"{each.share:.1%}", each.sentence) for each in found.segments if each.in_full]
    title = f"Segments on {format_instant(found.as_of)}"
    shown.table(title, ("Name", "People#", "Share#", "Who"), rows)
    more = [f"{each.name} {number(each.members)}" for each in found.segments if not each.in_full]
    if more:
        shown.say(f"Other starters: {', '.join(more)}.")
    if found.not_applicable:
        shown.say(_not_applicable(found.not_applicable))
    if found.overview.age is not None:
        told = "the newest that the data knows of" if found.is_newest else "as asked"
        shown.say(f"All of this is as of {format_instant(found.as_of)}, {ago(found.overview.age)}: {told}.")


def _not_applicable(lacking: Mapping[str, Sequence[str]]) -> str:
    """How many segments the data is too poor for, and what they ask for most often."""
    wanted = Counter(name for missing in lacking.values() for name in missing)
    often = listing([repr(name) for name, _ in wanted.most_common(LACKING)])
    told = "1 segment asks" if len(lacking) == 1 else f"{number(len(lacking))} segments ask"
    return f"{told} for what this data lacks, most often {often}: `{program()} starters` lists them."


def _next(shown: Shown, found: Analysis) -> tuple[str, ...]:
    at = NEWEST if found.is_newest else format_instant(found.as_of)
    shoal = program() if shown.home == Path(".shoal") else f"{program()} --home {shown.home}"
    events = [each.name for each in found.overview.names]
    steps = []
    if events:
        event = quoted(ORDER_COMPLETED if ORDER_COMPLETED in events else events[0])
        steps.append(f"count {shlex.quote(f'did {event} at least 2 times in the last 90 days')} --as-of {at}")
    telling = [each for each in found.segments if not holds_nearly_all(each)]
    best = max(telling, key=_mailable, default=None)
    if best is not None and best.members:
        steps.append(f"members {best.name} --as-of {at} --mailable --format csv")
    return tuple(f"  {shoal} {step}" for step in (*steps, "audit", "duplicates"))


def _mailable(segment: SegmentSummary) -> tuple[int, int]:
    """How many of a segment can be mailed, then how many it has."""
    return segment.reach.mailable if segment.reach else 0, segment.members


def _document(done: ImportRun, found: Analysis, report: Path) -> dict[str, Any]:
    return {
        "as_of": format_instant(found.as_of),
        "files": len(done),
        "rows": sum(each.line.rows_read for each in done),
        "not_imported": [each.as_data() for each in done.not_imported],
        "audit": as_data(found.audit),
        "segments": [
            {
                "name": each.name,
                "sentence": each.sentence,
                "members": each.members,
                "share": each.share,
                "version": each.version,
            }
            for each in found.segments
        ],
        "not_applicable": {name: list(missing) for name, missing in found.not_applicable.items()},
        "report": str(report),
    }
