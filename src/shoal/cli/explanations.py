"""An explanation as a tree for the terminal: each condition, what decides it, since when, until when, what turns it."""

from __future__ import annotations

from rich.markup import escape
from rich.tree import Tree

from shoal.core.time import format_instant
from shoal.segments.counterfactual.flip import Flip
from shoal.segments.explain import Explanation


def tree_of(found: Explanation) -> Tree:
    """The whole with its parts below it; of each condition the events that decide and what turns it."""
    tree = Tree(_line(found))
    _branch(tree, found)
    return tree


def least_words(found: Explanation) -> str:
    """One line: what it takes at the least for membership to turn."""
    turned = "end membership" if found.holds else "become a member"
    if found.least is None and found.why_none:
        return f"Least change to {turned}: none. Nothing turns {', and '.join(found.why_none)}."
    if found.least is None:
        return f"Least change to {turned}: none was found."
    return f"Least change to {turned}: {found.least.words()}{'' if found.least.tried else ' (not tried)'}."


def _branch(tree: Tree, found: Explanation) -> None:
    for event in found.events:
        tree.add(f"[dim]{escape(event.name)} on {format_instant(event.at)}[/dim]")
    if found.flip is not None:
        tree.add(f"[dim]turned by:[/dim] {escape(_turned_by(found.flip))}")
    for part in found.parts:
        _branch(tree.add(_line(part)), part)


def _turned_by(flip: Flip) -> str:
    return f"{flip.words} (not tried)" if flip.at is not None and not flip.tried else flip.words


def _line(found: Explanation) -> str:
    mark = "[green]yes[/green]" if found.holds else "[red]no [/red]"
    told = [f"{mark} {escape(found.sentence)}"]
    if found.value is not None:
        told.append(f"is {escape(found.value)}" + (f", needs {escape(found.needed)}" if found.needed else ""))
    if found.since is not None:
        told.append(f"since {format_instant(found.since)}")
    if found.changes_at is not None:
        told.append(f"changes by time alone on {format_instant(found.changes_at)}")
    return "; ".join(told)
