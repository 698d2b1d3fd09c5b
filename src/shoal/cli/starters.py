"""Commands about the starter library: list it, read one, make one a file of your own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from shoal.cli.main import app
from shoal.cli.show import Shown
from shoal.core.errors import UserError
from shoal.segments.files import Segment, to_yaml
from shoal.segments.library import predicted, starter, starters, templates
from shoal.segments.segment_types import TYPES
from shoal.segments.sentence import english
from shoal.segments.templates import Template
from shoal.workspace import Workspace

library = typer.Typer(help="The starter library: segments to begin with, and templates to fill.")
app.add_typer(library, name="starters")

Name = Annotated[str, typer.Argument(help="A starter's name, as `shoal starters` lists it.")]
Set = Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, for each blank of a template.")]


@library.callback(invoke_without_command=True)
def listed(context: typer.Context) -> None:
    """List the starters by type."""
    if context.invoked_subcommand is not None:
        return
    shown: Shown = context.obj
    if shown.as_json:
        shown.document([*map(_segment, starters().values()), *map(_template, templates().values())])
        return
    for kind, title in TYPES.items():
        rows = [(each.name, english(each.when)) for each in starters().values() if each.type == kind]
        rows += [(each.name, each.when) for each in templates().values() if each.type == kind]
        shown.table(title, ("Name", "Who"), rows)
        shown.say("")
    shown.say("Those with {blanks} are templates: `shoal starters add NAME --set blank=value` fills them.")


@library.command()
def show(context: typer.Context, name: Name, values: Set = None) -> None:
    """Show a starter as the file that it would be; a template without values with its blanks."""
    shown: Shown = context.obj
    if name in templates() and not values:
        _show_template(shown, templates()[name])
        return
    segment = starter(name, _values(values))
    if shown.as_json:
        shown.document(_segment(segment))
    else:
        shown.say(to_yaml(segment).rstrip())


@library.command()
def add(
    context: typer.Context,
    name: Name,
    values: Set = None,
    rename: Annotated[str, typer.Option("--name", help="What it shall be called. Default: the starter's name.")] = "",
) -> None:
    """Write a starter into the workspace's segments folder, to be edited, planned and applied like any other."""
    shown: Shown = context.obj
    made, file = Workspace.open(shown.home).add_starter(name, _values(values), rename=rename)
    if shown.as_json:
        shown.document({"file": str(file), **_segment(made)})
        return
    shown.say(f"{made.name}: {english(made.when)}", f"Written to {file}. Edit it, then `shoal plan` and `shoal apply`.")


def _show_template(shown: Shown, template: Template) -> None:
    if shown.as_json:
        shown.document(_template(template))
        return
    rows = [(each.name, each.kind, each.what, each.example) for each in template.parameters]
    shown.say(template.title, template.when, "")
    shown.table("Blanks", ("Name", "Kind", "What to write", "Example"), rows)


def _values(given: Sequence[str] | None) -> dict[str, str]:
    """Pairs `name=value`; raises UserError `bad_value`."""
    found: dict[str, str] = {}
    for each in given or ():
        name, sign, value = each.partition("=")
        if not sign or name in found:
            what = "stands twice" if sign else "is no NAME=VALUE"
            raise UserError("bad_value", f"--set {name!r} {what}.", where="--set", fix="Write: --set category=Shoes")
        found[name] = value
    return found


def _segment(segment: Segment) -> dict[str, Any]:
    return {
        "name": segment.name,
        "title": segment.title,
        "type": segment.type,
        "when": english(segment.when),
        "needs_predictions": list(predicted(segment.when)),
        "parameters": [],
    }


def _template(template: Template) -> dict[str, Any]:
    parameters = [{"name": each.name, "kind": each.kind, "what": each.what} for each in template.parameters]
    needed = list(predicted(template.example().when))
    said = {"name": template.name, "title": template.title, "type": template.type, "when": template.when}
    return {**said, "needs_predictions": needed, "parameters": parameters}
