"""Commands about definitions as code: plan, apply, history, rollback, lint."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from shoal.cli.main import app, workspace_to_ask
from shoal.cli.segments import AsOf, AsOfOrNewest, asked_as_of, instant_of
from shoal.cli.show import Shown, actor, number
from shoal.core.errors import UserError
from shoal.core.time import format_instant
from shoal.flow.applying import Decision, expect
from shoal.flow.weighing import SegmentPlan
from shoal.segments.lint.finding import Finding
from shoal.segments.sentence import english
from shoal.segments.steps import Step
from shoal.segments.versions import Version
from shoal.workspace import Workspace

Folder = Annotated[Path | None, typer.Argument(metavar="[DIR]", help="Folder of YAML files. Default: the workspace's.")]

_WORDS = {
    "new": "new",
    "meaning": "meaning changed",
    "label": "label only",
    "deleted": "deleted",
    "unchanged": "unchanged",
}
_REFUSED = ("world_moved", "would_delete", "not_confirmed")
"""Codes of a check that failed, which end with status 1."""


@app.command()
def plan(context: typer.Context, folder: Folder = None, as_of: AsOf = None) -> None:
    """Show what applying segment files would change: definitions, who enters and leaves, overlaps, lint."""
    shown: Shown = context.obj
    found = workspace_to_ask(shown).plan(folder, as_of=instant_of(as_of))
    if shown.as_json:
        shown.document(_plan_document(found))
    else:
        _show_plan(shown, found)
        home = "" if shown.home == Path(".shoal") else f" --home {shown.home}"
        command = " ".join((f"shoal{home} apply", *([str(folder)] if folder else []), "--plan", found.decision.id))
        shown.say("", f"Apply it with: {command}" if found.decision.changes else "Nothing to apply.")
    if found.errors:
        raise typer.Exit(1)


@app.command()
def apply(
    context: typer.Context,
    folder: Folder = None,
    plan_id: Annotated[str | None, typer.Option("--plan", help="Apply only if this plan is still true.")] = None,
    delete: Annotated[bool, typer.Option("--delete", help="Delete segments that have no file any more.")] = False,
    as_of: AsOf = None,
) -> None:
    """Make segment files the current definitions: exactly what `plan` lists, all or nothing."""
    shown: Shown = context.obj
    with _refusal(shown):
        workspace = workspace_to_ask(shown)
        decision = workspace.decide(folder)
        if plan_id is not None:
            expect(decision, plan_id)
        asks = sys.stdin.isatty() and not shown.yes and bool(decision.changes)
        if asks:
            _ask(shown, workspace, decision, as_of)
        elif decision.deletions and not delete and plan_id is None:
            raise _would_delete(decision)
        made = workspace.apply(decision, actor=actor())
    _show_made(shown, made, decision.id)


@app.command()
def history(context: typer.Context, name: Annotated[str, typer.Argument(help="A segment's name.")]) -> None:
    """List the versions of a segment, the newest first."""
    shown: Shown = context.obj
    found = Workspace.open(shown.home).history(name)[::-1]
    if shown.as_json:
        shown.document([_version_document(each) for each in found])
        return
    rows = [
        (each.number, format_instant(each.at), each.actor, _what(each), each.sentence or "(deleted)") for each in found
    ]
    shown.table(f"Versions of {name}", ("Version#", "Applied", "By", "Change", "Who"), rows)


@app.command()
def rollback(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A segment's name.")],
    version: Annotated[int, typer.Argument(help="The version to bring back.")],
) -> None:
    """Make a new version of a segment that equals an earlier one."""
    shown: Shown = context.obj
    with _refusal(shown):
        made = Workspace.open(shown.home).rollback(name, version, actor=actor())
    _show_made(shown, made, None)
    shown.say("Its file, where there is one, is as it was: change it too, or the next plan takes this back.")


@app.command()
def lint(
    context: typer.Context,
    what: Annotated[
        str | None,
        typer.Argument(metavar="[DIR|NAME|SENTENCE]", help="What to look at. Default: the workspace's folder."),
    ] = None,
    as_of: AsOfOrNewest = None,
) -> None:
    """Look for what is likely wrong with segments: each finding with its place and what to do."""
    shown: Shown = context.obj
    found = workspace_to_ask(shown).lint(what, as_of=asked_as_of(as_of))
    if shown.as_json:
        shown.document({"findings": [each.as_data() for each in found], "errors": _errors(found)})
    elif not found:
        shown.say("Nothing found.")
    else:
        _show_findings(shown, found)
    if _errors(found):
        raise typer.Exit(1)


@contextmanager
def _refusal(shown: Shown) -> Iterator[None]:
    """End with status 1 where a check failed; wrong use keeps its 2."""
    try:
        yield
    except UserError as error:
        if error.code not in _REFUSED:
            raise
        (shown.error_as_json if shown.as_json else shown.error)(error)
        raise typer.Exit(1) from None


def _ask(shown: Shown, workspace: Workspace, decision: Decision, as_of: str | None) -> None:
    found = workspace.plan(decision.folder, as_of=instant_of(as_of))
    expect(found.decision, decision.id)
    _show_plan(shown, found)
    if not typer.confirm(f"Apply {_summary(decision.changes)}?", err=True):
        raise UserError("not_confirmed", "Nothing was applied.", fix="Answer y, or say --yes before the command.")


def _would_delete(decision: Decision) -> UserError:
    names = ", ".join(repr(step.name) for step in decision.deletions)
    fix = "Say --delete where that is meant, or name the plan that lists it with --plan."
    return UserError("would_delete", f"Without a file, {names} would be deleted.", fix=fix)


def _show_plan(shown: Shown, found: SegmentPlan) -> None:
    rows = []
    for step in found.decision.steps:
        moved = found.moved[step.name]
        rows.append((step.name, _WORDS[step.change], moved.before, moved.after, moved.enter, moved.leave, moved.stay))
    columns = ("Segment", "Change", "Now#", "After#", "Enter#", "Leave#", "Stay#")
    shown.say(f"Plan {found.decision.id}, counted as of {format_instant(found.as_of)}", "")
    if not shown.as_json:
        shown.table("", columns, rows)
    for step in found.decision.changes:
        shown.say("", f"{step.name}: {_WORDS[step.change]}", *_told(step), *_overlapping(found, step.name))
    if found.findings:
        shown.say("", "Lint")
        _show_findings(shown, found.findings)
    shown.say("", f"{_summary(found.decision.steps)}; {number(found.errors)} lint errors.")


def _told(step: Step) -> Iterator[str]:
    if step.diff():
        yield f"  {step.diff()}"
    if step.through:
        yield f"  because of {', '.join(step.through)}"
    if step.fields and step.before and step.after:
        yield f"  {', '.join(step.fields)} differ"


def _overlapping(found: SegmentPlan, name: str) -> Iterator[str]:
    shared = [f"{each.other} {number(each.shared)} ({each.share:.0%})" for each in found.overlaps.get(name, ())]
    if shared:
        yield f"  shares members with {', '.join(shared)}"


def _show_findings(shown: Shown, found: Iterable[Finding]) -> None:
    for each in found:
        place = f"{each.file}:{each.line}" if each.file else ""
        where = " ".join(part for part in (each.segment or "all segments", place, each.place) if part)
        shown.say(f"  {each.severity} {each.check}: {where}", f"    {each.message}", f"    Fix: {each.fix}")


def _summary(steps: Sequence[Step]) -> str:
    numbers: Counter[str] = Counter(step.change for step in steps)
    return ", ".join(f"{number(numbers[change])} {words}" for change, words in _WORDS.items() if numbers[change]) or (
        "no segments"
    )


def _show_made(shown: Shown, made: Sequence[Version], plan_id: str | None) -> None:
    if shown.as_json:
        shown.document({"plan": plan_id, "applied": [_version_document(each) for each in made]})
    elif not made:
        shown.say("Nothing to apply.")
    for each in made:
        shown.say(f"{each.name} is now version {each.number} ({_what(each)}).")


def _what(version: Version) -> str:
    back = f", as in version {version.restores}" if version.restores else ""
    return _WORDS[version.change] + back


def _version_document(version: Version) -> dict[str, Any]:
    return {
        "name": version.name,
        "version": version.number,
        "change": version.change,
        "sentence": version.sentence,
        "definition": json.loads(version.definition) if version.definition else None,
        "labels": json.loads(version.labels),
        "uses": dict(version.uses),
        "restores": version.restores,
        "by": version.actor,
        "at": format_instant(version.at),
    }


def _plan_document(found: SegmentPlan) -> dict[str, Any]:
    return {
        "plan": found.decision.id,
        "as_of": format_instant(found.as_of),
        "folder": str(found.decision.folder),
        "changes": len(found.decision.changes),
        "errors": found.errors,
        "segments": [_step_document(found, step) for step in found.decision.steps],
        "lint": [each.as_data() for each in found.findings],
    }


def _step_document(found: SegmentPlan, step: Step) -> dict[str, Any]:
    moved = found.moved[step.name]
    return {
        "name": step.name,
        "change": step.change,
        "version": {"before": step.before.number if step.before else None, "after": step.number},
        "sentence": {
            "before": step.before.sentence if step.before else None,
            "after": english(step.after.when) if step.after else None,
            "diff": step.diff(),
        },
        "fields": list(step.fields),
        "because_of": list(step.through),
        "members": {name: getattr(moved, name) for name in ("before", "after", "enter", "leave", "stay")},
        "overlaps": [
            {"segment": each.other, "members": each.shared, "share": each.share}
            for each in found.overlaps.get(step.name, ())
        ],
        "lint": [each.as_data() for each in found.findings if each.segment == step.name],
    }


def _errors(found: Iterable[Finding]) -> int:
    return sum(each.severity == "error" for each in found)
